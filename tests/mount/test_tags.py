#!/usr/bin/env python3
"""`tags/<tag>/<value>/` in every metrics folder: exactly the points of that folder that bear the tag, in each format, whatever their number."""

import csv
import hashlib
import io
import json
import os
import re

from kestra_mount import Mount, Store, counter, files_below, need_fuse, read_file, read_on, wait_until
from tap import equal, run, test

need_fuse()

COLUMNS = ["timestamp", "value", "type", "namespace", "flowId", "executionId", "taskId", "taskRunId", "taskRunValue", "attempt"]


def point(name, value, kind="counter", /, **tags):
    return "::" + json.dumps({"metrics": [{"name": name, "type": kind, "value": value, "tags": tags}]}) + "::"


# The rule for names, a second time: by its words


def entry(text, most=255):
    if text in ("", ".", ".."):
        return {"": "%", ".": "%2E", "..": "%2E."}[text]
    units = [f"%{ord(c):02X}" if c in "/%\x7f" or c < " " else c for c in text]
    whole = "".join(units)
    if len(whole.encode()) <= most:
        return whole
    while len("".join(units).encode()) > most - 18:
        units.pop()
    return "".join(units) + "%~" + hashlib.sha256(text.encode()).hexdigest()[:16]


# What a folder of points must hold, made from the lines of the .json one above


def lines_of(text):
    """The points of a .json file as they stand there."""
    lines = text.split("\n")
    equal((lines[0], lines[-2:]), ("[", ["]", ""]))
    return [line.removesuffix(",") for line in lines[1:-2]]


def as_json(lines):
    return "[\n" + ",\n".join(lines) + "\n]\n"


def as_csv(lines):
    out = io.StringIO(newline="")
    points = [json.loads(line, parse_int=str, parse_float=str) for line in lines]
    names = list(dict.fromkeys(name for p in points for name in p["tags"]))
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS + ["tags." + name for name in names])
    for p in points:
        value_of = p.get("taskRunValue", "")
        row = {**p, "taskRunValue": value_of if isinstance(value_of, str) else json.dumps(value_of, ensure_ascii=False, separators=(",", ":"))}
        writer.writerow([row.get(column, "") for column in COLUMNS] + [p["tags"].get(name, "") for name in names])
    return out.getvalue()


def cells(text):
    return list(csv.reader(io.StringIO(text, newline="")))


def samples(text):
    """{(name, labels): number} of Prometheus text; labels here hold nothing to escape."""
    found = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            name, labels, number = re.fullmatch(r"(\w+)\{(.*)\} (\S+)", line).groups()
            found[name, frozenset(re.findall(r'(\w+)="([^"]*)"', labels))] = float(number)
    return found


def summed(lines):
    """What the samples of counters, timers and gauges are: one per flow, task and set of tags."""
    found = {}
    for line in lines:
        p = json.loads(line)
        key = frozenset({"namespace": p["namespace"], "flow": p["flowId"], "task": p["taskId"], **p["tags"]}.items())
        suffixes = {"counter": (("_total", p["value"]),), "timer": (("_seconds_sum", p["value"]), ("_seconds_count", 1)), "gauge": (("", p["value"]),)}
        for suffix, number in suffixes[p["type"]]:
            series = "kestra_" + p["name"] + suffix
            found[series, key] = number + (found.get((series, key), 0) if p["type"] != "gauge" else 0)
    return found


def read_exactly(path):
    size = os.stat(path).st_size
    data = read_file(path)
    equal(len(data), size, "size of " + path)
    return data.decode()


def proves(folder, prom=True):
    """Every folder below `tags` of a metrics folder holds what filtering its own documents gives, and no other is there; how many points were compared."""
    wanted = {}
    stems = sorted(name.removesuffix(".json") for name in os.listdir(folder) if name.endswith(".json"))
    for stem in stems:
        for line in lines_of(read_exactly(f"{folder}/{stem}.json")):
            for tag, value in json.loads(line)["tags"].items():
                wanted.setdefault(entry(tag), {}).setdefault(entry(value), {}).setdefault(stem, []).append(line)
    tags = f"{folder}/tags"
    equal(set(os.listdir(tags)) if os.path.exists(tags) else set(), set(wanted), "names in " + tags)
    count = 0
    for tag, values in wanted.items():
        equal(set(os.listdir(f"{tags}/{tag}")), set(values), f"values of {tag} in {tags}")
        for value, metrics in values.items():
            at = f"{tags}/{tag}/{value}"
            equal({name for name in os.listdir(at) if not name.endswith(".svg")}, {stem + suffix for stem in metrics for suffix in (".json", ".csv", ".prom")}, at)
            equal([e.name for e in os.scandir(at) if not e.is_file(follow_symlinks=False)], [], at)
            for stem, lines in metrics.items():
                equal(read_exactly(f"{at}/{stem}.json") == as_json(lines), True, f"{at}/{stem}.json")
                equal(cells(read_exactly(f"{at}/{stem}.csv")) == cells(as_csv(lines)), True, f"{at}/{stem}.csv")
                shown = read_exactly(f"{at}/{stem}.prom")
                if prom:
                    equal(samples(shown) == summed(lines), True, f"{at}/{stem}.prom")
                count += len(lines)
    return count


def metrics_folders(m):
    for at, folders, _ in os.walk(m.point):
        if os.path.basename(at) == "metrics":
            folders.clear()
            yield at


# Everywhere


def everywhere():
    store = Store()
    store.capture([point("rows", 1, part="a", kind="x"), point("time", 0.5, "timer", part="b"), point("rows", 2, part="b"), point("level", 7, "gauge", part="a")])
    store.capture([point("rows", 3, part="a"), point("rows", 4, part="c"), point("plain", 5)])
    for n, values in enumerate((["one"], ["two"], ["outer", "inner"], ["outer", "other"], ["one"])):
        store.capture([point("rows", 10 + n, part="a", nr=str(n)), point("time", n / 4, "timer", part="a")], task="each", values=values)
    store.capture([point("rows", 20, part="d")], execution="E2")
    return store


@test("in every metrics folder: root, flow, execution, task, folder of runs, run, attempt")
def _():
    with Mount(everywhere()) as m:
        folders = {os.path.relpath(at, m.point) for at in metrics_folders(m)}
        runs = ("each/runs/one", "each/runs/outer", "each/runs/outer/runs/inner", "t1/attempts/1", "t1/attempts/2")
        for at in ("", "flow/dev/test", "exec/E1", *(f"exec/E1/{below}" for below in ("t1", "each", *runs))):
            assert os.path.join(at, "metrics") in folders, at
        equal(sum(proves(m.path(at)) > 0 for at in folders), len(folders))
        equal(os.listdir(m.path("metrics/tags")), ["part", "kind", "nr"])
        equal(os.listdir(m.path("metrics/tags/part")), ["a", "b", "c", "d"])
        for at in ("exec/E1/t1", "exec/E1/each/runs/one", "exec/E1/t1/attempts/1"):
            assert not [name for name in os.listdir(m.path(at, "metrics/tags/part/a")) if name.endswith(".svg")], at
        for name in ("tags/part/z", "tags/no", "tags/part/a/plain.json", "tags/part/a/rows.txt", "tags/part/a/tags", "tags/part/c/time.json", "tags/kind/a", "tags/part/rows.json"):
            equal(os.path.exists(m.path("metrics", name)), False, name)


@test("a tag takes a metric's points of one value alone, exact bytes")
def _():
    store = Store()
    store.capture([point("rows", 1.5, part="a", n="1"), point("rows", 2, part="b"), point("rows", 3, n="2", part="a"), point("rows", 4)])
    with Mount(store) as m:
        every = lines_of(m.text("metrics/rows.json"))
        equal(m.text("metrics/tags/part/a/rows.json"), f"[\n{every[0]},\n{every[2]}\n]\n")
        times = [json.loads(line)["timestamp"] for line in every]
        run_id = json.loads(every[0])["taskRunId"]
        wanted = [f"{times[n]},{value},counter,dev,test,E1,t1,{run_id},,,a,{tag}\n" for n, value, tag in ((0, "1.5", "1"), (2, "3", "2"))]
        equal(m.text("metrics/tags/part/a/rows.csv"), ",".join(COLUMNS) + ",tags.part,tags.n\n" + "".join(wanted))
        first = ",".join(COLUMNS) + ",tags.n,tags.part\n" + f"{times[2]},3,counter,dev,test,E1,t1,{run_id},,,2,a\n"
        equal(m.text("metrics/tags/n/2/rows.csv"), first, "columns in the order the tags appear among these points")


# Names

HOSTILE = ["", ".", "..", "a/b", "/", "%", "%41", "new\nline", "tab\t\x7f", "nul\0", "ünï", "😀" * 100, "-rf", " ", "tags", "metrics", "rows.json", '"q"', "a\\b"]
HOSTILE += ["x" * n for n in (236, 237, 238, 254, 255, 256, 300, 5000)] + ["ü" * 127, "ü" * 128, "a" + "ü" * 127, "/" * 85, "/" * 86, "y" * 236 + "/" * 10, "x" * 255 + "y"]


@test("names of tags and of values by the name rule")
def _():
    store = Store()
    store.capture([point("rows", n, **{"kind": text, text: "v"}) for n, text in enumerate(HOSTILE)])
    with Mount(store) as m:
        for at in ("metrics", "exec/E1/t1/metrics"):
            equal(os.listdir(m.path(at, "tags/kind")), [entry(text) for text in HOSTILE])
            equal(os.listdir(m.path(at, "tags")), ["kind", *map(entry, HOSTILE)])
            for n, text in enumerate(HOSTILE):
                for path in (f"{at}/tags/kind/{entry(text)}/rows.json", f"{at}/tags/{entry(text)}/v/rows.json"):
                    equal([p["value"] for p in m.json(path)], [n], path)
                    equal(m.json(path)[0]["tags"], {"kind": text, text: "v"})
            equal(proves(m.path(at), prom=False), 2 * len(HOSTILE))
            for wrong in ("x" * 255 + "/rows.json", "%61", "%2f", "a%2fb", entry("x" * 300)[:-1], entry("x" * 300)[:-1] + "g"):
                equal(os.path.exists(m.path(at, "tags/kind", wrong)), wrong.startswith("x" * 255), wrong)


@test("names of metrics below a tag as beside it; a point with many tags; a tag written twice")
def _():
    store = Store()
    names = ["a/b", "..", "%", "m" * 300, "tags", "ünï"]
    many = {f"t{n}": str(n % 7) for n in range(1500)}
    twice = '::{"metrics":[{"name":"twice","type":"counter","value":1,"tags":{"k":"1","l":"2","k":"3"}}]}::'
    store.capture([*(counter(name, n, part="p") for n, name in enumerate(names)), point("wide", 1, **many), twice])
    with Mount(store) as m:
        equal([name for name in os.listdir(m.path("metrics/tags/part/p")) if name.endswith(".json")], [entry(name, 250) + ".json" for name in names])
        for n, name in enumerate(names):
            equal(m.json("metrics/tags/part/p", entry(name, 250) + ".json")[0]["value"], n)
        for n in (0, 1, 254, 255):
            equal(m.text(f"metrics/tags/t{n}/{n % 7}/wide.json"), m.text("metrics/wide.json"), f"t{n}")
            equal(os.listdir(m.path(f"metrics/tags/t{n}")), [str(n % 7)])
        equal([n for n in range(250, 1500) if os.path.exists(m.path(f"metrics/tags/t{n}"))], list(range(250, 256)), "the first 256 tags")
        equal(os.listdir(m.path("metrics/tags/k")), ["3"])
        equal(m.text("metrics/tags/k/3/twice.json"), m.text("metrics/twice.json"))


# How many

COUNTS = (1, 2, 255, 256, 257, 1000, 5000)


@test("from one point to 5,000, in series side by side: as filtered by hand")
def _():
    store = Store()
    kinds = ("counter", "timer", "gauge")
    for task, shift in (("t1", 0), ("t2", 1)):
        points = [(i, point(f"n{n}", i, kinds[n % 3], part=f"p{i % 3}", all="yes", **({"rare": "r"} if i in (0, n - 1) else {}))) for n in COUNTS for i in range(shift, n)]
        store.capture([text for _, text in sorted(points, key=lambda p: p[0])], task=task)
    total = sum(COUNTS) + sum(COUNTS) - len(COUNTS)
    with Mount(store) as m:
        for at in ("metrics", "flow/dev/test/metrics", "exec/E1/metrics", "exec/E1/t2/metrics"):
            compared = proves(m.path(at))
            assert compared > 2 * (total if "t2" not in at else total // 3), compared
            n = 5000
            equal(len(m.json(at, "tags/all/yes/n5000.json")), 2 * n - 1 if "t2" not in at else n - 1)


@test("a series that grows point by point, past 256 and more: right at every look")
def _():
    store = Store()
    store.capture([point("rows", n, part=f"p{n % 2}") for n in range(250)])
    with Mount(store) as m, store.running(task="t2") as running:
        for n in range(250, 270):
            running.say(point("rows", n, part=f"p{n % 2}", late="l"))
            wait_until(lambda n=n: len(lines_of(m.text("metrics/rows.json"))) > n, "the point")
            for at in ("metrics", "exec/E1/metrics", "exec/E1/t2/metrics"):
                proves(m.path(at))
        for n in range(3):
            store.capture([point("rows", i, part="p0", n=str(n)) for i in range(100)], task=f"t{n + 3}")
            equal(len(m.json("metrics/tags", "n", str(n), "rows.json")), 100)
            proves(m.path("metrics"))


# Attempts and versions


@test("a retry takes the former attempt's points out of its task's folders, not out of the execution's")
def _():
    store = Store()
    store.capture([point("rows", n, part="p", attempt="first", nr=str(n)) for n in range(300)], task="each", values=["v"])
    store.capture([point("rows", -1, part="p")], task="each", values=["w"])
    with Mount(store) as m:
        equal(len(m.json("exec/E1/each/metrics/tags/part/p/rows.json")), 301)
        for attempt in (2, 3):
            store.capture([point("rows", attempt, part="p", attempt=f"nr {attempt}")], task="each", values=["v"])
            for at in ("exec/E1/each", "exec/E1/each/runs/v"):
                equal(os.path.exists(m.path(at, "metrics/tags/attempt/first")), False, at)
                equal(os.listdir(m.path(at, "metrics/tags/attempt")), [f"nr {attempt}"])
                equal(os.path.exists(m.path(at, "metrics/tags/nr")), False, at)
            equal([p["value"] for p in m.json("exec/E1/each/metrics/tags/part/p/rows.json")], [-1, attempt])
            equal(len(m.json("exec/E1/each/runs/v/attempts/1/metrics/tags/attempt/first/rows.json")), 300)
            for at in ("exec/E1", "flow/dev/test", "."):
                points = m.json(at, "metrics/tags/part/p/rows.json")
                equal((len(points), points[-1]["attempt"]), (300 + attempt, attempt), at)
            for at in metrics_folders(m):
                if "attempts/1" not in at:
                    proves(at)


@test("a descriptor opened before a change reads the old version; what is unchanged costs LOOKUPs alone")
def _():
    store = Store()
    store.capture([point("rows", n, part=f"p{n % 2}") for n in range(2000)])
    with Mount(store) as m:
        for at in ("metrics", "exec/E1/metrics", "exec/E1/t1/metrics", "flow/dev/test/metrics"):
            for suffix in (".json", ".csv", ".prom"):
                name = f"{at}/tags/part/p1/rows{suffix}"
                fd = os.open(m.path(name), os.O_RDONLY)
                try:
                    old = m.read(name)
                    with m.counting() as calls:
                        equal(m.read(name) == old, True)
                    equal(set(calls.counter) - {"LOOKUP"}, set(), str(calls))
                    store.capture(point("other", 1, part="p1"), execution="E9")
                    with m.counting() as calls:
                        equal(m.read(name) == old, True)
                    equal(set(calls.counter) - {"LOOKUP"}, set(), f"after another metric's point: {calls}")
                    store.capture([point("rows", 7, part="p1")], task="t2")
                    equal(os.pread(fd, len(old) + 1, 0) == old == read_on(fd), True, name)
                    equal(m.read(name) == old, "t1" in at, name)
                finally:
                    os.close(fd)


@test("every size below tags is exact, also of a run that goes on")
def _():
    store = everywhere()
    with Mount(store) as m, store.running(execution="E3") as running:
        running.say(point("rows", 1, part="a", new="n"))
        wait_until(lambda: os.path.exists(m.path("exec/E3/t1/metrics/tags/new/n/rows.json")), "the point")
        equal(len(m.json("metrics/tags/new/n/rows.json")), 1)
        for path in files_below(m.point):
            if "/tags/" in path and not os.path.islink(path):
                read_exactly(path)


run()
