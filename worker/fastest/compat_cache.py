"""compat.py's part about the cache provider: its folder, known before pytest_configure."""

from __future__ import annotations

from pathlib import Path

import pytest
from _pytest.cacheprovider import Cache


def folder(config: pytest.Config) -> Path | None:
    """Where the cache lies; None under `-p no:cacheprovider`."""
    if not config.pluginmanager.has_plugin("cacheprovider"):
        return None
    return Cache.cache_dir_from_config(config, _ispytest=True)


def clear_if_asked(config: pytest.Config) -> None:
    """What --cache-clear does at pytest_configure: the run does it once, before there are workers."""
    cache = folder(config)
    if cache is not None and config.getoption("cacheclear") and cache.is_dir():
        Cache.clear_cache(cache, _ispytest=True)


def header_lines(config: pytest.Config) -> list[str]:
    cache = folder(config)
    if cache is None or not (config.getoption("verbose", 0) > 0 or config.getini("cache_dir") != ".pytest_cache"):
        return []
    shown = cache.relative_to(config.rootpath) if cache.is_relative_to(config.rootpath) else cache
    return [f"cachedir: {shown}"]
