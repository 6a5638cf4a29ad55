"""Plugins whose hooks round an item do nothing for most items, and how to tell for one: nobody calls them then.

hypothesis, which many projects have, is one: it wants only functions that its decorators have been at, and leaves a mark
on each of these.
"""

from __future__ import annotations

import sys
from types import FunctionType

import pytest

_HYPOTHESIS = "_hypothesis_pytestplugin"
_MARK = "hypothesis"  # In the name of each attribute that it gives to functions and items.


def are_loaded() -> bool:
    return _HYPOTHESIS in sys.modules


def may_be_idle(impl: object) -> bool:
    """Whether a hook is one of such a plugin."""
    return getattr(impl.plugin, "__name__", None) == _HYPOTHESIS


def are_idle_for(item: pytest.Item) -> bool:
    """Whether all of them do nothing for this item."""
    core = sys.modules.get("hypothesis.core")
    if core is not None and not getattr(core, "running_under_pytest", False):
        return False  # Its hook tells it so.
    function = getattr(item.obj, "__func__", item.obj)
    return type(function) is FunctionType and not any(_MARK in name for names in (vars(function), vars(item)) for name in names)
