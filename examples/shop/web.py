"""The stock over HTTP: ``GET /NAME`` answers with a price."""

import http.server
import json


def handler(stock):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            try:
                body, status = {"price": stock.price(self.path.strip("/"))}, 200
            except KeyError as missing:
                body, status = {"error": f"no {missing}"}, 404
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *words):
            pass

    return Handler


def serve(stock):
    return http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler(stock))
