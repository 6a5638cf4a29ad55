"""From the first frame to the process's end: what `__main__.py` calls."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, Any

from fastest import compat, identity, process, sharing
from fastest.parsing_ahead import ParsingAhead
from fastest.xdist_shim import make_shim
from fastest.zygote import Zygote

if TYPE_CHECKING:
    from fastest.warm import WarmProcess


def main(warm: WarmProcess | None = None) -> None:
    """`warm`: this is its fork, and is to parse what its runs have in common."""
    if warm is not None:
        setup = warm.setup
        zygote = Zygote(None, setup, -1)
    else:
        frames, setup, life_pipe = process.meet_agent()
        if setup.get("role") == "controller":
            from fastest import controller

            controller.play(frames, setup)
        sharing.heed(setup)
        zygote = Zygote(frames, setup, life_pipe)
    process.look_like_pytest(setup["argv"])
    identity.apply_before_loading(setup)
    zygote.errors.catch()
    process.leave(run(zygote, setup, ParsingAhead(warm, zygote) if warm is not None else None))


def run(zygote: Zygote, setup: dict[str, Any], ahead: ParsingAhead | None) -> int:
    plugins = [plugin for plugin in (make_shim(setup), zygote.errors, zygote, ahead) if plugin is not None]
    try:
        status = compat.run_main(list(setup["argv"]), plugins)
    except SystemExit as error:
        status = error.code if isinstance(error.code, int) else 1
        zygote.errors.explain(traceback.format_exc())
    except BaseException:
        status = 1
        zygote.errors.explain(traceback.format_exc())
    return zygote.end(status)
