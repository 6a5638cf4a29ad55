"""What xdist lets plugins send between controller and workers (workerinput, workeroutput), in JSON.

Beyond JSON's own: bytes, tuples, sets and dictionaries whose keys are no strings, each as an object with one key that
begins with "$". Anything else becomes its str().
"""

from __future__ import annotations

import base64
from typing import Any


def to_wire(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (bytes, bytearray)):
        return {"$bytes": base64.b64encode(value).decode("ascii")}
    if isinstance(value, list):
        return [to_wire(each) for each in value]
    if isinstance(value, tuple):
        return {"$tuple": [to_wire(each) for each in value]}
    if isinstance(value, (set, frozenset)):
        return {"$set": [to_wire(each) for each in value]}
    if isinstance(value, dict):
        if all(isinstance(key, str) and not key.startswith("$") for key in value):
            return {key: to_wire(each) for key, each in value.items()}
        return {"$dict": [[to_wire(key), to_wire(each)] for key, each in value.items()]}
    return str(value)


def from_wire(value: Any) -> Any:
    if isinstance(value, list):
        return [from_wire(each) for each in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((tag, content),) = value.items()
        if tag == "$bytes":
            return base64.b64decode(content)
        if tag == "$tuple":
            return tuple(from_wire(each) for each in content)
        if tag == "$set":
            return {from_wire(each) for each in content}
        if tag == "$dict":
            return {from_wire(key): from_wire(each) for key, each in content}
    return {key: from_wire(each) for key, each in value.items()}
