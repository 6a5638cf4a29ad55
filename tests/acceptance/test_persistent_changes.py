"""--persistent-workers: whatever changes between two runs, the second is never green for what was there before."""

import os
import shutil
import sys

import pytest
from running import STAND_IN
from warm import WarmProject, how, was_warm

pytestmark = pytest.mark.skipif(bool(STAND_IN), reason="what is promised here is ours")

PROJECT = {
    "pytest.ini": "[pytest]\n",
    "data.json": "1\n",
    "helper.py": "FACTOR = 1\n",
    "conftest.py": """
    import json, os, pathlib, pytest
    import helper
    DATA = json.loads(pathlib.Path(__file__).with_name("data.json").read_text())
    FLAVOUR = os.environ.get("FLAVOUR", "plain")
    @pytest.fixture
    def value():
        return DATA * helper.FACTOR
    @pytest.fixture
    def flavour():
        return FLAVOUR
    """,
    "test_it.py": """
    import plugfile
    def test_value(value):
        assert value == 1
    def test_flavour(flavour):
        assert flavour == "plain"
    def test_plugin(plugged):
        assert plugged == 1
    """,
    "sub/test_sub.py": "def test_sub(value):\n    assert value == 1\n",
}
# An installed plugin, in what Python takes for the user's site-packages; it reads a file when it is imported.
SITE = f"user/lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"
PLUGIN = {
    "plugfile.py": """
    import pathlib, pytest
    VALUE = int(pathlib.Path(__file__).with_name("plugfile.txt").read_text())
    @pytest.fixture
    def plugged():
        return VALUE
    """,
    "plugfile.txt": "1\n",
    "plugfile-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: plugfile\nVersion: 1.0\n",
    "plugfile-1.0.dist-info/entry_points.txt": "[pytest11]\nplugfile = plugfile\n",
    "plugfile-1.0.dist-info/RECORD": "plugfile.py,,\n",
}
BAD = "import pytest\n@pytest.fixture(autouse=True)\ndef breaks():\n    assert 0, 'it is new'\n"


def with_plugin(base, plugin=PLUGIN, files=PROJECT):
    files = {**files, **{f"../{SITE}/{name}": text for name, text in plugin.items()}}
    return WarmProject(base, files, {"PYTHONUSERBASE": str(base / "user"), "PYTHONPATH": str(base / SITE)})


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    project = with_plugin(tmp_path_factory.mktemp("shared"))
    project.warm_up("-n", "2")
    yield project
    project.end()


def edit(name, old, new):
    def change(project):
        path = project.root / name
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))
        return lambda: path.write_text(text)

    return change


def same_time(name, text):
    """As long as before, and with its old time of change: what only looks at that sees nothing."""

    def change(project):
        path = project.root / name
        before, status = path.read_text(), path.stat()
        path.write_text(text)
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
        return lambda: path.write_text(before)

    return change


def add(name, text):
    def change(project):
        path = project.root / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return path.unlink

    return change


def remove(name):
    def change(project):
        path = project.root / name
        text = path.read_text()
        path.unlink()
        return lambda: path.write_text(text)

    return change


CHANGES = {
    "a test file": edit("test_it.py", "value == 1", "value == 2"),
    "an imported module": edit("helper.py", "FACTOR = 1", "FACTOR = 2"),
    "a file read at import": edit("data.json", "1", "2"),
    "a file read at import, its time of change kept": same_time("data.json", "2\n"),
    "a new conftest": add("sub/conftest.py", BAD),
    "a removed conftest": remove("conftest.py"),
    "a new module in front of another": add("plugfile.py", "raise SystemExit('in front')\n"),
    "a new test file": add("test_new.py", "def test_new():\n    assert 0\n"),
    "pytest.ini": edit("pytest.ini", "[pytest]\n", "[pytest]\npython_functions = check_*\n"),
    "another configuration file": add("pytest.toml", "[pytest]\npython_functions = ['check_*']\n"),
    "a new sitecustomize": add(f"../{SITE}/sitecustomize.py", "import os\nos.environ['FLAVOUR'] = 'odd'\n"),
    "an installed plugin": edit(f"../{SITE}/plugfile.py", "return VALUE", "return VALUE + 1"),
    "what an installed plugin read": edit(f"../{SITE}/plugfile.txt", "1", "2"),
    "a removed distribution": remove(f"../{SITE}/plugfile-1.0.dist-info/entry_points.txt"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_change_is_never_missed(shared, change):
    if "toml" in str(change.__closure__[0].cell_contents) and pytest.version_tuple < (9, 0):
        pytest.skip("this pytest has no pytest.toml")
    undo = change(shared)
    try:
        changed = shared.run("-n", "2")
    finally:
        undo()
    assert changed.exit != 0, changed.stdout + changed.stderr
    again = shared.run("-n", "2")
    assert again.exit == 0, again.stdout + again.stderr


def test_a_new_distribution_is_seen(shared):
    new = shared.base / SITE / "second-1.0.dist-info"
    new.mkdir()
    for name, text in {"METADATA": "Metadata-Version: 2.1\nName: second\nVersion: 1.0\n", "entry_points.txt": "[pytest11]\nsecond = second\n"}.items():
        (new / name).write_text(text)
    (shared.base / SITE / "second.py").write_text(BAD)
    assert shared.run("-n", "2").exit == 1


def test_environment_decides(make_warm):
    project = make_warm({**PROJECT, "test_it.py": "def test_flavour(flavour):\n    assert flavour == 'plain'\n"})
    project.warm_up()
    assert was_warm(project.run())
    changed = project.run(env={"FLAVOUR": "sweet"})
    assert changed.exit == 1 and not was_warm(changed), how(changed)
    shell = project.run(env={"SHLVL": "7", "OLDPWD": "/", "COLUMNS": "70"})
    assert shell.exit == 0 and was_warm(shell), how(shell)


def test_another_folder_in_the_place_of_the_old_one_is_seen(make_warm):
    project = make_warm({"data.txt": "1\n", "test_it.py": "def test_it(): assert open('data.txt').read() == '1\\n'\n"})
    project.warm_up("-n", "1")
    project.root.rename(project.base / "old")
    shutil.copytree(project.base / "old", project.root)
    (project.root / "data.txt").write_text("2\n")
    assert project.run("-n", "1").exit == 1


# Plugins that would make a warm process tell lies: it does not load them beforehand, and runs are right.
UNFIT = {
    "draws a random number": "import random, pytest\nVALUE = random.random()\n",
    "draws a secret": "import secrets\nVALUE = secrets.token_hex(4)\n",
    "asks for the date": "import datetime\nVALUE = datetime.datetime.now().year\n",
    "asks for the local time": "from time import localtime\nVALUE = localtime()\n",
    "says something": "print('hello')\nVALUE = 1\n",
    "warns": "import warnings\nwarnings.warn('old')\nVALUE = 1\n",
    "asks who it is": "import os\nVALUE = os.environ.get('PYTEST_XDIST_WORKER')\n",
    "runs a program": "import subprocess\nVALUE = subprocess.run(['true'])\n",
    "starts a thread": "import threading, time\nVALUE = threading.Thread(target=time.sleep, args=(3,), daemon=True).start()\n",
}


@pytest.mark.parametrize("code", UNFIT.values(), ids=UNFIT.keys())
def test_a_plugin_that_must_be_loaded_anew(tmp_path, code):
    plugin = {**PLUGIN, "plugfile.py": code}
    project = with_plugin(tmp_path, plugin, {"test_it.py": "def test_it(): pass\n"})
    try:
        project.warm_up(until="pytest without plugins: ")
        run = project.run()
        assert run.exit == 0 and "pytest without plugins" in how(run), how(run)
    finally:
        project.end()
