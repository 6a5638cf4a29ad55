"""From the first frame to the process's end: what `__main__.py` calls."""

from __future__ import annotations

import traceback
from typing import Any

from fastest import compat, identity, process, sharing, wire
from fastest.wire import Frames
from fastest.xdist_shim import make_shim
from fastest.zygote import Zygote

AGENT_SOCKET, LIFE_PIPE = 3, 4


def main() -> None:
    process.die_with_agent(LIFE_PIPE)
    life_pipe = process.out_of_the_way(LIFE_PIPE)
    frames = Frames(process.socket_of(AGENT_SOCKET))
    frame = frames.read()
    if frame is None:
        process.leave(0)
    kind, setup = frame
    if kind != wire.SETUP:
        raise wire.WireError(f"SETUP comes first, not a frame of kind {kind}")
    if setup.get("role") == "controller":
        from fastest import controller

        controller.play(frames, setup)
    sharing.is_wanted = setup.get("n", 0) > 1
    zygote = Zygote(frames, setup, life_pipe)
    process.look_like_pytest(setup["argv"])
    identity.apply_before_loading(setup)
    zygote.errors.catch()
    process.leave(run(zygote, setup))


def run(zygote: Zygote, setup: dict[str, Any]) -> int:
    plugins = [plugin for plugin in (make_shim(setup), zygote.errors, zygote) if plugin is not None]
    try:
        status = compat.run_main(list(setup["argv"]), plugins)
    except SystemExit as error:
        status = error.code if isinstance(error.code, int) else 1
        zygote.errors.explain(traceback.format_exc())
    except BaseException:
        status = 1
        zygote.errors.explain(traceback.format_exc())
    return zygote.end(status)
