import json
import sys
import threading
import urllib.error
import urllib.request

import pytest
from shop.stock import Stock
from shop.web import serve


@pytest.fixture(scope="module")
def address():
    stock = Stock(":memory:")
    stock.put("apple", 120, 1)
    server = serve(stock)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()
    stock.close()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv("no_proxy", "*")


def test_price(address):
    with urllib.request.urlopen(f"{address}/apple") as answer:
        assert json.load(answer) == {"price": 120}


def test_unknown_goods(address):
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(f"{address}/unicorn")
    assert caught.value.code == 404


@pytest.mark.skipif(sys.platform != "win32", reason="only Windows has services")
def test_as_a_service():
    raise AssertionError("there is no service yet")
