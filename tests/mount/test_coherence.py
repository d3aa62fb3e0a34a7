#!/usr/bin/env python3
"""What a name shows is what had been captured before it was opened, and only what could have changed is asked for: counted in requests of the kernel."""

import os

from kestra_mount import Mount, Store, counter, log, need_fuse, outputs, read_on, wait_until
from tap import equal, run, test

need_fuse()


def costs(m, action, **wanted):
    """The action asks exactly this, in numbers per operation."""
    with m.counting() as calls:
        action()
    equal(dict(calls.counter), wanted, f"requests {calls}")


def twice(m, *names, **wanted):
    """A second open, read and close of a file costs exactly this, and gives the same bytes."""
    first = m.read(*names)
    again = []
    costs(m, lambda: again.append(m.read(*names)), **wanted)
    equal(again[0], first)


def closed():
    store = Store()
    store.capture([outputs(a=1, tree={"b": [1, 2]}), counter("rows", 3, part="p"), log("hello")])
    store.capture(outputs(v=1), task="each", values=["one"])
    store.end()
    return store


def opened():
    store = Store()
    store.capture([outputs(a=1, tree={"b": [1, 2]}), counter("rows", 3), log("hello")])
    store.capture(outputs(v=1), task="each", values=["one"])
    return store


# Second reads


for shared in ("metrics/rows.json", "metrics.json", "exec/E1/outputs.json", "exec/E1/execution.json", "exec/E1/state", "exec/E1/metrics.json", "exec/E1/metrics/rows.json"):

    @test(f"{shared} unchanged, second read: 1 LOOKUP, 0 READ")
    def _(name=shared):
        with Mount(opened()) as m:
            twice(m, name, LOOKUP=1)


for fixed in ("t1/outputs/a", "t1/outputs/tree/b", "t1/outputs.json", "t1/taskrun.json", "t1/state", "t1/log", "t1/warnings", "t1/metrics/rows.json", "each/runs/one/outputs/v"):

    @test(f"{fixed} of a closed execution, second read: nothing")
    def _(name=fixed):
        with Mount(closed()) as m:
            twice(m, "exec/E1", name)


for ended in ("t1/outputs/a", "t1/outputs/tree/b", "t1/taskrun.json", "t1/log", "t1/metrics/rows.json"):

    @test(f"{ended} of an ended run in an open execution, second read: 1 LOOKUP")
    def _(name=ended):
        with Mount(opened()) as m:
            twice(m, "exec/E1", name, LOOKUP=1)


@test("a second stat of a folder, or of an output of a closed execution, asks nothing")
def _():
    with Mount(closed()) as m:
        for name in ("exec", "exec/E1", "exec/E1/t1", "exec/E1/t1/outputs", "exec/E1/t1/outputs/tree", "exec/E1/t1/outputs/a", "metrics"):
            os.stat(m.path(name))
            costs(m, lambda name=name: os.stat(m.path(name)))


@test("files are opened and closed without asking, once the kernel knows")
def _():
    with Mount(closed()) as m:
        m.read("exec/E1/t1/outputs/a")
        with m.counting() as calls:
            for name in ("exec/E1/t1/outputs/tree/b", "exec/E1/t1/taskrun.json", "exec/E1/t1/state"):
                m.read(name)
        equal((calls["OPEN"], calls["FLUSH"], calls["READ"], calls["GETATTR"]), (0, 0, 3, 0), str(calls))


@test("extended attributes, access and statx are asked for once at most")
def _():
    with Mount(closed()) as m:
        path = m.path("exec/E1/t1/outputs/a")

        def ask():
            os.access(path, os.R_OK)
            try:
                os.getxattr(path, "security.capability")
            except OSError:
                pass

        m.read("exec/E1/t1/outputs/a")
        ask()
        costs(m, ask)


# Names that are not there


@test("a name that is not there is remembered below an ended run of a closed execution only")
def _():
    with Mount(closed()) as m:
        missing = m.path("exec/E1/t1/outputs/nothing")
        equal(os.path.exists(missing), False)
        costs(m, lambda: os.path.exists(missing))
    with Mount(opened()) as m:
        for name in ("exec/E2", "metrics/nothing.json", "exec/E1/t2"):
            os.path.exists(m.path(name))
            costs(m, lambda name=name: os.path.exists(m.path(name)), LOOKUP=1)


@test("what was not there is there as soon as it is captured")
def _():
    store = opened()
    with Mount(store) as m:
        for name, execution, task in (("exec/E2", "E2", "t1"), ("exec/E1/t2", "E1", "t2"), ("exec/E1/t2/outputs/a", "E1", "t2")):
            equal(os.path.exists(m.path(name)), name.endswith("/a"))
            store.capture(outputs(a=1), execution=execution, task=task)
            equal(os.path.exists(m.path(name)), True, name)
        equal(os.path.exists(m.path("metrics/new.json")), False)
        store.capture(counter("new", 1))
        equal(len(m.json("metrics/new.json")), 1)


# Listings


def list_folder(path):
    return lambda: os.listdir(path)


@test("a listing below an ended run is kept by the kernel: no READDIR the second time")
def _():
    for store, more in ((closed(), {}), (opened(), {"LOOKUP": 1})):
        with Mount(store) as m:
            path = m.path("exec/E1/t1/outputs")
            equal(os.listdir(path), ["a", "tree"])
            os.listdir(path)
            costs(m, list_folder(path), OPENDIR=1, **more)


@test("any other listing is read again, and shows what has come")
def _():
    store = opened()
    with Mount(store) as m:
        for name in ("exec", "exec/E1", "metrics", "exec/E1/metrics"):
            os.listdir(m.path(name))
            with m.counting() as calls:
                os.listdir(m.path(name))
            assert calls["READDIR"] > 0 and calls["LOOKUP"] == 0, (name, calls)
        store.capture(counter("new", 1), execution="E2")
        store.capture(counter("newer", 1), task="t2")
        equal(os.listdir(m.path("exec")), ["E1", "E2"])
        equal("t2" in os.listdir(m.path("exec/E1")), True)
        equal(os.listdir(m.path("metrics")), [name + suffix for name in ("rows", "new", "newer") for suffix in (".json", ".csv", ".prom", ".svg")])
        equal(os.listdir(m.path("exec/E1/metrics")), [name + suffix for name in ("rows", "newer") for suffix in (".json", ".csv", ".prom", ".svg")])


@test("walking the tree renders no document: no LOOKUP of a file, no READ")
def _():
    with Mount(closed()) as m:
        with m.counting() as calls:
            names = sum(len(names) for _, _, names in os.walk(m.point))
        assert names > 20
        looked_up = [line.split(" ")[2] for line in calls.lines if line.startswith("LOOKUP")]
        assert not [name for name in looked_up if ("." in name and "Z_" not in name) or name in ("state", "log", "warnings")], looked_up
        equal((calls["READ"], calls["READDIRPLUS"]), (0, 0))


# Changes


@test("a changed document: the open descriptor reads the old version whole, a new open reads the new one")
def _():
    store = Store()
    store.capture([counter("rows", n) for n in range(5000)])
    with Mount(store) as m:
        for name in ("metrics/rows.json", "exec/E1/metrics/rows.json", "metrics.json", "exec/E1/execution.json"):
            old = m.read(name)
            fresh_fd = os.open(m.path(name), os.O_RDONLY)
            half_fd = os.open(m.path(name), os.O_RDONLY)
            try:
                half = os.read(half_fd, max(len(old) // 2, 1))
                store.capture([counter("rows", 7), outputs(a=1)])
                equal(read_on(fresh_fd) == old, True, f"{name}, opened before")
                equal(half + read_on(half_fd) == old, True, f"{name}, half read")
                equal(os.fstat(fresh_fd).st_size, len(old))
                new = m.read(name)
                assert new != old, name
                equal(os.pread(fresh_fd, len(old) + 10, 0) == old, True, f"{name}, again")
            finally:
                os.close(fresh_fd)
                os.close(half_fd)
        equal(len(m.json("metrics/rows.json")), 5004)


@test("the old version is read whole also where no page of it had been read before the change")
def _():
    store = Store()
    store.capture([counter("rows", n) for n in range(5000)])
    with Mount(store) as m, Mount(store) as other:
        fd = os.open(m.path("metrics/rows.json"), os.O_RDONLY)
        try:
            old = other.read("metrics/rows.json")
            store.capture([counter("rows", n) for n in range(5000)], task="t2")
            equal(read_on(fd) == old, True)
        finally:
            os.close(fd)


@test("a change costs no READ of what has not changed")
def _():
    store = opened()
    with Mount(store) as m:
        before = m.read("exec/E1/outputs.json")
        m.read("metrics/rows.json")
        store.capture(counter("other", 1), execution="E2")
        costs(m, lambda: m.read("metrics/rows.json"), LOOKUP=1)
        costs(m, lambda: equal(m.read("exec/E1/outputs.json"), before), LOOKUP=1)


@test("a second attempt takes the place of the first")
def _():
    store = Store()
    store.capture([outputs(a=1, old=1), counter("rows", 1)])
    with Mount(store) as m:
        equal(m.read("exec/E1/t1/outputs/a"), b"1\n")
        fd = os.open(m.path("exec/E1/t1/taskrun.json"), os.O_RDONLY)
        old = m.read("exec/E1/t1/taskrun.json")
        try:
            store.capture([outputs(a=2), counter("rows", 2)])
            equal(m.read("exec/E1/t1/outputs/a"), b"2\n")
            equal(os.path.exists(m.path("exec/E1/t1/outputs/old")), False)
            equal(m.read("exec/E1/t1/attempts/1/outputs/a"), b"1\n")
            equal(m.read("exec/E1/t1/attempts/2/outputs/a"), b"2\n")
            equal(read_on(fd), old, "the document opened before")
        finally:
            os.close(fd)


@test("a running run shows each value as it is set, then keeps the last for ever")
def _():
    store = Store()
    with store.running() as running, Mount(store) as m:
        for n in range(5):
            running.say(outputs(a=n))
            wait_until(lambda n=n: os.path.exists(m.path("exec/E1/t1/outputs/a")) and m.text("exec/E1/t1/outputs/a") == f"{n}\n", "the output")
        equal(m.text("exec/E1/t1/state"), "RUNNING\n")
        running.end()
        equal(m.text("exec/E1/t1/state"), "SUCCESS\n")
        store.end()
        m.read("exec/E1/t1/outputs/a")
        twice(m, "exec/E1/t1/outputs/a")


@test("two readers of one growing log see whole lines and no hole")
def _():
    store = Store()
    with store.running() as running, Mount(store) as m:
        running.say(log("line 0"))
        wait_until(lambda: os.path.exists(m.path("exec/E1/t1/log")) and m.read("exec/E1/t1/log"), "the log")
        one = os.open(m.path("exec/E1/t1/log"), os.O_RDONLY)
        two = os.open(m.path("exec/E1/t1/log"), os.O_RDONLY)
        try:
            for n in range(1, 50):
                os.pread(one, 1 << 16, 0)
                running.say(log(f"line {n}"))
                wait_until(lambda n=n: os.fstat(two).st_size and os.pread(two, 1 << 16, 0).count(b"\n") > n, "the line")
                for fd in (one, two):
                    data = os.pread(fd, 1 << 16, 0)
                    assert b"\0" not in data and data.endswith(b"\n"), data
                    equal([line.rsplit(b" ", 1)[1] for line in data.splitlines()], [b"%d" % i for i in range(n + 1)])
        finally:
            os.close(one)
            os.close(two)


run()
