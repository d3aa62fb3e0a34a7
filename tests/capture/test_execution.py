#!/usr/bin/env python3
"""Executions and their runs: --begin and --end, states, attempts."""

import hashlib
import os
import re
import signal
import subprocess

from kestra_capture import CAPTURE, RUN, Store, capture, contains, equal, finish, output, run, script, start, test, wait_until, wrong

FLOW = ("--flow", "dev/partitions")


def begin(store, *args, **options):
    done = capture(store, "--begin", *FLOW, *args, **options)
    equal((done.returncode, done.stderr), (0, ""))
    assert done.stdout.endswith("\n") and done.stdout.count("\n") == 1, done.stdout
    return done.stdout.strip()


@test("--begin prints a fresh id of 22 letters and digits and nothing else")
def _():
    store = Store()
    ids = {begin(store) for _ in range(5)}
    equal(len(ids), 5)
    for one in ids:
        assert re.fullmatch("[A-Za-z0-9]{22}", one), one
        equal(store.state(f"exec/{one}"), "RUNNING")


@test("--begin makes a fresh execution also inside another one")
def _():
    env = {"KESTRA_NAMESPACE": "a", "KESTRA_FLOW_ID": "b", "KESTRA_EXECUTION_ID": "OUTER", "KESTRA_TASK_ID": "t"}
    store = Store()
    done = capture(store, "--begin", env=env)
    assert re.fullmatch("[A-Za-z0-9]{22}\n", done.stdout), done.stdout
    equal(store.json(f"exec/{done.stdout.strip()}/execution.json")["namespace"], "a")


@test("--begin --execution ID starts that one, an error if it exists")
def _():
    store = Store()
    equal(begin(store, "--execution", "E9", "--label", "a=b"), "E9")
    equal(store.json("exec/E9/execution.json")["labels"], [{"key": "a", "value": "b"}])
    wrong(capture(store, "--begin", *FLOW, "--execution", "E9"), "E9")
    capture(store, *RUN, "--", "true")
    wrong(capture(store, "--begin", *FLOW, "--execution", "E1", "--", "echo", "ran"), "E1")


@test("--begin and --end frame runs")
def _():
    store = Store()
    one = begin(store)
    env = {"KESTRA_EXECUTION_ID": one, "KESTRA_NAMESPACE": "dev", "KESTRA_FLOW_ID": "partitions"}
    equal(capture(store, "--task", "a", "--", "true", env=env).returncode, 0)
    equal(store.state(f"exec/{one}"), "RUNNING")
    done = capture(store, "--end", env=env)
    equal((done.returncode, done.stdout, done.stderr), (0, "", ""))
    equal(store.state(f"exec/{one}"), "SUCCESS")


@test("without a state, the worst of the runs'")
def _():
    for commands, state in ((["true"], "SUCCESS"), (["true", "false"], "FAILED"), (["kill -9 $$", "true"], "KILLED"), (["kill -9 $$", "false"], "FAILED"), ([], "SUCCESS")):
        store = Store()
        one = begin(store)
        for number, command in enumerate(commands):
            capture(store, *FLOW, "--execution", one, "--task", f"t{number}", "--", "sh", "-c", command)
        equal(capture(store, "--end", "--execution", one).returncode, 0)
        equal(store.state(f"exec/{one}"), state)


@test("with a state, that one; a second end changes it only if it gives one")
def _():
    for state in ("SUCCESS", "WARNING", "FAILED", "KILLED"):
        store = Store()
        capture(store, *RUN, "--", "false")
        equal(capture(store, f"--end={state}", "--execution", "E1").returncode, 0)
        equal(store.state("exec/E1"), state)
        equal(capture(store, "--end", "--execution", "E1").returncode, 0)
        equal(store.state("exec/E1"), state)
        equal(capture(store, "--end=WARNING", *FLOW, "--execution", "E1").returncode, 0)
        equal(store.state("exec/E1"), "WARNING")


@test("--end of an unknown execution, or of another flow's, is a wrong call")
def _():
    store = Store()
    capture(store, *RUN, "--", "true")
    wrong(capture(store, "--end", "--execution", "E2"), "E2")
    wrong(capture(store, "--end", "--flow", "dev/other", "--execution", "E1"), "E1", "dev/partitions")
    wrong(capture(store, "--end", env={"KESTRA_TASK_ID": "a b"}), "--execution ID", "KESTRA_EXECUTION_ID")
    equal(capture(store, "--end", "--execution", "E1", env={"KESTRA_TASK_ID": "a b"}).returncode, 0)


@test("a closed execution takes no more runs, and another flow's takes none of ours")
def _():
    store = Store()
    capture(store, *RUN, "--", "true")
    wrong(capture(store, "--flow", "dev/other", "--execution", "E1", "--task", "t", "--", "echo", "ran"), "E1", "dev/partitions")
    capture(store, "--end", "--execution", "E1")
    wrong(capture(store, *RUN, "--", "echo", "ran"), "E1")
    wrong(capture(store, "--strict", *RUN, "--", "echo", "ran"), "E1")
    wrong(capture(store, *RUN, input="passed\n"), "E1")


@test("--begin -- COMMAND: its steps are recorded, it is not, and it ends the execution")
def _():
    for command, status, state in (("true", 0, "SUCCESS"), ("exit 3", 3, "FAILED"), ("kill -TERM $$", 128 + 15, "KILLED")):
        store = Store()
        shell = f"echo $KESTRA_EXECUTION_ID; echo '{output('a', 1)}'; {CAPTURE} --task step -- echo '{output('b', 2)}'; {command}"
        done = capture(store, "--begin", *FLOW, "--", "sh", "-c", shell)
        equal((done.returncode, done.stderr), (status, ""))
        one = done.stdout.splitlines()[0]
        assert re.fullmatch("[A-Za-z0-9]{22}", one), one
        equal(done.stdout, f"{one}\n{output('a', 1)}\n{output('b', 2)}\n")
        equal(store.state(f"exec/{one}"), state)
        equal(store.json(f"exec/{one}/outputs.json"), {"step": {"vars": {"b": 2}}})


@test("--begin -- COMMAND without --task leaves the command's streams as they are")
def _():
    store = Store()
    done = capture(store, "--begin", *FLOW, "--", *script("print([os.readlink(f'/proc/self/fd/{fd}') for fd in (0,1,2)])"))
    bare = subprocess.run(script("print([os.readlink(f'/proc/self/fd/{fd}') for fd in (0,1,2)])"), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
    equal(done.stdout.count("pipe"), bare.stdout.count("pipe"))
    # a filter in front of it: what arrives on standard input is the command's
    equal(capture(store, "--begin", *FLOW, "--", "cat", input="for the command\n").stdout, "for the command\n")


@test("--begin --task -- COMMAND: COMMAND is the one run")
def _():
    for command, status, state in (("true", 0, "SUCCESS"), ("exit 3", 3, "FAILED"), ("kill -9 $$", 128 + 9, "KILLED")):
        store = Store()
        done = capture(store, "--begin", *FLOW, "--task", "all", "--value", "v", "--", "sh", "-c", f"echo '{output('a', 1)}'; {command}")
        equal((done.returncode, done.stdout), (status, output("a", 1) + "\n"))
        (one,) = store.names("exec")
        equal((store.state(f"exec/{one}"), store.state(f"exec/{one}/all")), (state, state))
        equal(store.json(f"exec/{one}/outputs.json"), {"all": {"v": {"vars": {"a": 1}}}})


@test("--begin -- COMMAND hides an inherited task")
def _():
    store = Store()
    env = {"KESTRA_NAMESPACE": "a", "KESTRA_FLOW_ID": "b", "KESTRA_EXECUTION_ID": "OUTER", "KESTRA_TASK_ID": "t", "KESTRA_TASKRUN_VALUE": "v"}
    done = capture(store, "--begin", "--", "sh", "-c", "echo ${KESTRA_TASK_ID-none} ${KESTRA_TASKRUN_VALUE-none}", env=env)
    equal(done.stdout, "none none\n")


@test("a signal to the helper of --begin -- COMMAND is the command's")
def _():
    store = Store()
    process = start(store, "--begin", *FLOW, "--execution", "E1", "--", *script("print('ready', flush=True); signal.pause()"), stdout=subprocess.PIPE)
    equal(process.stdout.readline(), b"ready\n")
    equal(store.state("exec/E1"), "RUNNING")
    process.terminate()
    equal(finish(process), 128 + signal.SIGTERM)
    equal(store.state("exec/E1"), "KILLED")


@test("a run's state is its command's end")
def _():
    for command, status, state in (("true", 0, "SUCCESS"), ("exit 7", 7, "FAILED"), ("kill -9 $$", 137, "KILLED")):
        store = Store()
        equal(capture(store, *RUN, "--", "sh", "-c", command).returncode, status)
        json_ = store.json("exec/E1/extract/taskrun.json")
        equal((json_["state"]["current"], json_["exitCode"]), (state, status))
        equal(store.state("exec/E1"), state)


@test("a run is RUNNING while its command is")
def _():
    store = Store()
    process = start(store, *RUN, "--", "cat", stdin=subprocess.PIPE)
    wait_until(lambda: store.state("exec/E1/extract") == "RUNNING", "the run")
    process.stdin.close()
    equal(finish(process), 0)
    equal(store.state("exec/E1/extract"), "SUCCESS")


@test("a second attempt says so, counts, and shares the task run's id")
def _():
    store = Store()
    equal(capture(store, *RUN, "--", "sh", "-c", f"echo '{output('a', 1)}'; exit 1").stderr, "")
    first = store.json("exec/E1/extract/taskrun.json")["id"]
    done = capture(store, *RUN, "--", "echo", output("b", 2))
    equal(done.stderr, "kestrafs-capture: this is attempt 2 of task extract in execution E1\n")
    json_ = store.json("exec/E1/extract/taskrun.json")
    equal((json_["id"], len(json_["attempts"]), json_["outputs"]["vars"]), (first, 2, {"b": 2}))
    equal(store.names("exec/E1/extract/attempts"), ["1", "2"])
    equal(capture(store, "--taskrun", first, *RUN, "--", "true").stderr.count("attempt 3"), 1)
    equal(capture(store, "--taskrun", "another", *RUN, "--value", "v", "--", "true").stderr, "")
    equal(store.state("exec/E1"), "SUCCESS")


@test("a lost helper shows as KILLED, and what it had recorded is there")
def _():
    store = Store()
    code = f"print({output('a', 1)!r}, flush=True); sys.stdin.read()"
    process = start(store, *RUN, "--", *script(code), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    wait_until(lambda: store.has("exec/E1/extract/outputs/a"), "the output")
    process.send_signal(signal.SIGKILL)
    finish(process)
    equal(store.state("exec/E1/extract"), "KILLED")
    equal(store.text("exec/E1/extract/outputs/a"), "1\n")
    contains(capture(store, *RUN, "--", "true").stderr, "attempt 2")
    process.stdin.close()


@test("what was printed is there while the command still runs")
def _():
    store = Store()
    process = start(store, *RUN, "--", "cat", stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    for number in range(5):
        process.stdin.write((output(f"n{number}", number) + "\n").encode())
        process.stdin.flush()
        wait_until(lambda name=f"n{number}": store.has(f"exec/E1/extract/outputs/{name}"), "the output")
    process.stdin.close()
    equal(finish(process), 0)


@test("many helpers at once: every point and every run is there")
def _():
    store = Store()
    points = "".join(f'::{{"metrics":[{{"name":"rows","type":"counter","value":{i}}}]}}::\n' for i in range(200))
    path = os.path.join(store.cwd, "points")
    with open(path, "w", encoding="utf-8") as file:
        file.write(points)
    running = [start(store, *RUN, "--value", str(i), "--", "cat", path, stdout=subprocess.DEVNULL) for i in range(50)]
    for process in running:
        equal(finish(process), 0)
    summary = store.json("exec/E1/metrics.json")["rows"]
    equal((summary["count"], summary["sum"]), (50 * 200, 50 * sum(range(200))))
    equal(sorted(map(int, store.names("exec/E1/extract/runs"))), list(range(50)))
    equal(store.state("exec/E1"), "SUCCESS")


@test("many helpers begin the same new run at once: as many attempts")
def _():
    store = Store()
    running = [start(store, *RUN, "--", "true", stderr=subprocess.DEVNULL) for i in range(16)]
    for process in running:
        equal(finish(process), 0)
    equal(store.names("exec/E1/extract/attempts"), [str(i) for i in range(1, 17)])


@test("outputs of a run without a value beside runs with values: no key stands twice")
def _():
    store = Store()
    capture(store, *RUN, "--", "echo", '::{"outputs":{"a":"own","vars":5}}::')
    for value, x in (("a", 1), ("vars", 2), ("b", 3), ("%61", 4)):
        capture(store, *RUN, "--value", value, "--", "echo", output("x", x))
    equal(store.text("exec/E1/extract/outputs.json"), '{"a":"own","vars":5,"%61":{"x":1},"%76ars":{"x":2},"b":{"x":3},"%2561":{"x":4}}\n')
    whole = '{"extract":{"vars":{"a":"own","vars":5},"a":{"vars":{"x":1}},"%76ars":{"vars":{"x":2}},"b":{"vars":{"x":3}},"%2561":{"vars":{"x":4}}}}\n'
    equal(store.text("exec/E1/outputs.json"), whole)


@test("a value that looks like a twin's key is told from the twin's")
def _():
    store = Store()
    digits = hashlib.sha256(b"B").hexdigest()[:16]
    for taskrun, value in (("A", "v"), ("B", "v"), ("C", f"v%~{digits}")):
        capture(store, *RUN, "--taskrun", taskrun, "--value", value, "--", "echo", output("x", taskrun))
    equal(list(store.json("exec/E1/extract/outputs.json")), ["v", f"v%~{digits}", f"v%25~{digits}"])
    equal(store.names("exec/E1/extract/runs"), ["v", f"v%~{digits}", f"v%25~{digits}"])


@test("an execution that goes on with each step has one end in its history")
def _():
    store = Store()
    for n in range(3):
        capture(store, *RUN, "--value", str(n), "--", "true")
    equal([row["state"] for row in store.json("exec/E1/execution.json")["state"]["histories"]], ["CREATED", "RUNNING", "SUCCESS"])


@test("--end where there is no store is a wrong call, and makes none")
def _():
    store = Store()
    wrong(capture(store, "--end", "--execution", "E1"), "execution E1 is unknown", "no store")
    assert not os.path.exists(store.path), store.path


run()
