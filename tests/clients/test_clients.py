#!/usr/bin/env python3
"""The libraries that scripts really use, under kestrafs-capture, read back from a real mount byte for byte."""

import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "mount"))

from kestra_mount import Mount, Store, environment, need_fuse  # noqa: E402
from tap import contains, equal, run, skip, test  # noqa: E402

BIN = os.environ["KESTRAFS_BIN"]
EXAMPLES = os.path.join(HERE, "..", "..", "docs", "examples", "partitions")
EXECUTION = "clients"
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"

# The lines of the page that users follow, to the byte.
PAGE = [
    '::{"outputs":{"test":"value","int":2,"bool":true,"float":3.65}}::',
    '::{"metrics":[{"name":"count","type":"counter","value":1,"tags":{"tag1":"i","tag2":"win"}}]}::',
    '::{"metrics":[{"name":"time","type":"timer","value":2.12,"tags":{"tag1":"i","tag2":"destroy"}}]}::',
]

# The one object both libraries print, as the tree must show it: value of outputs.json, then the files below outputs/.
CONTROLS = "\0\x01\x1f\b\f\r\t\"\\/\x7f"
OBJECT = {
    "text": "two\nlines",
    "unicode": "café, 10 €, 😀",
    "separators": "\u0085\u2028\u2029",
    "controls": CONTROLS,
    "int": 0,
    "float": 0.1,
    "large": 1e21,
    "small": 0,
    "yes": True,
    "no": False,
    "nothing": None,
    "partitions": ["file_1.parquet", "file 2", 3, {"a": [1, "b"]}, "x\ny"],
    "empty": [],
    "nested": {"a/b": "slash", "deep": {"n": 1}},
}
FILES = {
    "text": "two\nlines\n",
    "unicode": "café, 10 €, 😀\n",
    "separators": "\u0085\u2028\u2029\n",
    "controls": CONTROLS + "\n",
    "float": "0.1\n",
    "large": "1e+21\n",
    "yes": "true\n",
    "no": "false\n",
    "nothing": "null\n",
    "partitions": 'file_1.parquet\nfile 2\n3\n{"a":[1,"b"]}\n"x\\ny"\n',
    "empty": "",
    "nested/a%2Fb": "slash\n",
    "nested/deep/n": "1\n",
}
# Digits are kept as the languages write them.
NODE_DIGITS = {"int": "9007199254740991", "small": "1e-7"}
PYTHON_DIGITS = {"int": "123456789012345678901234567890", "small": "1e-07"}


need_fuse()
store = Store()
mount = Mount(store, trace=False)


def capture(task, *command, options=(), cwd=None, **variables):
    """Runs `command` as `task` and returns what it printed."""
    helper = store.arguments(EXECUTION, task, flow="dev/clients", options=options)
    return subprocess.run([*helper, "--", *command], check=True, capture_output=True, text=True, env=environment(**variables), cwd=cwd)


def read(*path):
    return mount.text("exec", EXECUTION, *path)


def object_text(digits):
    text = json.dumps(OBJECT, ensure_ascii=False, separators=(",", ":"))
    for name, number in digits.items():
        text = text.replace(f'"{name}":0,', f'"{name}":{number},')
    return text + "\n"


def check_outputs(task, digits):
    equal(read(task, "outputs.json"), object_text(digits))
    for name, text in {**FILES, **{name: number + "\n" for name, number in digits.items()}}.items():
        equal(read(task, "outputs", name), text, name)
    equal(os.listdir(mount.path("exec", EXECUTION, task, "outputs")), list(OBJECT), "names of outputs")


def point(task, name, kind, value, tags):
    unit = ',"unit":"seconds"' if kind == "timer" else ""
    return (
        f'{{"name":"{name}","type":"{kind}","value":{value}{unit},"timestamp":"TIME","tags":{tags},"namespace":"dev","flowId":"clients",'
        f'"executionId":"{EXECUTION}","taskId":"{task}","taskRunId":"ID"}}'
    )


def check_metric(task, name, *points):
    """A metric's document to the byte, but for the times and the made-up id of the task run."""
    text = read(task, "metrics", f"{name}.json")
    text = re.sub(f'"timestamp":"{TIME}"', '"timestamp":"TIME"', text)
    text = re.sub(r'"taskRunId":"[A-Za-z0-9]{22}"', '"taskRunId":"ID"', text)
    equal(text, "[\n" + ",\n".join(point(task, name, *given) for given in points) + "\n]\n", name)


def check_common_metrics(task):
    check_metric(
        task,
        "rows",
        ("counter", "42", '{"partition":"file_1.parquet","n":"1","ok":"true"}'),
        ("counter", "0.1", "{}"),
    )
    check_metric(task, "took", ("timer", "2.12", '{"tag1":"i"}'))


def check_measured(task):
    """The library took the time itself: seconds, with the milliseconds it counts in."""
    points = json.loads(read(task, "metrics", "measured.json"))
    equal([(p["type"], p["unit"]) for p in points], [("timer", "seconds")], "points measured")
    assert 0.015 <= points[0]["value"] < 30, points


def check_log(task):
    """Lines of one stream keep their order; between the two there is none."""
    lines = [re.sub(f"^{TIME} ", "", line) for line in read(task, "log").splitlines()]
    of_stdout = [line for line in lines if line.startswith(("DEBUG", "INFO"))]
    equal(of_stdout, ["DEBUG a debug line", "INFO first", "INFO second\\nline"], "log lines of stdout")
    equal([line for line in lines if line not in of_stdout], ["WARN a warning: ::{}::", "ERROR an error 😀"], "log lines of stderr")


def check_no_warnings(task):
    equal(read(task, "warnings"), "", "warnings")


def python(task, script, options=()):
    return capture(task, sys.executable, script, options=options, PYTHONPATH=EXAMPLES, PYTHONDONTWRITEBYTECODE="1")


def node(task, *arguments, options=(), cwd=None):
    """Fails in continuous integration where the library is not there, skips elsewhere."""
    done = subprocess.run([os.path.join(HERE, "install"), BIN], capture_output=True, text=True, check=False)
    if done.returncode != 0 and os.environ.get("CI") != "true":
        skip(done.stderr.splitlines()[-1])
    equal(done.returncode, 0, f"exit status of tests/clients/install ({done.stderr})")
    return capture(task, "node", *arguments, options=options, cwd=cwd, NODE_PATH=os.path.join(BIN, "clients", "node_modules"))


@test("the page's bash lines, as they stand")
def _():
    with open(os.path.join(EXAMPLES, "echo.sh"), encoding="utf-8") as file:
        equal([line.rstrip("\n") for line in file if line.startswith("echo")], [f"echo '{line}'" for line in PAGE], "echo.sh")
    equal(capture("echo", "bash", os.path.join(EXAMPLES, "echo.sh")).stdout.splitlines(), PAGE, "what passed through")
    equal(read("echo", "outputs.json"), '{"test":"value","int":2,"bool":true,"float":3.65}\n')
    for name, text in {"test": "value\n", "int": "2\n", "bool": "true\n", "float": "3.65\n"}.items():
        equal(read("echo", "outputs", name), text, name)
    check_metric("echo", "count", ("counter", "1", '{"tag1":"i","tag2":"win"}'))
    check_metric("echo", "time", ("timer", "2.12", '{"tag1":"i","tag2":"destroy"}'))
    check_no_warnings("echo")


@test("the page's getPartitions, in Python")
def _():
    python("getPartitions", os.path.join(EXAMPLES, "getPartitions.py"))
    equal(read("getPartitions", "outputs", "partitions"), "".join(f"file_{nr}.parquet\n" for nr in range(1, 10)))


@test("the execution's outputs are where a Kestra expression looks for them")
def _():
    together = json.loads(read("outputs.json"))
    equal(together["getPartitions"]["vars"]["partitions"], [f"file_{nr}.parquet" for nr in range(1, 10)])
    equal(together["echo"]["vars"], {"test": "value", "int": 2, "bool": True, "float": 3.65})


for each in ("doc", "kestra"):

    @test(f"what the Python library prints, dialect {each}")
    def _(dialect=each):
        task = f"python-{dialect}"
        python(task, os.path.join(HERE, "library.py"), options=["--dialect", dialect])
        check_outputs(task, PYTHON_DIGITS)
        check_common_metrics(task)
        check_no_warnings(task)

    @test(f"Node: outputs, counter, timer, gauge and logger of @kestra-io/libs 2.0.0, dialect {each}")
    def _(dialect=each):
        task = f"node-{dialect}"
        printed = node(task, os.path.join(HERE, "library.cjs"), options=["--dialect", dialect])
        contains(printed.stdout, '::{"outputs":{"text":')
        contains(printed.stderr, '::{"logs":[{"level":"ERROR"')
        check_outputs(task, NODE_DIGITS)
        check_common_metrics(task)
        check_metric(task, "temperature", ("gauge", "-3.5", '{"unité":"°C"}'))
        check_measured(task)
        check_log(task)
        check_no_warnings(task)


@test("Node: @kestra-io/libs 2.0.0 as an ES module")
def _():
    with open(os.path.join(HERE, "module.mjs"), encoding="utf-8") as file:
        source = file.read()
    # What a module that is given as text imports is looked up from the working folder.
    node("module", "--input-type=module", "-e", source, cwd=os.path.join(BIN, "clients"))
    equal(read("module", "outputs", "from"), "an ES module\n")


with mount:
    run()
