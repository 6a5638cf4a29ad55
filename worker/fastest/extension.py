"""The extension module (worker/native): where it is, and whether this interpreter can load it."""

from __future__ import annotations

import functools
import importlib.machinery
import importlib.util
import os
import sys
from types import ModuleType

_NAME = "fastest_native"
_HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_PLACES = (_HERE, os.path.join(os.path.dirname(_HERE), "build"))  # Installed, and in a checkout.


@functools.lru_cache(maxsize=None)
def load() -> ModuleType | None:
    """The extension, where it was built and this interpreter can load it."""
    suffix = ".abi3.so"  # Not among the suffixes of a free-threaded build or of PyPy.
    if sys.version_info < (3, 9) or suffix not in importlib.machinery.EXTENSION_SUFFIXES:
        return None
    for folder in _PLACES:
        path = os.path.join(folder, _NAME + suffix)
        spec = importlib.util.spec_from_file_location(_NAME, path, loader=importlib.machinery.ExtensionFileLoader(_NAME, path))
        try:
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
        except ImportError:
            continue
        return module
    return None
