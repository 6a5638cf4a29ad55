"""pluggy's private list of which plugin came from which installed distribution (see compat.py)."""

from __future__ import annotations

import importlib.metadata

import pytest


def claim_distribution(manager: pytest.PytestPluginManager, plugin: object, name: str) -> None:
    """Lists `plugin` as loaded from an installed distribution, as pluggy does for entry points."""
    distribution = importlib.metadata.distribution(name)
    if not hasattr(manager, "list_plugin_distributions"):  # Before pluggy 1.7.
        from pluggy._manager import DistFacade

        distribution = DistFacade(distribution)
    manager._plugin_distinfo.append((plugin, distribution))
