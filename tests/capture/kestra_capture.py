"""Real captures into real stores for tests, read back with kestrafs-dump: the tree as a mount would show it, without a mount.

    @test("the command's status is ours")
    def _():
        assert capture(Store(), "--", "sh", "-c", "exit 3").returncode == 3

    run()
"""

import atexit
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "mount"))
sys.dont_write_bytecode = True

from tap import contains, equal, run, skip, test  # noqa: E402,F401

BIN = os.environ["KESTRAFS_BIN"]
CAPTURE = os.path.join(BIN, "kestrafs-capture")
DUMP = os.path.join(BIN, "kestrafs-dump")

# Sanitizers and busy machines are slow; nothing here takes long for any other reason.
PATIENCE = 60

RUN = ("--flow", "dev/partitions", "--execution", "E1", "--task", "extract")

_folders = []


@atexit.register
def _remove():
    for path in _folders:
        subprocess.run(["umount", "-l", path], stderr=subprocess.DEVNULL, check=False)
        shutil.rmtree(path, ignore_errors=True)


def folder():
    """A new empty folder that anybody may enter, removed at the end."""
    path = tempfile.mkdtemp(prefix="kestrafs-test-")
    os.chmod(path, 0o755)
    _folders.append(path)
    return path


def wait_until(condition, what):
    """Returns the first true value of condition()."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.005)
    raise AssertionError(f"waited {PATIENCE} s in vain for {what}")


def read(path):
    with open(path, "rb") as file:
        return file.read()


def contents(path):
    """What is in a file, empty while it is not there."""
    return read(path) if os.path.exists(path) else b""


def needs(there, what):
    """Without `what` a case is skipped by name; in continuous integration it fails."""
    if not there and os.environ.get("CI") == "true":
        raise AssertionError(f"{what} is needed here: CI=true")
    if not there:
        skip(f"needs {what}")


class Store:
    def __init__(self, path=None):
        self.cwd = folder()
        self.path = path or os.path.join(self.cwd, "store")

    def environment(self, **more):
        """Ours without anything that says who the run is or where a store lies, but for this one."""
        env = {name: value for name, value in os.environ.items() if not name.startswith(("KESTRA", "XDG_"))}
        env["KESTRAFS_STORE"] = self.path
        env.update(more)
        return env

    def _dump(self, *args):
        return subprocess.run([DUMP, *args], stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE, check=False)

    def has(self, path):
        return self._dump(self.path, path).returncode == 0

    def read(self, path):
        done = self._dump(self.path, path)
        assert done.returncode == 0, f"{path}: {done.stderr.decode(errors='replace')}"
        return done.stdout

    def text(self, path):
        return self.read(path).decode()

    def json(self, path):
        return json.loads(self.read(path))

    def names(self, path):
        done = self._dump("-l", self.path, path)
        assert done.returncode == 0, f"{path}: {done.stderr.decode(errors='replace')}"
        return done.stdout.decode().splitlines()

    def paths(self):
        """Every path of the tree; of a store that is not there, none."""
        return [line.split("\t")[0] for line in self._dump("-r", self.path).stdout.decode().splitlines()]

    def state(self, path):
        """`exec/E1` or `exec/E1/task`: its state, None while there is nothing."""
        done = self._dump(self.path, path + "/state")
        return done.stdout.decode().strip() if done.returncode == 0 else None


def capture(store, *args, env=None, text=True, **options):
    """A call of the helper to its end."""
    options.setdefault("stdin", subprocess.DEVNULL) if "input" not in options else None
    options.setdefault("cwd", store.cwd)
    options.setdefault("timeout", PATIENCE)
    return subprocess.run([CAPTURE, *args], env=store.environment(**(env or {})), capture_output=True, text=text, check=False, **options)


def start(store, *args, env=None, **options):
    """A call of the helper that goes on."""
    options.setdefault("stdin", subprocess.DEVNULL)
    options.setdefault("cwd", store.cwd)
    process = subprocess.Popen([CAPTURE, *args], env=store.environment(**(env or {})), **options)
    atexit.register(process.kill)  # does nothing to one that has been waited for
    return process


def finish(process):
    return process.wait(PATIENCE)


def wrong(done, *parts):
    """A wrong call: 125, nothing on standard output, each line of standard error from us, every part in it."""
    equal(done.returncode, 125, f"exit status ({done.stderr})")
    equal(done.stdout, "", "standard output")
    assert done.stderr and all(line.startswith("kestrafs-capture: ") for line in done.stderr.splitlines()), done.stderr
    for part in parts:
        contains(done.stderr, part)


def output(name, value):
    return f'::{{"outputs":{json.dumps({name: value})}}}::'


def script(code):
    """A command that runs Python code, with a few things at hand."""
    return [sys.executable, "-c", "import os, sys, signal, time\n" + code]
