"""Executions of several flows in one store, and the links to the latest of them."""

import os
import subprocess

from kestra_mount import PATIENCE, ROOT, Mount, Running, Store, environment, fresh, wait_until
from tap import equal

FLOW = "flow/dev/one"  # what helpers belong to unless they say so
LATEST = ("latest", "latest-success", "latest-failed")


class Of(Store):
    """A store as the helpers of one flow use it."""

    def __init__(self, flow="dev/one", store=None):
        self.dir = store.dir if store else fresh("store")
        self.flow = flow

    def arguments(self, execution, task=None, values=(), flow=None, options=()):
        return super().arguments(execution, task, values, flow or self.flow, options)

    def begin(self, execution):
        done = subprocess.run(self.arguments(execution, options=["--begin"]), stdin=subprocess.DEVNULL, capture_output=True, env=environment(), cwd=ROOT)
        equal((done.returncode, done.stdout.decode(), done.stderr), (0, execution + "\n", b""), "--begin")

    def waits(self, execution, m, task="t1", status=0):
        """A run that goes on until its standard input is closed, then exits with that status; it is in the mount when this returns."""
        running = Running(self.arguments(execution, task) + ["--", "sh", "-c", f"read line; exit {status}"])
        wait_until(lambda: os.path.exists(m.path("exec", execution, task)), "the run to begin")
        return running


def target(link):
    """What a link says; None where there is none."""
    try:
        return os.readlink(link)
    except FileNotFoundError:
        return None


def latest(m, flow=FLOW):
    """The executions that the three links lead to, of a flow or (with "") of the root; None for a link that is not there."""
    up = "../" * len(flow.split("/")) if flow else ""
    found = []
    for name in LATEST:
        to = target(m.path(flow, name))
        assert to is None or to.startswith(up + "exec/"), to
        found.append(to and to.removeprefix(up + "exec/"))
    return tuple(found)


def lose(store, execution):
    """A run whose helper was killed; no mount but one that is gone again has seen it."""
    with Mount(store) as other:
        running = store.waits(execution, other)
    running.process.kill()
    running.process.wait(PATIENCE)
    running.process.stdin.close()
