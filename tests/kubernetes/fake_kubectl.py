#!/usr/bin/env python3
"""A kubectl that plays a cluster from $FAKE_CLUSTER/script.json, and writes down how it was called.

script.json: {"create": TEXT, "get": [[OBJECT…]…], "logs": {POD: [[TEXT, EXIT]…]}}; `create` is an error's text or "";
of lists the last entry is given again and again; a log that is null never ends.
"""

import json
import os
import signal
import sys
from pathlib import Path

CLUSTER = Path(os.environ["FAKE_CLUSTER"])


def main() -> int:
    script = json.loads((CLUSTER / "script.json").read_text())
    words = [word for word in sys.argv[1:] if not word.startswith(("--context=", "--namespace="))]
    with open(CLUSTER / "calls.jsonl", "a+") as calls:
        calls.seek(0)
        before = [call["words"] for call in map(json.loads, calls)]
        call = {"words": words, "all": sys.argv[1:]}
        if words[0] == "create":
            call["input"] = sys.stdin.read()
        calls.write(json.dumps(call) + "\n")

    def next_of(answers: list):
        return answers[min(sum(other == words for other in before), len(answers) - 1)]

    if words[0] == "create" and script.get("create"):
        print(script["create"], file=sys.stderr)
        return 1
    if words[0] == "get":
        answer = next_of(script["get"])
        if isinstance(answer, str):
            print(answer, file=sys.stderr)
            return 1
        print(json.dumps({"kind": "List", "items": answer}))
    if words[0] == "logs":
        answer = next_of(script["logs"][words[-1]])
        if answer is None:
            print("it began", flush=True)
            signal.alarm(60)
            signal.pause()
        sys.stdout.write(answer[0])
        sys.stdout.flush()
        return answer[1]
    return 0


if __name__ == "__main__":
    sys.exit(main())
