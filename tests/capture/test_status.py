#!/usr/bin/env python3
"""Exit statuses, wrong calls, help, and what --strict makes of trouble."""

import os
import pty
import stat
import subprocess

from kestra_capture import CAPTURE, PATIENCE, RUN, Store, capture, contains, equal, folder, output, run, test, wrong


def executable(store, name, text, mode=0o755):
    path = os.path.join(store.cwd, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, mode)
    return path


@test("the command's own status")
def _():
    store = Store()
    for status in (0, 1, 2, 42, 125, 126, 127, 128, 255):
        equal(capture(store, *RUN, "--", "sh", "-c", f"exit {status}").returncode, status)


@test("128+N if signal N ended it")
def _():
    store = Store()
    for number in (1, 2, 6, 9, 13, 15):
        equal(capture(store, *RUN, "--", "sh", "-c", f"ulimit -c 0; kill -{number} $$").returncode, 128 + number)


@test("127 not found, 126 found but not runnable; the run is FAILED with that code")
def _():
    for command, status, said in (
        ("nosuchcommand", 127, "nosuchcommand: command not found"),
        ("./nosuchfile", 127, "./nosuchfile: No such file or directory"),
        ("", 127, "command not found"),
        ("./plain", 126, "./plain: Permission denied"),
        ("./folder", 126, "./folder: is a folder"),
    ):
        store = Store()
        executable(store, "plain", "true", 0o644)
        os.mkdir(os.path.join(store.cwd, "folder"))
        done = capture(store, *RUN, "--", command)
        equal((done.returncode, done.stdout), (status, ""), command)
        contains(done.stderr, f"kestrafs-capture: {said}" if command else said)
        json_ = store.json("exec/E1/extract/taskrun.json")
        equal((json_["state"]["current"], json_["exitCode"]), ("FAILED", status))


@test("a script without a first line is the shell's, as everywhere")
def _():
    store = Store()
    executable(store, "script", "echo \"script $1 $0\"\nexit 3\n")
    done = capture(store, *RUN, "--", "./script", "a b")
    equal((done.returncode, done.stdout), (3, "script a b ./script\n"))
    done = capture(store, *RUN, "--", "script", "x", env={"PATH": store.cwd + ":/usr/bin:/bin"})
    equal((done.returncode, done.stdout), (3, f"script x {store.cwd}/script\n"))


@test("wrong calls: 125, nothing runs, nothing is read, no store is made")
def _():
    for args, said in (
        (["--nonsense"], "--nonsense"),
        (["--secret=hunter2"], "--secret is not an option"),
        (["--strict=yes"], "--strict"),
        (["-x"], "-x"),
        (["--task"], "--task needs a value"),
        (["--task="], "--task: is empty"),
        (["--store="], "--store: is empty"),
        (["--dialect", "json"], "--dialect"),
        (["--max-message", "many"], "--max-message"),
        (["--max-message", "1"], "--max-message"),
        (["--max-message", "1G"], "256M"),
        (["--max-message", "-1"], "--max-message"),
        (["--max-message", "1KB"], "--max-message"),
        (["--max-message", "99999999999999999999G"], "--max-message"),
        (["--begin", "--end"], "--begin and --end"),
        (["--end=RUNNING"], "SUCCESS, WARNING, FAILED, KILLED"),
        (["--end=success"], "SUCCESS"),
    ):
        store = Store()
        done = capture(store, *RUN, *args, "--", "touch", "ran") if args != ["--task"] else capture(store, *args)
        wrong(done, said)
        equal(done.stderr.count("\n"), 1)
        assert "hunter2" not in done.stderr
        equal(os.listdir(store.cwd), [])
    store = Store()
    wrong(capture(store, *RUN, "--end", "--", "touch", "ran"), "--end takes no COMMAND")
    wrong(capture(store, "--begin", "--flow", "a/b", "--task", "t"), "--begin without a COMMAND")
    wrong(capture(store, "--begin", "--flow", "a/b", "--taskrun", "x", "--", "touch", "ran"), "--task")
    wrong(capture(store, *RUN, "--pty", input="x"), "--pty")
    equal(os.listdir(store.cwd), [])


@test("sizes take K, M and G")
def _():
    store = Store()
    for size in ("64", "1K", "1k", "256M", "268435456"):
        equal(capture(store, "--max-message", size, *RUN, "--", "true").returncode, 0)


@test("--help and --version")
def _():
    store = Store()
    done = capture(store, "--help")
    equal((done.returncode, done.stderr), (0, ""))
    for part in ("Usage:", "--flow NAMESPACE/FLOW", "--end[=STATE]", "Examples:", "Exit status:", "125"):
        contains(done.stdout, part)
    assert max(map(len, done.stdout.splitlines())) <= 120
    done = capture(store, "--version")
    equal((done.returncode, done.stderr), (0, ""))
    assert done.stdout.startswith("kestrafs-capture "), done.stdout


@test("without a COMMAND on a terminal: help, 125")
def _():
    master, slave = pty.openpty()
    done = subprocess.run([CAPTURE, *RUN], stdin=slave, capture_output=True, text=True, env=Store().environment(), timeout=PATIENCE, check=False)
    equal((done.returncode, done.stdout), (125, ""))
    contains(done.stderr, "Usage:")
    os.close(master)
    os.close(slave)


@test("a second end, a filter: 0; standard output of --begin gone: 125")
def _():
    store = Store()
    equal(capture(store, *RUN, input="").returncode, 0)
    done = subprocess.run([CAPTURE, "--begin", "--flow", "a/b"], stdout=open("/dev/full", "w", encoding="utf-8"), stderr=subprocess.PIPE, text=True,
                          env=store.environment(), timeout=PATIENCE, check=False)
    equal(done.returncode, 125)
    contains(done.stderr, "No space left on device")


@test("the store is made with mode 0700, and where --store, the variable or the home says")
def _():
    store = Store()
    capture(store, *RUN, "--", "true")
    equal(stat.S_IMODE(os.stat(store.path).st_mode), 0o700)
    home = folder()
    env = {"KESTRAFS_STORE": "", "XDG_DATA_HOME": home, "HOME": home}
    if os.geteuid():
        capture(store, *RUN, "--", "true", env=env)
        assert os.path.exists(os.path.join(home, "kestrafs", "data.mdb"))
    capture(store, "--store", "a/b/c", *RUN, "--", "true")
    assert os.path.exists(os.path.join(store.cwd, "a/b/c/data.mdb"))


@test("--strict: all recorded, the command's status")
def _():
    store = Store()
    for status in (0, 3):
        equal(capture(store, "--strict", *RUN, "--", "sh", "-c", f"echo '{output('a', 1)}'; exit {status}").returncode, status)


@test("--strict: 125 after success where something printed was not recorded; a failure stays the command's")
def _():
    store = Store()
    bad = '::{"outputs":{"ok":1},"metrics":3}::'
    done = capture(store, "--strict", *RUN, "--", "echo", bad)
    equal((done.returncode, done.stdout), (125, bad + "\n"))
    equal(store.json("exec/E1/extract/taskrun.json")["exitCode"], 125)
    equal(store.state("exec/E1/extract"), "SUCCESS")
    equal(capture(store, "--strict", *RUN, "--", "sh", "-c", f"echo '{bad}'; exit 4").returncode, 4)
    equal(capture(store, "--strict", *RUN, input=bad).returncode, 125)
    # a hint is about plain text
    equal(capture(store, "--strict", *RUN, "--", "echo", "x " + output("a", 1)).returncode, 0)


run()
