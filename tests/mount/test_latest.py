#!/usr/bin/env python3
"""`latest`, `latest-success` and `latest-failed`, of a flow and of the root: right at the very next look after an execution began, went on or ended."""

import os
import re
import subprocess

from kestra_flows import FLOW, LATEST, Of, latest, lose, target
from kestra_mount import Mount, need_fuse, outputs
from tap import contains, equal, run, test

need_fuse()


def both(m, *wanted):
    """The links of the flow and those of the root, where there is one flow only."""
    equal(latest(m), wanted, "of the flow")
    equal(latest(m, ""), wanted, "of the root")


# Which one is the latest


def ends_as(store, execution, how):
    """One whole execution, with a run by its command's end, or begun and ended by a word."""
    if how[0] == "--end":
        store.begin(execution)
        store.end(execution, *how[1:])
    else:
        store.run(["sh", "-c", how[0]], execution)


ENDS = [
    (["true"], "SUCCESS"),
    (["exit 3"], "FAILED"),
    (["kill -9 $$"], "KILLED"),
    (["--end"], "SUCCESS"),
    *((["--end", state], state) for state in ("SUCCESS", "WARNING", "FAILED", "KILLED")),
    (["true"], "SUCCESS"),
]


@test("each end is shown by the very next readlink: SUCCESS and WARNING, FAILED and KILLED")
def _():
    store = Of()
    good = bad = None
    with Mount(store) as m:
        for n, (how, state) in enumerate(ENDS * 2):
            name = f"X{n}"
            ends_as(store, name, how)
            good, bad = (name, bad) if state in ("SUCCESS", "WARNING") else (good, name)
            both(m, name, good, bad)
            equal(m.text(FLOW, "latest/state"), state + "\n")
            if good:
                equal(m.json(FLOW, "latest-success/execution.json")["id"], good)
            equal({name for name in LATEST if name in os.listdir(m.path(FLOW))}, {"latest"} | ({"latest-success"} if good else set()) | ({"latest-failed"} if bad else set()))


@test("--end shows at the very next readlink, also a second one with another state")
def _():
    store = Of()
    with Mount(store) as m:
        store.begin("A")
        for state, wanted in (("SUCCESS", ("A", "A", None)), ("FAILED", ("A", None, "A")), ("WARNING", ("A", "A", None)), ("KILLED", ("A", None, "A")), (None, ("A", None, "A"))):
            store.end("A", state)
            both(m, *wanted)


@test("what started last is the latest, in whatever order they end")
def _():
    store = Of()
    with Mount(store) as m:
        for one, two in (("SUCCESS", "FAILED"), ("FAILED", "SUCCESS"), ("SUCCESS", "SUCCESS"), ("FAILED", "KILLED")):
            before = latest(m)
            a, b = f"A-{one}-{two}", f"B-{one}-{two}"
            store.begin(a)
            both(m, a, *before[1:])
            store.begin(b)
            both(m, b, *before[1:])
            store.end(b, two)
            after = {"SUCCESS": before[1], "FAILED": before[2], two if two != "KILLED" else "FAILED": b}
            both(m, b, after["SUCCESS"], after["FAILED"])
            store.end(a, one)
            if one != two and two != "KILLED":
                after[one] = a
            both(m, b, after["SUCCESS"], after["FAILED"])
        equal([os.path.basename(name).split("_", 1)[1] for name in sorted(os.listdir(m.path("by-time")))], os.listdir(m.path("exec")))


@test("an execution of two steps moves from SUCCESS to RUNNING to FAILED, and back with a retry")
def _():
    store = Of()
    with Mount(store) as m:
        store.capture(outputs(n=1), "P")
        store.capture(outputs(n=1), "X", "step1")
        both(m, "X", "X", None)
        with store.waits("X", m, "step2", 3):
            both(m, "X", "P", None)
        both(m, "X", "P", "X")
        with store.waits("X", m, "step3"):
            both(m, "X", "P", None)
        both(m, "X", "P", "X")
        store.run(["true"], "X", "step2")
        both(m, "X", "X", None)
        with store.waits("P", m, "again"):
            both(m, "X", "X", None)
        both(m, "X", "X", None)


# Helpers that are lost


LOOKS = {
    "readlink": lambda m, at: equal(os.path.relpath(m.path("exec/K"), m.path(at)), target(m.path(at, "latest-failed"))),
    "readlink of what it was": lambda m, at: equal(os.path.basename(target(m.path(at, "latest-success"))), "P"),
    "listing": lambda m, at: equal("latest-failed" in os.listdir(m.path(at)), True),
    "a file behind it": lambda m, at: equal(m.text(at, "latest-failed/state"), "KILLED\n"),
    "ls -l": lambda m, at: contains(subprocess.run(["ls", "-l", m.path(at)], capture_output=True).stdout.decode(), " latest-failed -> "),
}

for look_at in (FLOW, ""):
    for look_name, look in LOOKS.items():

        @test(f"a helper killed by SIGKILL, first look: {look_name} in /{look_at}")
        def _(at=look_at, look=look):
            store = Of()
            store.capture(outputs(n=1), "P")
            with Mount(store) as m:
                store.capture(outputs(n=1), "K", "before")
                equal(latest(m), ("K", "K", None))
                lose(store, "K")
                look(m, at)
                both(m, "K", "P", "K")


@test("of several that were lost the one that started last, and kestrafs.prom counts them")
def _():
    store = Of()
    with Mount(store) as m:
        for name in ("K1", "K2"):
            lose(store, name)
        lose(Of("dev/two", store), "K3")
        lines = m.text("kestrafs.prom").splitlines()
        counts = {(re.search('flow="(.*?)"', line)[1], float(line.split()[-1])) for line in lines if line.startswith("kestra_executions_total{") and 'state="KILLED"' in line}
        equal(counts, {("one", 2.0), ("two", 1.0)})
        equal((latest(m), latest(m, "flow/dev/two"), latest(m, "")), (("K2", None, "K2"), ("K3", None, "K3"), ("K3", None, "K3")))


run()
