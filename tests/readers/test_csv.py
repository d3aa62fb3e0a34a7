#!/usr/bin/env python3
"""`<name>.csv` as others' programs read it: Python's csv, sqlite3 and Miller give back the very rows of the .json beside it."""

import csv
import io
import json
import os
import subprocess

from readers import Writer, metric, need, read_exactly  # isort: skip
from kestra_mount import PATIENCE, Mount, Store, environment, files_below, need_fuse, outputs, wait_until
from tap import equal, run, test

need_fuse()

FIXED = ["timestamp", "value", "type", "namespace", "flowId", "executionId", "taskId", "taskRunId", "taskRunValue", "attempt"]
HISTORY = ["executionId", "taskRunValue", "timestamp", "value"]

# No NUL: no program but Python's takes it for text.
VALUES = ['"', '""', 'a "b" c', ",", "a,b", "two\nlines", "\n", "\r\n", "a\rb", "'", "é", "日本 😀", " ", " a ", "\t", "", "-"]
VALUES += ["=1+1", "1e5", "0x1F", "true", "NaN", "\\", "\\n", "\x01\x1b\x7f", "\u0085\u2028", "#", ";", "null", "1,2", '","', '"\n"', "x" * 5000]


def exact(text):
    """JSON with its numbers as they are written."""
    return json.loads(text, parse_int=str, parse_float=str, strict=False)


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def cell(value):
    return value if isinstance(value, str) else compact(value)


def of_points(text):
    """The rows that a file of points must have."""
    points = exact(text)
    tags = list(dict.fromkeys(tag for p in points for tag in p["tags"]))
    for p in points:
        yield {**{name: cell(p.get(name, "")) for name in FIXED}, **{f"tags.{tag}": p["tags"].get(tag, "") for tag in tags}}


def of_history(text):
    for row, raw in zip(json.loads(text), exact(text)):
        value = row["value"] if isinstance(row["value"], str) else raw_value(raw["value"], row["value"])
        yield {**{name: cell(row.get(name, "")) for name in HISTORY}, "value": value}


def raw_value(raw, value):
    """Numbers as they are written, the rest as compact JSON."""
    return raw if isinstance(value, (int, float)) and not isinstance(value, bool) else compact(value)


def by_python(path):
    text = read_exactly(path).decode()
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def program(*words, folder):
    done = subprocess.run(words, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE, check=False, env=environment())
    equal((done.returncode, done.stderr), (0, b""), " ".join(words))
    return done.stdout.decode()


def by_sqlite(path):
    folder, name = os.path.split(path)
    text = program(need("sqlite3"), "-json", ":memory:", f".import --csv {name} t", "SELECT * FROM t", folder=folder)
    return json.loads(text, strict=False) if text else []


def by_miller(path):
    """All as text: what it takes for a number (`0x1F`) it would write as one. It reads lines, and takes CR LF for one end of a line also in quotes."""
    folder, name = os.path.split(path)
    return exact(program(need("mlr"), "-S", "--icsv", "--ojson", "--no-auto-unflatten", "cat", name, folder=folder))


READERS = (by_python, by_sqlite, by_miller)


def proves(path, of):
    """All read the same from a .csv as stands in the .json beside it; how many rows."""
    wanted = list(of(read_exactly(path.removesuffix(".csv") + ".json")))
    for reader in READERS:
        got = reader(path)
        for n, row in enumerate(wanted):
            if reader == by_miller:
                row = {name: value.replace("\r\n", "\n") for name, value in row.items()}
            equal(got[n] if n < len(got) else None, row, f"{path}, row {n}, {reader.__name__}")
        equal(len(got), len(wanted), f"rows of {path}, {reader.__name__}")
    return len(wanted)


@test("points with any values and tags")
def _():
    store = Store()
    lines = [metric("values", "counter", n, {"v": value, "same": "x"}) for n, value in enumerate(VALUES)]
    lines += [metric("names", "gauge", 1.5, {value: "v"}) for value in VALUES if value and value == value.strip()]
    lines += [metric("some", "timer", 1e21), metric("some", "gauge", -0.0, {"b": "1"}), metric("some", "counter", 5e-324, {"a": "1", "b": ""})]
    store.capture(lines, "E1", "one")
    store.capture(lines[:3], "E1", "loop", values=["a,b", 'c "d"\n'])
    store.capture(lines[:2], "E1", "loop", values=["plain"])
    store.capture(lines[:2], "E1", "loop", values=["plain"])
    with Mount(store, trace=False) as m:
        equal(proves(m.path("metrics/values.csv"), of_points), len(VALUES) + 7)
        for name in ("names", "some"):
            assert proves(m.path(f"metrics/{name}.csv"), of_points) > 2
        for path in files_below(m.path("exec/E1/loop")):
            if path.endswith(".csv"):
                proves(path, of_points)


@test("the history of an output with any values")
def _():
    store = Store()
    values = [*VALUES, 1, -1.5, 1e21, True, False, None, [], {}, [1, "a,b", None], {"k": 'v"', "n": [1]}]
    for n, value in enumerate(values):
        store.capture([outputs(x=value)], f"E{n:02}", "t1", values=["a,b", 'c"'][: n % 3])
    with Mount(store, trace=False) as m:
        equal(proves(m.path("flow/dev/test/outputs/t1/x.csv"), of_history), len(values))


@test("while a run prints every read is whole: as long as its size, and one row a point")
def _():
    store = Store()
    store.capture([metric("rows", "counter", 1), outputs(x=0)], "E0", "writer")

    def lines(n):
        yield metric("rows", "counter", n, {"part": str(n % 50), f"tag-{n % 20}": 'a "b",\n'})
        yield outputs(x=n)

    with Mount(store, trace=False) as m, Writer(store.running("E1", "writer"), lines):
        path, history = m.path("metrics/rows.csv"), m.path("flow/dev/test/outputs/writer/x.csv")
        wait_until(lambda: b"\nE1," in read_exactly(history), "the run's output")
        seen = []

        def read():
            for reader in READERS:
                rows = reader(path)
                assert all(set(row) == set(rows[0]) and row["timestamp"] for row in rows), rows
                seen.append(len(rows))
                equal([row["executionId"] for row in reader(history)], ["E0", "E1"])
            return len(seen) >= 10 * len(READERS) and len(set(seen)) >= 5

        wait_until(read, "reads between which the run went on")
        equal(seen, sorted(seen), "rows as seen")


run()
