#!/usr/bin/env python3
"""The history of an output over the executions of a flow: a row per run, exact in each format, right at the very next look."""

import csv
import io
import json
import os
import re
import subprocess
import xml.etree.ElementTree

from kestra_mount import ROOT, Mount, Store, counter, environment, files_below, need_fuse, outputs, read_file, read_on, wait_until
from tap import equal, run, test

need_fuse()

FLOW = "flow/dev/test"
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"
ROW = re.compile(r'\{"executionId":"([^"]*)"(?:,"taskRunValue":(".*?"|\[.*?\]))?,"timestamp":"(%s)","value":(.*)\}' % TIME)
HEADER = ["executionId", "taskRunValue", "timestamp", "value"]


def read_exactly(m, *names):
    """The file's text; what stat says of its size is true."""
    size = os.stat(m.path(*names)).st_size
    data = m.read(*names)
    equal((len(data), os.stat(m.path(*names)).st_size), (size, size), "size of " + "/".join(names))
    return data.decode()


def cell(raw):
    """What a column of CSV shows of a JSON text: strings as they are, else the text; nothing for none."""
    return "" if raw is None else json.loads(raw) if raw[0] == '"' else raw


def rows(m, name="x", task="t1", flow=FLOW):
    """(execution, value of the run, value) as JSON texts of every row. The form is exact, the CSV says the same, times lie within the execution."""
    at = f"{flow}/outputs/{task}/{name}"
    if not os.path.exists(m.path(at + ".json")):
        equal([os.path.exists(m.path(at + suffix)) for suffix in (".csv", ".svg")], [False, False], "formats of nothing")
        return []
    text = read_exactly(m, at + ".json")
    lines = text.split("\n")
    equal((lines[0], lines[-2:]), ("[", ["]", ""]))
    found = []
    for n, line in enumerate(lines[1:-2]):
        body = line if n == len(lines) - 4 else line.removesuffix(",")
        assert line.endswith("},") or body is line, line
        found.append(ROW.fullmatch(body).groups())
    json.loads(text)
    table = read_exactly(m, at + ".csv")
    assert table.endswith("\n") and not table.endswith("\r\n"), table
    wanted = [[execution, cell(value_of), when, cell(value)] for execution, value_of, when, value in found]
    equal(list(csv.reader(io.StringIO(table, newline=""))), [HEADER, *wanted])
    for execution, _, when, _ in found:
        state = m.json("exec", execution, "execution.json")["state"]
        assert state["startDate"] <= when <= state.get("endDate", "9"), (when, state)
    drawn = bool(found) and all(re.fullmatch(r"-?\d.*", value) for *_, value in found)
    equal(os.path.exists(m.path(at + ".svg")), drawn, "a plot of " + repr([row[3] for row in found])[:200])
    if drawn:
        equal(xml.etree.ElementTree.fromstring(read_exactly(m, at + ".svg")).tag, "{http://www.w3.org/2000/svg}svg")
    return [(execution, value_of, value) for execution, value_of, _, value in found]


def raw(name, text):
    """A message that sets an output to a JSON text, as it is."""
    return '::{"outputs":{%s:%s}}::' % (json.dumps(name), text)


def sees(m, path, text):
    """Waits for a value of a run that goes on; everything else has to show it then."""
    wait_until(lambda: os.path.exists(m.path(path)) and m.text(path) == text, path)


def listed(m, task="t1"):
    return set(os.listdir(m.path(FLOW, "outputs", task)))


# Rows


@test("ten runs with ten numbers: ten rows, digits as they were printed, and a plot")
def _():
    numbers = ["3", "0", "-7", "3.65", "1.50", "1e2", "0.001", "12345678901234567890", "-0.0", "4E-3"]
    store = Store()
    with Mount(store) as m:
        for n, number in enumerate(numbers):
            store.capture([raw("x", number), counter("rows", n)], f"E{n}")
            equal(rows(m), [(f"E{i}", None, numbers[i]) for i in range(n + 1)])
        equal(listed(m), {"x.json", "x.csv", "x.svg"})
        times = [line.split(",")[2] for line in m.text(FLOW, "outputs/t1/x.csv").splitlines()[1:]]
        wanted = [f'{{"executionId":"E{n}","timestamp":"{times[n]}","value":{numbers[n]}}}' for n in range(10)]
        equal(m.text(FLOW, "outputs/t1/x.json"), "[\n" + ",\n".join(wanted) + "\n]\n")
        equal(m.text(FLOW, "outputs/t1/x.csv"), ",".join(HEADER) + "\n" + "".join(f"E{n},,{times[n]},{numbers[n]}\n" for n in range(10)))
        equal(times, sorted(times))


VALUES = [
    '"text"',
    '""',
    '"a,b"',
    r'"say \"hi\""',
    r'"two\nlines\r\n"',
    r'" blanks\tand tabs "',
    '"ü 😀"',
    r'"=1+1, \\"',
    "true",
    "false",
    "null",
    "[]",
    "{}",
    '[1,"two",{"three":[3.0]},null]',
    '{"b":1,"a":{"c":"d,e"}}',
    "1e400",
    "123456789012345678901234567890",
    '"%s"' % ("y" * 70_000),
    "[%s]" % ",".join(map(str, range(5000))),
]


@test("strings, arrays, objects and words as they are, in JSON and in CSV")
def _():
    store = Store()
    store.capture([raw(f"v{n}", value) for n, value in enumerate(VALUES)], "E1")
    store.capture([raw(f"v{n}", value) for n, value in enumerate(reversed(VALUES))], "E2")
    with Mount(store) as m:
        for n, (one, two) in enumerate(zip(VALUES, reversed(VALUES), strict=True)):
            equal(rows(m, f"v{n}"), [("E1", None, one), ("E2", None, two)])
        equal([json.loads(value) for *_, value in rows(m, "v0")], [m.json(f"exec/E{n}/t1/outputs.json")["v0"] for n in (1, 2)])


@test("rows stand by start of execution, not by when the value was set; a value set again replaces the first")
def _():
    store = Store()
    with Mount(store) as m, store.running("A") as a:
        wait_until(lambda: os.path.exists(m.path("exec/A/t1")), "the first run")
        store.capture(outputs(x=2), "B")
        equal(rows(m), [("B", None, "2")])
        for value in ("1", '"now a text"', "3"):
            a.say(raw("x", value))
            sees(m, "exec/A/t1/outputs/x", cell(value) + "\n")
            equal(rows(m), [("A", None, value), ("B", None, "2")])
        store.capture(outputs(x=4), "C")
        a.end()
        equal(rows(m), [("A", None, "3"), ("B", None, "2"), ("C", None, "4")])
    store.end("A")


@test("runs with values, nested loops, a twin, and the task's own run: a row each")
def _():
    store = Store()
    with Mount(store) as m:
        wanted = []
        for execution in ("E1", "E2"):
            for n, values in enumerate(([], ["one"], ["a/b, \"c\""], [""], ["outer", "inner"], ["outer", "in,\nner"], ["x", "y", "z"], ["null"])):
                store.capture(outputs(x=n), execution, values=values)
                shown = None if not values else json.dumps(values[0] if len(values) == 1 else values, separators=(",", ":"))
                wanted.append((execution, shown, str(n)))
                equal(rows(m), wanted)
        store.capture(outputs(x=99), "E2", values=["one"], options=["--taskrun", "another"])
        wanted.append(("E2", '"one"', "99"))
        equal(rows(m), wanted)


@test("a retry: no row until the new attempt has set the output, the other outputs neither; then one row with its value")
def _():
    store = Store()
    store.capture([outputs(x=1, y="one"), raw("z", "[1]")], "E1")
    store.capture(outputs(x=2), "E2")
    with Mount(store) as m:
        equal(rows(m), [("E1", None, "1"), ("E2", None, "2")])
        equal((rows(m, "y"), rows(m, "z")), ([("E1", None, '"one"')], [("E1", None, "[1]")]))
        with store.running("E1") as again:
            wait_until(lambda: os.path.exists(m.path("exec/E1/t1/attempts/2")), "the second attempt")
            equal((rows(m), rows(m, "y"), rows(m, "z")), ([("E2", None, "2")], [], []))
            equal({name for name in listed(m) if name[0] in "yz"}, set())
            again.say(outputs(x=10))
            sees(m, "exec/E1/t1/outputs/x", "10\n")
            equal((rows(m), rows(m, "y")), ([("E1", None, "10"), ("E2", None, "2")], []))
        store.capture(outputs(y="three"), "E1")
        equal((rows(m), rows(m, "y")), ([("E2", None, "2")], [("E1", None, '"three"')]))
        for n in range(3):
            store.capture(outputs(x=n), "E3", values=["v"])
            equal(rows(m), [("E2", None, "2"), ("E3", '"v"', str(n))])


@test("the first of several runs tried again: still one row per run")
def _():
    store = Store()
    with Mount(store) as m:
        for value in ("one", "two", "three"):
            store.capture(outputs(x=value), "E1", values=[value])
        store.capture(outputs(x="again"), "E1", values=["one"])
        equal(sorted(rows(m)), [("E1", '"one"', '"again"'), ("E1", '"three"', '"three"'), ("E1", '"two"', '"two"')])


@test("a run whose command fails or whose helper is lost keeps its row")
def _():
    store = Store()
    with Mount(store) as m:
        store.run(["sh", "-c", "echo '::{\"outputs\":{\"x\":1}}::'; exit 3"], "E1")
        with store.running("E2") as lost:
            lost.say(outputs(x=2))
            sees(m, "exec/E2/t1/outputs/x", "2\n")
            lost.process.kill()
        equal(m.text("exec/E2/state"), "KILLED\n")
        equal(rows(m), [("E1", None, "1"), ("E2", None, "2")])


# Where they stand


@test("tasks and flows apart, each task that has outputs once, in the order of recording")
def _():
    store = Store()
    store.capture(outputs(x=1), "E1", "t2")
    store.capture(outputs(x=2, other=1), "E1", "t1")
    store.capture(counter("rows", 1), "E1", "none")
    command = [*store.arguments("O1", "t3", flow="dev/other"), "--", "echo", outputs(x=3)]
    equal(subprocess.run(command, stdout=subprocess.DEVNULL, env=environment(), cwd=ROOT).returncode, 0)
    store.capture(outputs(x=4), "E2", "t2", values=["v"])
    with Mount(store) as m:
        equal([task for task in os.listdir(m.path(FLOW, "outputs")) if task != "none"], ["t2", "t1"])
        equal(os.listdir(m.path("flow/dev/other/outputs")), ["t3"])
        equal(rows(m, task="t2"), [("E1", None, "1"), ("E2", '"v"', "4")])
        equal(rows(m, task="t1"), [("E1", None, "2")])
        equal(rows(m, task="t3", flow="flow/dev/other"), [("O1", None, "3")])
        equal(listed(m, "t1"), {name + suffix for name in ("x", "other") for suffix in (".json", ".csv", ".svg")})
        for name in ("t1/x", "t1/x.txt", "t1/y.json", "t1/.json", "nobody/x.json", "t3/x.json", "t1/x.json.json"):
            equal(os.path.exists(m.path(FLOW, "outputs", name)), False, name)


@test("names of outputs by the name rule, one stem for all formats")
def _():
    names = {"a/b": "a%2Fb", "..": "%2E.", ".": "%2E", "": "%", "%": "%25", "new\nline": "new%0Aline", "nul\0": "nul%00"}
    names |= {name: name for name in ("ünï", "x.json", "metrics", "n" * 250)}
    store = Store()
    store.capture(outputs(**{name: n for n, name in enumerate([*names, "l" * 300, "ü" * 200])}))
    with Mount(store) as m:
        for n, entry in enumerate(names.values()):
            equal(rows(m, entry), [("E1", None, str(n))], entry)
        stems = {name.rsplit(".", 1)[0] for name in listed(m)}
        equal(len(stems), len(names) + 2)
        for first in "lü":
            (stem,) = [stem for stem in stems - set(names.values()) if stem[0] == first]
            assert re.fullmatch(rf"{first}+%~[0-9a-f]{{16}}", stem) and 247 <= len(stem.encode()) <= 250, stem


# What holds while it changes


@test("the plot goes with the first value that is no number and comes back when that is gone")
def _():
    store = Store()
    with Mount(store) as m:
        for value, drawn in (("1", True), ('"one"', False), ("2.5", True), ("null", False), ("[1]", False), ("-3", True), ("true", False), ('"4"', False)):
            store.capture(outputs(x=0), "E1")
            equal("x.svg" in listed(m), True, "before")
            store.capture(raw("x", value), "E1", values=["v"])
            equal("x.svg" in listed(m), drawn, value)
            equal(len(rows(m)), 2)
            store.capture(outputs(y=1), "E1", values=["v"])
            equal(rows(m), [("E1", None, "0")])


@test("a descriptor opened before a change reads the old version to its end, in each format")
def _():
    store = Store()
    for n in range(30):
        store.capture(raw("x", str(n + 1) + "0" * 20), "E1", values=[f"value {n:0200}"])
    with Mount(store) as m:
        for n, name in enumerate(("x.json", "x.csv", "x.svg")):
            path = m.path(FLOW, "outputs/t1", name)
            old = read_file(path)
            one, two = os.open(path, os.O_RDONLY), os.open(path, os.O_RDONLY)
            try:
                half = os.read(two, len(old) // 2)
                store.capture(outputs(x=n), f"N{n}")
                store.capture(raw("x", f"1{n}"), "E1", values=[f"value {n:0200}"])
                equal((read_on(one) == old, half + read_on(two) == old, os.fstat(one).st_size), (True, True, len(old)), name)
                assert read_file(path) != old, name
            finally:
                os.close(one)
                os.close(two)
            equal(len(rows(m)), 31 + n)


@test("the same unchanged history again costs LOOKUPs alone, and so it does after a change elsewhere")
def _():
    store = Store()
    store.capture(outputs(x=1, y=2), "E1")
    with Mount(store) as m:
        for name in ("x.json", "x.csv", "x.svg"):
            before = m.read(FLOW, "outputs/t1", name)
            for change in (lambda: None, lambda: store.capture(outputs(y=3, z=name), f"F{name[2:]}"), lambda: store.capture(outputs(x=3), "E1", "t9")):
                change()
                with m.counting() as calls:
                    again = m.read(FLOW, "outputs/t1", name)
                equal((set(calls.counter), again), ({"LOOKUP"}, before), str(calls))


@test("every size is exact, all over the tree")
def _():
    store = Store()
    for n in range(12):
        store.capture([outputs(x=n * 1.25, list=list(range(n)), text="é" * n), counter("rows", n)], f"E{n % 5}", values=[f"v{n % 3}"])
    with Mount(store) as m:
        for path in files_below(m.point):
            if not os.path.islink(path):
                equal(len(read_file(path)), os.stat(path).st_size, path)


run()
