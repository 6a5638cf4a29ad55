"""xdist's "nodes" as its controller's plugins know them: one object a worker, with the members that plugins use."""

from __future__ import annotations

import os
import platform
import sys
from types import SimpleNamespace
from typing import Any

import pytest


class Spec:
    """execnet's specification of a local worker: whatever is not set is None."""

    def __init__(self, worker_id: str) -> None:
        self.id = worker_id
        self.popen = True
        self.execmodel = "main_thread_only"

    def __getattr__(self, name: str) -> None:
        if name.startswith("_"):
            raise AttributeError(name)

    def __str__(self) -> str:
        return "popen"


class Gateway:
    def __init__(self, worker_id: str) -> None:
        self.id = worker_id
        self.spec = Spec(worker_id)

    def __repr__(self) -> str:
        return f"<Gateway id={self.id!r}>"

    def _rinfo(self, update: bool = False) -> SimpleNamespace:
        return SimpleNamespace(
            executable=sys.executable,
            version_info=tuple(sys.version_info),
            platform=sys.platform,
            cwd=os.getcwd(),
            pid=os.getpid(),
        )


class Node:
    """What plugins get as `node`, and as `report.node`. `workeroutput` is there once the worker has ended in order."""

    def __init__(self, crew: Crew, worker_id: str) -> None:
        self.nodemanager = crew
        self.config = crew.config
        self.gateway = Gateway(worker_id)
        self.workerinput: dict[str, Any] = {
            "workerid": worker_id,
            "workercount": len(crew.specs),
            "testrunuid": crew.testrunuid,
            "mainargv": sys.argv,
        }
        self.is_up = False

    def __repr__(self) -> str:
        return f"<WorkerController {self.gateway.id}>"

    @property
    def workerinfo(self) -> dict[str, Any]:
        info = self.gateway._rinfo()
        return {
            "version": platform.python_version(),
            "version_info": info.version_info,
            "sysplatform": info.platform,
            "platform": platform.platform(),
            "executable": info.executable,
            "cwd": info.cwd,
            "id": self.gateway.id,
            "spec": self.gateway.spec,
        }

    @property
    def shutting_down(self) -> bool:
        return not self.is_up


class Crew:
    """All nodes of the run; plays xdist's node manager."""

    def __init__(self, config: pytest.Config, count: int, testrunuid: str) -> None:
        self.config = config
        self.testrunuid = testrunuid
        self.roots: list[str] = []  # Nothing is copied to another place.
        self.specs = [Spec(f"gw{number}") for number in range(count)]
        self._nodes: dict[str, Node] = {}

    def set_up(self) -> None:
        """As xdist at session start: each node is configured before its worker starts."""
        hook = self.config.hook
        hook.pytest_xdist_setupnodes(config=self.config, specs=self.specs)
        for spec in self.specs:
            node = self._nodes[spec.id] = Node(self, spec.id)
            hook.pytest_xdist_newgateway(gateway=node.gateway)
            hook.pytest_configure_node(node=node)

    def inputs(self) -> dict[str, dict[str, Any]]:
        return {name: node.workerinput for name, node in self._nodes.items()}

    def node(self, worker_id: str) -> Node:
        """The node; one that nobody has configured where an agent brought more workers than were expected."""
        if worker_id not in self._nodes:
            self._nodes[worker_id] = Node(self, worker_id)
        return self._nodes[worker_id]

    def up(self, worker_id: str) -> None:
        node = self.node(worker_id)
        if hasattr(node, "workeroutput"):  # The worker was started again: a new node with the same input.
            renewed = self._nodes[worker_id] = Node(self, worker_id)
            renewed.workerinput = node.workerinput
            node = renewed
        node.is_up = True
        self.config.hook.pytest_testnodeready(node=node)

    def down(self, worker_id: str, output: dict[str, Any] | None, error: object) -> None:
        node = self.node(worker_id)
        if output is not None:
            node.workeroutput = output
        node.is_up = False
        self.config.hook.pytest_testnodedown(node=node, error=error)

    def all_have_collected(self, ids: list[str]) -> None:
        """xdist's workers each collect everything; ours together."""
        for node in self._nodes.values():
            self.config.hook.pytest_xdist_node_collection_finished(node=node, ids=ids)

    def lose_the_rest(self) -> None:
        """At the end: nodes whose worker has never said goodbye."""
        for name, node in list(self._nodes.items()):
            if node.is_up:
                self.down(name, None, "Not properly terminated")
