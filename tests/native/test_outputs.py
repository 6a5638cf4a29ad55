"""The extension's look at descriptors 1 and 2: whether they are the given files, and empty."""

import os
import subprocess
import sys

import pytest

from fastest import extension

CODE = """
import os, sys, tempfile
sys.path.insert(0, sys.argv[1])
from fastest import extension
out, err, other = (tempfile.TemporaryFile(buffering=0) for _ in range(3))
inodes = tuple(os.fstat(file.fileno()).st_ino for file in (out, err))
kept = os.dup(2)
os.dup2(out.fileno(), 1), os.dup2(err.fileno(), 2)
are_empty = extension.load().are_empty
def check(wanted):
    if are_empty(*inodes) is not wanted:
        os.write(kept, b"not as expected"); os._exit(1)
check(True)
os.write(1, b"x"); check(False)
out.truncate(0); check(True)
os.write(2, b"x"); check(False)
err.truncate(0); check(True)
with open("/proc/self/fd/1", "w") as through: through.write("y")  # Another open file: the offset of 1 stays.
check(False)
out.truncate(0)
os.dup2(other.fileno(), 1); check(False)
os.dup2(out.fileno(), 1); check(True)
os.close(2); check(False)
"""


@pytest.mark.skipif(extension.load() is None, reason="fastest_native is not built (no Python headers)")
def test_output_is_seen_however_it_was_written():
    worker = os.path.dirname(os.path.dirname(extension.__file__))
    done = subprocess.run([sys.executable, "-c", CODE, worker], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
