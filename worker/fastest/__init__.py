"""The Python side of fastest: hosts the user's own pytest at the end of the worker wire (docs/protocol.md)."""
