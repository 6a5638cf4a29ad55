"""kubernetes-validate and a YAML reader, from build/kubernetes: an environment of their own, pinned by requirements.txt.

What it checks is checked offline: the schemas are part of the package.
"""

from __future__ import annotations

import fcntl
import json
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / "build" / "kubernetes"
REQUIREMENTS = Path(__file__).with_name("requirements.txt")
VERSIONS = ("1.31", "1.33")
_LOAD = "import json, sys, yaml; print(json.dumps([d for d in yaml.safe_load_all(sys.stdin)]))"


@lru_cache(maxsize=None)
def python() -> str:
    """The environment's interpreter; made if it is not there or is another's."""
    found, stamp = TOOLS / "bin" / "python", TOOLS / "requirements.txt"
    TOOLS.parent.mkdir(exist_ok=True)
    with TOOLS.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # Tests run in several processes.
        if not stamp.exists() or stamp.read_bytes() != REQUIREMENTS.read_bytes():
            subprocess.run([sys.executable, "-m", "venv", "--clear", TOOLS], check=True)
            pip = [found, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
            subprocess.run([*pip, "--require-hashes", "--only-binary", ":all:", "-r", REQUIREMENTS], check=True)
            stamp.write_bytes(REQUIREMENTS.read_bytes())
    return str(found)


def load(text: str) -> list[dict]:
    """The documents of a YAML stream."""
    done = subprocess.run([python(), "-c", _LOAD], input=text, text=True, capture_output=True, check=True)
    return json.loads(done.stdout)


def complaints(paths: list[Path], version: str) -> str:
    """What a Kubernetes of that version would say against the files; nothing if they are good."""
    command = [python(), "-m", "kubernetes_validate", "--strict", "--quiet", "--kubernetes-version", version, *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stdout + done.stderr or f"exit {done.returncode}"
