#!/usr/bin/env python3
"""Who a run is: options, then variables, then the context that Kestra writes; what hides what, and what COMMAND inherits."""

import base64
import json
import os

from kestra_capture import CAPTURE, RUN, Store, capture, contains, equal, output, run, test, wrong

ENVIRONMENT = {
    "KESTRA_NAMESPACE": "env.ns",
    "KESTRA_FLOW_ID": "envflow",
    "KESTRA_EXECUTION_ID": "ENV",
    "KESTRA_TASK_ID": "envtask",
    "KESTRA_TASKRUN_ID": "envrun",
    "KESTRA_TASKRUN_VALUE": "env value",
}

CONTEXT = {
    "flow": {"namespace": "ctx.ns", "id": "ctxflow", "revision": 3},
    "execution": {"id": "CTX", "startDate": "2026-11-22T10:00:00Z"},
    "task": {"id": "ctxtask", "type": "io.kestra.plugin.scripts.shell.Commands"},
    "taskrun": {"id": "ctxrun", "value": "ctx value", "attemptsCount": 0},
    "inputs": {"large": 123456789012345678901234567890, "nul": "\0", "ok": True},
}


def write_context(store, name=".kestra-execution-context.json", text=None):
    path = os.path.join(store.cwd, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(json.dumps(CONTEXT) if text is None else text)
    return path


def record(*args, env=None, store=None):
    """The taskrun.json of the one run of a new store, and its place in the tree."""
    store = store or Store()
    done = capture(store, *args, "--", "echo", output("a", 1), env=env)
    equal(done.returncode, 0, f"exit status ({done.stderr})")
    places = [path for path in store.paths() if path.endswith("/taskrun.json")]
    equal(len(places), 1, f"runs {places}")
    return store.json(places[0]), os.path.dirname(places[0])


def who(run_json):
    return [run_json.get(name) for name in ("namespace", "flowId", "executionId", "taskId", "id", "value")]


@test("from options")
def _():
    json_, place = record("--flow", "a.b/c", "--execution", "E", "--task", "t", "--taskrun", "r", "--value", "v")
    equal(who(json_), ["a.b", "c", "E", "t", "r", "v"])
    equal(place, "/exec/E/t/runs/v")


@test("options as --name=value, and the first word that is none begins COMMAND")
def _():
    json_, _ = record("--flow=a.b/c", "--execution=E", "--task=t", "--taskrun=r", "--value=")
    equal(who(json_), ["a.b", "c", "E", "t", "r", ""])
    store = Store()
    equal(capture(store, *RUN, "echo", "--task", "x", "--", "y").stdout, "--task x -- y\n")


@test("from the environment; an empty variable counts as not set")
def _():
    equal(who(record(env=ENVIRONMENT)[0]), ["env.ns", "envflow", "ENV", "envtask", "envrun", "env value"])
    json_, place = record(env={**ENVIRONMENT, "KESTRA_TASKRUN_VALUE": "", "KESTRA_TASKRUN_ID": ""})
    equal(who(json_)[:4], ["env.ns", "envflow", "ENV", "envtask"])
    equal("value" in json_, False)
    equal(place, "/exec/ENV/envtask")


@test("from a context file in the working folder")
def _():
    store = Store()
    write_context(store)
    equal(who(record(store=store)[0]), ["ctx.ns", "ctxflow", "CTX", "ctxtask", "ctxrun", "ctx value"])


@test("from a context file that a variable names")
def _():
    store = Store()
    path = write_context(store, "elsewhere.json")
    write_context(store, text="{}")
    equal(who(record(store=store, env={"KESTRA_EXECUTION_CONTEXT_FILE": path})[0])[2], "CTX")


@test("from a context in base64")
def _():
    for encoded in (base64.b64encode(json.dumps(CONTEXT).encode()).decode(), base64.encodebytes(json.dumps(CONTEXT).encode()).decode()):
        equal(who(record(env={"KESTRA_CONTEXT": encoded})[0]), ["ctx.ns", "ctxflow", "CTX", "ctxtask", "ctxrun", "ctx value"])


@test("options before variables before the context, each part for itself")
def _():
    store = Store()
    write_context(store)
    json_, _ = record("--taskrun", "optrun", store=store, env={"KESTRA_EXECUTION_ID": "ENV", "KESTRA_TASK_ID": ""})
    equal(who(json_), ["ctx.ns", "ctxflow", "ENV", "ctxtask", "optrun", "ctx value"])


@test("--task hides an inherited task run and value")
def _():
    for source in ("environment", "context"):
        store = Store()
        if source == "context":
            write_context(store)
        json_, place = record("--task", "mine", store=store, env=ENVIRONMENT if source == "environment" else {})
        assert json_["id"] not in ("envrun", "ctxrun"), json_["id"]
        equal((len(json_["id"]), "value" in json_), (22, False))
        equal(place, "/exec/ENV/mine" if source == "environment" else "/exec/CTX/mine")


@test("--execution hides task, task run and value; --flow the execution too")
def _():
    wrong(capture(Store(), "--execution", "E", "--", "echo", env=ENVIRONMENT), "--task ID", "KESTRA_TASK_ID")
    done = capture(Store(), "--flow", "a/b", "--", "echo", env=ENVIRONMENT)
    wrong(done, "--execution ID", "KESTRA_EXECUTION_ID", "--task ID", "KESTRA_TASK_ID")
    json_, _ = record("--execution", "E", "--task", "t", env=ENVIRONMENT)
    equal(who(json_)[:4], ["env.ns", "envflow", "E", "t"])
    equal("value" in json_, False)


@test("all that is missing is named at once, with option and variable")
def _():
    done = capture(Store(), "--", "echo", "ran")
    wrong(done, "--flow NAMESPACE/FLOW", "KESTRA_NAMESPACE", "KESTRA_FLOW_ID", "--execution ID", "KESTRA_EXECUTION_ID", "--task ID", "KESTRA_TASK_ID")
    wrong(capture(Store(), *RUN[:4], "--", "echo", "ran"), "--task ID")


@test("a broken context is told where something is missing, and only there")
def _():
    store = Store()
    write_context(store, text="{broken")
    wrong(capture(store, "--", "echo"), ".kestra-execution-context.json could not be read: it is not a JSON object")
    equal(capture(store, *RUN, "--", "true").stderr, "")
    done = capture(Store(), "--", "echo", env={"KESTRA_CONTEXT": "%%%"})
    wrong(done, "KESTRA_CONTEXT could not be read")


@test("ids are checked by their grammar, and the rule is shown")
def _():
    for option, word, rule in (
        ("--execution", "a b", "[A-Za-z0-9][A-Za-z0-9_-]*, at most 150"),
        ("--execution", "x" * 151, "at most 150"),
        ("--task", "../x", "[A-Za-z0-9][A-Za-z0-9_-]*"),
        ("--taskrun", "-x", "[A-Za-z0-9][A-Za-z0-9_-]*"),
        ("--flow", "Dev/x", "[a-z0-9][a-z0-9._-]*"),
        ("--flow", "dev/x/y", "[A-Za-z0-9][A-Za-z0-9._-]*"),
        ("--flow", "dev", "NAMESPACE/FLOW"),
        ("--flow", "/x", "NAMESPACE/FLOW"),
    ):
        wrong(capture(Store(), *RUN, option, word, "--", "echo"), rule)
    wrong(capture(Store(), "--", "echo", env={**ENVIRONMENT, "KESTRA_TASK_ID": "a/b"}), "KESTRA_TASK_ID")


@test("values and labels are text")
def _():
    for args in (["--value", b"\xff"], ["--label", b"k=\xff"], ["--label", "novalue"], ["--label", "=v"], ["--value", "x" * 65537], ["--value", "x"] * 101):
        store = Store()
        done = capture(store, *RUN, *args, "--", "echo", "ran")
        wrong(done, "kestrafs-capture: --")
        assert "x" * 20 not in done.stderr and not os.path.exists(store.path)
    wrong(capture(Store(), "--", "echo", env={**ENVIRONMENT, "KESTRA_TASKRUN_VALUE": os.fsdecode(b"\xff")}), "KESTRA_TASKRUN_VALUE", "UTF-8")
    equal(capture(Store(), *RUN, *["--value", "x"] * 100, "--label", "a=", "--label", "b=c=d", "--", "true").returncode, 0)


@test("values nest, outermost first")
def _():
    json_, place = record(*RUN, "--value", "a/b", "--value", "", "--value", "ü")
    equal(json_["value"], ["a/b", "", "ü"])
    equal(place, "/exec/E1/extract/runs/a%2Fb/runs/%/runs/ü")


@test("labels belong to the execution")
def _():
    store = Store()
    capture(store, *RUN, "--label", "team=data", "--label", "x=1", "--", "true")
    capture(store, *RUN[:4], "--task", "other", "--label", "x=2", "--", "true")
    labels = {label["key"]: label["value"] for label in store.json("exec/E1/execution.json")["labels"]}
    equal(labels, {"team": "data", "x": "2"})


@test("COMMAND inherits who it is, and nothing that was hidden")
def _():
    show = "env | grep -E '^KESTRA_' | sort"
    done = capture(Store(), "--", "sh", "-c", show, env=ENVIRONMENT)
    equal(done.stdout.splitlines(), sorted(f"{name}={value}" for name, value in ENVIRONMENT.items()))
    done = capture(Store(), "--task", "mine", "--", "sh", "-c", show, env=ENVIRONMENT)
    wanted = {**ENVIRONMENT, "KESTRA_TASK_ID": "mine"}
    del wanted["KESTRA_TASKRUN_ID"], wanted["KESTRA_TASKRUN_VALUE"]
    equal(done.stdout.splitlines(), sorted(f"{name}={value}" for name, value in wanted.items()))
    store = Store()
    write_context(store)
    equal("KESTRA_EXECUTION_ID=CTX" in capture(store, "--", "sh", "-c", show).stdout, True)


@test("a helper in a helper inherits everything: nested values, an empty one, and the store")
def _():
    for values in (["outer", "in\nner"], [""], ["é"]):
        store = Store()
        args = [word for value in values for word in ("--value", value)]
        elsewhere = os.path.join(store.cwd, "elsewhere")
        done = capture(store, "--store", "elsewhere", *RUN, *args, "--", CAPTURE, "--task", "inner", *args, "--", CAPTURE, "--", "echo", output("a", 1))
        equal(done.returncode, 0)
        assert not os.path.exists(store.path)
        places = [path for path in Store(elsewhere).paths() if path.endswith("/taskrun.json")]
        equal(len(places), 3 + 1, places)  # extract, inner, and the two attempts of inner
        equal(Store(elsewhere).json([p for p in places if "/inner/" in p and "attempts" not in p][0])["value"], values[0] if len(values) == 1 else values)


@test("a value set between two helpers counts")
def _():
    store = Store()
    shell = f"export KESTRA_TASK_ID=step KESTRA_TASKRUN_VALUE=mine; exec {CAPTURE} -- true"
    equal(capture(store, *RUN, "--value", "a", "--value", "b", "--", "sh", "-c", shell).returncode, 0)
    equal(store.names("exec/E1/step/runs"), ["mine"])


@test("a context does not fill in what an outer helper has hidden")
def _():
    store = Store()
    write_context(store)
    capture(store, "--task", "mine", "--", CAPTURE, "--", "echo", output("a", 1))
    equal(store.has("exec/CTX/mine/runs"), False)


@test("a helper whose output goes into another one of the same store says so, once")
def _():
    store = Store()
    inner = f"{CAPTURE} --task inner -- echo one; {CAPTURE} --task other -- true >/dev/null 2>other"
    done = capture(store, *RUN, "--", "sh", "-c", inner)
    equal(done.stderr.count("kestrafs-capture: "), 1)
    contains(done.stderr, "this output goes into another kestrafs-capture")
    equal(done.stdout, "one\n")
    other = f"{CAPTURE} --store second --task inner -- echo one"
    equal(capture(store, *RUN[:4], "--task", "t2", "--", "sh", "-c", other).stderr, "")
    framed = f"{CAPTURE} --task framed -- echo one"
    equal(capture(store, "--begin", "--flow", "dev/x", "--", "sh", "-c", framed).stderr, "")
    piped = f"echo one | {CAPTURE} --quiet --task quiet"
    equal(capture(store, *RUN[:4], "--task", "t3", "--", "sh", "-c", piped).stderr, "")


run()
