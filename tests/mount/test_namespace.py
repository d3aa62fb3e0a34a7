#!/usr/bin/env python3
"""`-o namespace=NAME`: that namespace and those below it are all there is, in every part of the tree; the others are not there."""

import os
import re
import subprocess

from kestra_flows import Of, latest, lose
from kestra_mount import Mount, counter, environment, folder, need_fuse, outputs, program
from tap import contains, equal, run, test

need_fuse()

ORDER = ("devx", "dev", "dev-x", "dev.team", "dev_x", "de", "a.dev", "dev.team.one", "prod", "prod.dev.team", "dev.a-b", "dev1.team")
DEV = ("dev", "dev.team", "dev.team.one", "dev.a-b")


def one_of(namespace, store=None):
    """An execution of a namespace, with everything that could be shown of it somewhere; a second one that failed."""
    name = namespace.replace(".", "--")[:140]
    store = Of(namespace + "/flow", store)
    store.capture([outputs(where=namespace), counter("rows", 1, namespace=namespace), counter("of-" + name, 2)], "ok-" + name)
    store.run(["sh", "-c", "exit 3"], "bad-" + name)
    return store


def picture(m):
    """What of each namespace is shown in every part of the tree: {part: namespaces in it}."""
    of = {name: m.json("exec", name, "execution.json")["namespace"] for name in os.listdir(m.path("exec"))}
    points = m.json("metrics/rows.json") if os.path.exists(m.path("metrics/rows.json")) else []
    links = {name: os.path.basename(os.readlink(m.path(name))) for name in os.listdir(m.point) if name.startswith("latest")}
    return {
        "exec": set(of.values()),
        "flow": set(os.listdir(m.path("flow"))),
        "by-time": {of[os.path.basename(os.readlink(m.path("by-time", name)))] for name in os.listdir(m.path("by-time"))},
        "points": {p["namespace"] for p in points},
        "csv": {p["namespace"] for p in points} and {line.split(",")[3] for line in m.text("metrics/rows.csv").splitlines()[1:]},
        "tags": set(os.listdir(m.path("metrics/tags/namespace"))) if points else set(),
        "names": {name.removeprefix("of-").replace("--", ".").removesuffix(".json") for name in os.listdir(m.path("metrics")) if re.fullmatch("of-.*json", name)},
        "summaries": {name.removeprefix("of-").replace("--", ".") for name in m.json("metrics.json") if name.startswith("of-")},
        "prom": {label for sample, label in overview(m)},
        "latest": {of[execution] for execution in links.values()},
    }


def overview(m):
    """(sample, namespace) of kestrafs.prom, without samples that count none."""
    for line in m.text("kestrafs.prom").splitlines():
        match = re.match(r'(\w+)\{.*?namespace="(.*?)".*\} (\S+)$', line)
        if match and float(match[3]):
            yield match[1], match[2]


def shows(m, *namespaces):
    """The parts of the tree agree: these namespaces, and the links lead to the last of them."""
    for part, found in picture(m).items():
        equal(found, {namespaces[-1]} if part == "latest" else set(namespaces), part)


def paths(m):
    return {os.path.relpath(os.path.join(at, name), m.point) for at, folders, names in os.walk(m.point) for name in folders + names}


def mounted(store, name):
    return Mount(store, "-o", "namespace=" + name)


store = None
for each in ORDER:
    store = one_of(each, store)


@test("a namespace and those below it, in every part of the tree")
def _():
    for name, wanted in (("dev", DEV), ("dev.team", ("dev.team", "dev.team.one")), ("dev.team.one", ("dev.team.one",)), ("devx", ("devx",)), ("de", ("de",))):
        with mounted(store, name) as m:
            shows(m, *wanted)


@test("a namespace that has no flow of its own shows those below it")
def _():
    for name, wanted in (("prod.dev", "prod.dev.team"), ("a", "a.dev"), ("dev1", "dev1.team")):
        with mounted(store, name) as m:
            shows(m, wanted)
            equal(os.path.exists(m.path("flow", name)), False)


@test("points, summary, counts and links are those of the shown executions alone")
def _():
    with Mount(store) as whole, mounted(store, "dev.team") as m:
        every = whole.text("metrics/rows.json").splitlines()[1:-1]
        mine = [line.removesuffix(",") for line in every if '"namespace":"dev.team"' in line or '"namespace":"dev.team.one"' in line]
        equal(m.text("metrics/rows.json"), "[\n" + ",\n".join(mine) + "\n]\n")
        equal({k: v for k, v in m.json("metrics.json")["rows"].items() if k in ("count", "sum")}, {"count": 2, "sum": 2})
        equal(os.listdir(m.path("exec")), ["ok-dev--team", "bad-dev--team", "ok-dev--team--one", "bad-dev--team--one"])
        for name, wanted in (("latest", "bad"), ("latest-success", "ok"), ("latest-failed", "bad")):
            equal(os.readlink(m.path(name)), f"exec/{wanted}-dev--team--one")
        samples = sorted(overview(m))
        wanted = [("kestra_executions_total", name) for name in ("dev.team", "dev.team", "dev.team.one", "dev.team.one")]
        equal(samples, wanted + [("kestra_last_success_timestamp_seconds", name) for name in ("dev.team", "dev.team.one")])
        contains(m.text("kestrafs.prom"), "\nkestrafs_store_bytes ")


@test("what is outside is not there, by any name")
def _():
    with Mount(store) as whole, mounted(store, "dev") as m:
        inside = paths(m)
        for path in paths(whole) - inside:
            equal(os.path.lexists(m.path(path)), False, path)
        equal(inside - paths(whole), set())
        for path in inside:
            if path.startswith(("exec/", "flow/")) and os.path.isfile(m.path(path)):
                equal(m.read(path), whole.read(path), path)


@test("nothing at all is an empty tree; what comes below the namespace is there at the very next look, what comes beside it never")
def _():
    for fresh_store in (None, one_of("prod")):
        store = fresh_store or Of("prod/flow")
        with mounted(store, "new.name") as m:
            equal(set(os.listdir(m.point)) - {"README.txt"}, {"exec", "flow", "by-time", "metrics", "metrics.json", "kestrafs.prom"})
            equal([part for part, found in picture(m).items() if found], [])
            equal(m.json("metrics.json"), {})
            for beside in ("new", "new.namex", "new.name-x", "name", "x.new.name"):
                one_of(beside, store)
                equal([part for part, found in picture(m).items() if found], [], beside)
            one_of("new.name.below.it", store)
            shows(m, "new.name.below.it")
            one_of("new.name", store)
            shows(m, "new.name.below.it", "new.name")
            one_of("new.name.a", store)
            shows(m, "new.name.below.it", "new.name", "new.name.a")


@test("changes show at the very next look, also to what had been read, also where a helper was lost")
def _():
    store = one_of("dev.team")
    with mounted(store, "dev") as m:
        for n in range(5):
            before = m.read("metrics/rows.json"), m.read("metrics.json"), m.read("kestrafs.prom")
            one_of("other", Of("other/flow", store))
            equal((m.read("metrics/rows.json"), m.read("metrics.json")), before[:2], "another namespace changes nothing")
            store.capture(counter("rows", n), f"N{n}")
            equal((os.readlink(m.path("latest")), len(m.json("metrics/rows.json"))), (f"exec/N{n}", n + 2))
            equal(m.json("metrics.json")["rows"]["count"], n + 2)
            assert m.read("kestrafs.prom") != before[2]
        lose(store, "lost")
        equal(latest(m, "")[::2], ("lost", "lost"))
        equal(latest(m, "flow/dev.team/flow")[::2], ("lost", "lost"))


@test("names at the edge of the grammar: dots and dashes at the end, digits, 150 characters")
def _():
    long = "a" * 150
    names = ("dev", "dev.", "dev..x", "dev.-", "0", "0.0", long)
    store = None
    for name in (*names, "dev-", "dev_", "00"):
        store = one_of(name, store)
    for name, wanted in (("dev", {"dev", "dev.", "dev..x", "dev.-"}), ("0", {"0", "0.0"}), (long, {long})):
        with mounted(store, name) as m:
            equal(set(os.listdir(m.path("flow"))), wanted, name)
            equal({p["namespace"] for p in m.json("metrics/rows.json")}, wanted, name)


for each in ("", "Dev", ".dev", "-dev", "_dev", "a/b", "a b", "dev*", "ü", "a" * 151, "dev\n"):

    @test(f"a wrong name ends with 2: {each[:20]!r}")
    def _(wrong=each):
        point = folder("mnt")
        for words in (["-o", "namespace=" + wrong, point], [point, "-o", "ro,namespace=" + wrong]):
            done = subprocess.run([program("kestrafs"), "--store", store.dir, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, env=environment())
            equal((done.returncode, done.stdout, os.path.ismount(point)), (2, "", False))
            contains(done.stderr, "namespace")
            equal(done.stderr.count("\n"), 1, "one line")


@test("namespace without a value ends with 2, and --help knows the word")
def _():
    call = [program("kestrafs"), "--store", store.dir]
    done = subprocess.run([*call, "-o", "namespace", folder("mnt")], stdin=subprocess.DEVNULL, capture_output=True, text=True, env=environment())
    equal(done.returncode, 2)
    contains(done.stderr, "namespace")
    contains(subprocess.run([*call, "--help"], capture_output=True, text=True).stdout, "namespace=")


run()
