#!/usr/bin/env python3
"""Executions by flow and by time: listed whole and in order, behind links that are relative and right, walked by any tool."""

import json
import os
import subprocess

from kestra_flows import FLOW, LATEST, Of, latest
from kestra_mount import PATIENCE, Mount, counter, environment, files_below, folder, fresh, need_fuse, need_root, outputs, read_file, unmount
from tap import equal, run, test

need_fuse()


def starts(m):
    """{execution: when it started}, from its own document."""
    return {name: m.json("exec", name, "execution.json")["state"]["startDate"] for name in os.listdir(m.path("exec"))}


# What is there


def two_flows():
    one = Of()
    one.capture([outputs(n=1), counter("rows", 1)], "A1")
    two = Of("dev.team/two.b-c_d", one)
    two.capture(counter("rows", 2), "B1")
    one.capture([counter("rows", 3), counter("other", 1)], "A2", values=["v"])
    Of("dev.team/one", one).run(["sh", "-c", "exit 3"], "C1")
    one.capture(counter("rows", 4), "A1")
    return one


@test("the root, a namespace and a flow list what they have, in the order of recording")
def _():
    with Mount(two_flows()) as m:
        root = {"README.txt", "exec", "flow", "by-time", "metrics", "metrics.json", "kestrafs.prom"}
        equal(set(os.listdir(m.point)), root | set(LATEST))
        equal(os.listdir(m.path("flow")), ["dev", "dev.team"])
        equal(os.listdir(m.path("flow/dev")), ["one"])
        equal(os.listdir(m.path("flow/dev.team")), ["two.b-c_d", "one"])
        equal(os.listdir(m.path(FLOW, "exec")), ["A1", "A2"])
        equal(set(os.listdir(m.path(FLOW))), {"exec", "by-time", "latest", "latest-success", "metrics", "metrics.json", "outputs"})
        equal(set(os.listdir(m.path("flow/dev.team/one"))) & set(LATEST), {"latest", "latest-failed"})
        for name in ("flow/no", "flow/team", "flow/dev/two", "flow/dev.team/two", FLOW + "/exec/B1", FLOW + "/latest-failed", "flow/dev/one/by-time/B1"):
            equal(os.path.lexists(m.path(name)), False, name)
        wrong = m.path("by-time", starts(m)["A1"] + "_A2")
        equal(os.path.lexists(wrong), False, "the start of another")
        equal(latest(m), ("A2", "A2", None))
        equal(latest(m, ""), ("C1", "A2", "C1"))
        equal(latest(m, "flow/dev.team/two.b-c_d"), ("B1", "B1", None))


@test("an empty store has no links, an execution that runs is the latest and nothing else")
def _():
    store = Of()
    with Mount(store) as m:
        equal(latest(m, ""), (None, None, None))
        equal((os.listdir(m.path("flow")), os.listdir(m.path("by-time"))), ([], []))
        assert not set(LATEST) & set(os.listdir(m.point))
        store.begin("A")
        equal((latest(m), latest(m, "")), (("A", None, None),) * 2)
        equal(set(LATEST) & set(os.listdir(m.path(FLOW))), {"latest"})


@test("every link is relative, as long as its size says, and leads to its execution")
def _():
    with Mount(two_flows()) as m:
        begun = starts(m)
        count = 0
        for at, folders, names in os.walk(m.point):
            for name in folders + names:
                path = os.path.join(at, name)
                if os.path.islink(path):
                    to = os.readlink(path)
                    equal(len(to), os.lstat(path).st_size, path)
                    execution = os.path.basename(to)
                    equal(to, os.path.relpath(m.path("exec", execution), at), path)
                    equal(os.stat(path), os.stat(m.path("exec", execution)), path)
                    equal(m.json(path, "execution.json")["id"], execution)
                    assert name in (execution, f"{begun[execution]}_{execution}", *LATEST), path
                    count += 1
        # exec and by-time of three flows, by-time of the root, and the latest ones: two of each flow, three of the root
        equal(count, 4 + 4 + 4 + 6 + 3)


@test("links hold through a bind mount, a link to the mount and from another folder")
def _():
    need_root()
    with Mount(two_flows()) as m:
        bound, linked = folder("bound"), fresh("linked")
        os.symlink(m.point, linked)
        equal(subprocess.run(["mount", "--bind", m.point, bound]).returncode, 0)
        at = os.open(m.path(FLOW, "by-time"), os.O_RDONLY | os.O_DIRECTORY)
        try:
            for top in (bound, linked):
                for name in ("latest", FLOW + "/latest", FLOW + "/exec/A2", "flow/dev.team/one/../../dev/one/latest-success", "by-time/" + os.listdir(m.path("by-time"))[2]):
                    equal(read_file(f"{top}/{name}/state"), b"FAILED\n" if name == "latest" else b"SUCCESS\n", name)
            name = os.listdir(at)[1]
            equal(os.path.samestat(os.stat(name, dir_fd=at), os.stat(m.path("exec/A2"))), True)
            for where in ("/", m.path("exec/A1"), bound + "/flow"):
                done = subprocess.run(["cat", f"{bound}/{FLOW}/latest/execution.json"], cwd=where, capture_output=True)
                equal(json.loads(done.stdout)["id"], "A2")
        finally:
            os.close(at)
            unmount(bound)


@test("a flow's metrics are the points of its executions, every attempt, and their summary")
def _():
    with Mount(two_flows()) as m:
        everything = m.text("metrics/rows.json").splitlines()[1:-1]
        for flow, values in (("dev/one", [1, 3, 4]), ("dev.team/two.b-c_d", [2])):
            namespace, name = flow.split("/")
            mine = [line.removesuffix(",") for line in everything if f'"namespace":"{namespace}","flowId":"{name}"' in line]
            equal(m.text("flow", flow, "metrics/rows.json"), "[\n" + ",\n".join(mine) + "\n]\n")
            points = m.json("flow", flow, "metrics/rows.json")
            equal([p["value"] for p in points], values)
            summary = m.json("flow", flow, "metrics.json")["rows"]
            equal([summary[k] for k in ("type", "count", "sum", "min", "max", "last")], ["counter", len(values), sum(values), min(values), max(values), values[-1]])
        equal(m.json(FLOW, "metrics/rows.json")[2]["attempt"], 2)
        equal(list(m.json(FLOW, "metrics.json")), ["rows", "other"])
        equal(m.json("flow/dev.team/one/metrics.json"), {})


# Many, and tools


@test("3,000 executions: each listed once by its flow and by time, also while others come")
def _():
    store = Of()

    def begin(names):
        command = ["xargs", "-P4", "-I{}", *store.arguments("{}", options=["--begin"])]
        equal(subprocess.run(command, input="\n".join(names).encode(), stdout=subprocess.DEVNULL, env=environment()).returncode, 0)

    first = [f"N{n}" for n in range(3000)]
    begin(first)
    with Mount(store) as m:
        for round_, name in enumerate((FLOW + "/exec", FLOW + "/by-time", "by-time", "exec")):
            more = [f"M{round_}-{n}" for n in range(40)]
            with os.scandir(m.path(name)) as entries:
                seen = [next(entries).name for _ in range(100)]
                begin(more)
                seen += [entry.name for entry in entries]
            ids = [entry.rsplit("_", 1)[-1] for entry in seen]
            equal(len(ids), len(set(ids)), "names listed twice")
            assert set(first) <= set(ids) <= set(os.listdir(m.path("exec")))
            first += more
            if "by-time" in name:
                times = [entry.rsplit("_", 1)[0] for entry in seen]
                equal(times == sorted(times), True, "by-time is in order of time")
        equal(set(os.listdir(m.path(FLOW, "exec"))), set(first))
        begun = sorted(name.split("_", 1) for name in os.listdir(m.path("by-time")))
        assert [begun[-1][0], latest(m, "")[0]] in begun, "the latest is one that started last"
        equal(latest(m), latest(m, ""))


def quietly(*command):
    done = subprocess.run(command, capture_output=True, env={**os.environ, "LC_ALL": "C.UTF-8"}, timeout=PATIENCE)
    equal((done.returncode, done.stderr), (0, b""), " ".join(command))
    return done.stdout


@test("find, ls, grep, du, tar and cp walk the whole tree, along the links too, and complain of nothing")
def _():
    with Mount(two_flows()) as m:
        for command in (["find"], ["find", "-L"], ["ls", "-lR"], ["ls", "-lRL"], ["grep", "-rc", "rows"], ["grep", "-Rc", "rows"], ["du", "-a"], ["du", "-aL"]):
            assert quietly(*command, m.point), command
        equal(quietly("find", "-L", m.point, "-type", "l"), b"", "links that lead nowhere")
        copy, again = folder("copy"), folder("copy")
        quietly("sh", "-c", 'tar cf - -C "$1" . | tar xf - -C "$2"', "sh", m.point, copy)
        quietly("sh", "-c", 'tar chf - -C "$1" . | tar xf - -C "$2"', "sh", m.point, again)
        quietly("diff", "-r", m.point, copy)
        quietly("diff", "-r", copy, again)
        links = [path for path in files_below(copy) if os.path.islink(path)]
        equal([os.path.exists(path) for path in links], [True] * len(links))


@test("the same tree from one mount to the next, and from two at once")
def _():
    store = two_flows()
    with Mount(store) as m:
        copy = fresh("copy")
        quietly("cp", "-a", m.point, copy)
        with Mount(store) as other:
            quietly("diff", "-r", m.point, other.point)
    with Mount(store) as m:
        quietly("diff", "-r", "--no-dereference", copy, m.point)


run()
