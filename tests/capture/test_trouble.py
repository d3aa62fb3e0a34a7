#!/usr/bin/env python3
"""A store in trouble costs one warning, never the job. With --strict it costs 125."""

import atexit
import ctypes
import ctypes.util
import os
import shutil
import signal
import subprocess
import sys
import time

from kestra_capture import BIN, CAPTURE, PATIENCE, RUN, Store, capture, contains, equal, finish, folder, needs, output, read, run, script, start, test, wait_until

PRINTS = ["sh", "-c", f"echo '{output('a', 1)}'; echo err >&2; exit 3"]

NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]


def need_root():
    needs(os.geteuid() == 0, "root")


def need_nobody():
    """Somebody who may not do everything, and who can start the programs."""
    need_root()
    needs(shutil.which("setpriv"), "setpriv")
    needs(subprocess.run([*NOBODY, "test", "-x", CAPTURE], check=False).returncode == 0, f"programs that anybody can reach, not {BIN}")


def one_warning(stderr, *parts):
    """What PRINTS says on standard error, and one line of ours."""
    lines = stderr.splitlines()
    equal(sorted(line for line in lines if not line.startswith("kestrafs-capture: ")), ["err"])
    ours = [line for line in lines if line.startswith("kestrafs-capture: ")]
    equal(len(ours), 1, f"our lines in {lines}")
    for part in parts:
        contains(ours[0], part)


def unharmed(done, *parts):
    equal((done.returncode, done.stdout), (3, output("a", 1) + "\n"))
    one_warning(done.stderr, *parts)


def call_as_nobody(store, *args, **options):
    return subprocess.run([*NOBODY, CAPTURE, *args], env=store.environment(), cwd=store.cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=PATIENCE, check=False, **options)


@test("no permission: the job goes on, with one warning")
def _():
    need_nobody()
    store = Store()
    capture(store, *RUN, "--", "true")
    unharmed(call_as_nobody(store, *RUN, "--", *PRINTS), "nothing recorded: ", store.path)
    unharmed(call_as_nobody(store, "--store", "/proc/none", *RUN, "--", *PRINTS), "nothing recorded: ")
    done = call_as_nobody(store, "--quiet", *RUN, "--", *PRINTS)
    equal((done.returncode, done.stdout, done.stderr), (3, output("a", 1) + "\n", "err\n"))


@test("no permission with --strict: 125 before the command starts")
def _():
    need_nobody()
    store = Store()
    capture(store, *RUN, "--", "true")
    for args in ([*RUN], ["--begin", "--flow", "a/b"], ["--begin", "--flow", "a/b", "--task", "t"]):
        done = call_as_nobody(store, "--strict", *args, "--", "sh", "-c", "echo ran")
        equal((done.returncode, done.stdout), (125, ""))
        contains(done.stderr, store.path)
        done = call_as_nobody(store, "--strict", "--quiet", *args, "--", "sh", "-c", "echo ran")
        equal((done.returncode, done.stdout, done.stderr.count("\n")), (125, "", 1))


@test("no permission: as a filter everything is passed on, 0")
def _():
    need_nobody()
    store = Store()
    capture(store, *RUN, "--", "true")
    done = subprocess.run([*NOBODY, CAPTURE, *RUN], env=store.environment(), cwd=store.cwd, input="text\n", capture_output=True, text=True, check=False)
    equal((done.returncode, done.stdout), (0, "text\n"))
    equal(done.stderr.count("kestrafs-capture: nothing recorded: "), 1)


@test("no permission: --begin prints an id all the same, and --end ends 0")
def _():
    need_nobody()
    store = Store()
    capture(store, *RUN, "--", "true")
    for args in ([], ["--execution", "MINE"]):
        done = call_as_nobody(store, "--begin", "--flow", "a/b", *args)
        equal((done.returncode, len(done.stdout.strip())), (0, 4 if args else 22))
        equal(done.stderr.count("\n"), 1)
    done = call_as_nobody(store, "--end", "--execution", "MINE")
    equal((done.returncode, done.stdout, done.stderr.count("\n")), (0, "", 1))
    for args in (["--begin", "--flow", "a/b"], ["--end", "--execution", "MINE"]):
        done = call_as_nobody(store, "--strict", *args)
        equal((done.returncode, done.stdout, done.stderr.count("\n")), (125, "", 1))
    done = call_as_nobody(store, "--begin", "--flow", "a/b", "--", "sh", "-c", "echo ${#KESTRA_EXECUTION_ID}; exit 4")
    equal((done.returncode, done.stdout, done.stderr.count("\n")), (4, "22\n", 1))


@test("a store that is no store")
def _():
    for what in ("file", "garbage", "empty"):
        store = Store()
        if what == "file":
            with open(store.path, "w", encoding="utf-8"):
                pass
        else:
            os.mkdir(store.path)
            with open(os.path.join(store.path, "data.mdb"), "wb") as file:
                file.write(b"" if what == "empty" else os.urandom(100000))
        done = capture(store, *RUN, "--", *PRINTS)
        if what == "empty":  # nothing is lost by beginning in it
            equal(done.returncode, 3)
        else:
            unharmed(done, "nothing recorded: ", store.path)


class Disk:
    """A small file system of its own."""

    def __init__(self, size):
        need_root()
        self.path = folder()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", self.path], capture_output=True, check=False)
        needs(done.returncode == 0, "mounts")

    def fill(self):
        with open(os.path.join(self.path, "filler"), "wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                pass

    def empty(self):
        os.unlink(os.path.join(self.path, "filler"))

    def remount(self, how):
        subprocess.run(["mount", "-o", f"remount,{how}", self.path], check=True)


@test("a full disk: the job goes on, with one warning; the store is whole after")
def _():
    disk = Disk("2m")
    store = Store(os.path.join(disk.path, "store"))
    capture(store, *RUN, "--value", "before", "--", "echo", output("a", 1))
    disk.fill()
    flood = script("sys.stdout.write(''.join('::{\"outputs\":{\"n%d\":\"%s\"}}::\\n' % (i, 'x' * 100) for i in range(20000))); sys.stdout.flush(); sys.exit(3)")
    done = capture(store, *RUN, "--value", "full", "--", *flood)
    equal((done.returncode, len(done.stdout.splitlines())), (3, 20000))
    equal(done.stderr.count("kestrafs-capture: "), 1, done.stderr)
    contains(done.stderr, "No space left on device")
    disk.empty()
    equal(store.text("exec/E1/extract/runs/before/outputs/a"), "1\n")
    equal(capture(store, "--strict", *RUN, "--value", "after", "--", "echo", output("a", 1)).returncode, 0)
    equal(store.text("exec/E1/extract/runs/after/outputs/a"), "1\n")


@test("a full disk with --strict")
def _():
    disk = Disk("2m")
    store = Store(os.path.join(disk.path, "store"))
    capture(store, *RUN, "--value", "before", "--", "true")
    flood = "for i in range(20000): print('::{\"outputs\":{\"n%d\":\"%s\"}}::' % (i, 'x' * 100))"
    done = capture(store, "--strict", *RUN, "--value", "fills", "--", *script(flood))
    equal((done.returncode, len(done.stdout.splitlines())), (125, 20000))
    contains(done.stderr, "not everything recorded: ")
    disk.fill()
    done = capture(store, "--store", os.path.join(disk.path, "new"), "--strict", *RUN, "--", "echo", "ran")
    equal((done.returncode, done.stdout), (125, ""))


@test("a disk that gets full while we write: said as such, and nothing of an attempt that could not begin")
def _():
    disk = Disk("400k")
    store = Store(os.path.join(disk.path, "store"))
    flood = script("for i in range(30000): print('::{\"metrics\":[{\"name\":\"n\",\"type\":\"counter\",\"value\":1}]}::')")
    done = capture(store, *RUN, "--", *flood)
    equal((done.returncode, len(done.stdout.splitlines()), done.stderr.count("kestrafs-capture: ")), (0, 30000, 1), done.stderr)
    contains(done.stderr, "No space left on device")
    disk.fill()
    done = capture(store, *RUN, "--", *PRINTS)  # pages that were freed may have room for it yet
    equal((done.returncode, done.stdout), (3, output("a", 1) + "\n"))
    assert "nothing recorded: " not in done.stderr or "this is attempt" not in done.stderr, done.stderr


@test("a disk too full for a store's first page")
def _():
    disk = Disk("2m")
    disk.fill()
    store = Store(os.path.join(disk.path, "store"))
    unharmed(capture(store, *RUN, "--", *PRINTS), "nothing recorded: ")
    equal(len(capture(store, "--begin", "--flow", "a/b").stdout), 23)


@test("a data file cut short under us")
def _():
    store = Store()
    process = start(store, *RUN, "--", "cat", stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_until(lambda: store.state("exec/E1/extract") == "RUNNING", "the run")
    os.truncate(os.path.join(store.path, "data.mdb"), 0)
    text = "".join(output(f"n{i}", i) + "\n" for i in range(100))
    process.stdin.write(text.encode())
    process.stdin.close()
    equal(process.stdout.read().decode(), text)
    equal(finish(process), 0)
    stderr = process.stderr.read().decode()
    equal(stderr.count("kestrafs-capture: not everything recorded: "), 1, stderr)


@test("a disk that was full for a while: what waited is recorded")
def _():
    disk = Disk("4m")
    store = Store(os.path.join(disk.path, "store"))
    capture(store, *RUN, "--value", "before", "--", "true")
    process = start(store, *RUN, "--", "cat", stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    wait_until(lambda: store.state("exec/E1/extract") == "RUNNING", "the run")
    disk.fill()
    process.stdin.write("".join(output(f"n{i}", "x" * 1000) + "\n" for i in range(500)).encode())
    process.stdin.flush()
    line = process.stderr.readline().decode()
    contains(line, "kestrafs-capture: not everything recorded: ")
    contains(line, "No space left on device")
    disk.empty()
    wait_until(lambda: store.has("exec/E1/extract/outputs/n499"), "the outputs")
    process.stdin.close()
    equal((finish(process), process.stderr.read()), (0, b""))
    equal(store.state("exec/E1/extract"), "SUCCESS")


@test("a read-only file system")
def _():
    disk = Disk("4m")
    store = Store(os.path.join(disk.path, "store"))
    capture(store, *RUN, "--", "true")
    disk.remount("ro")
    unharmed(capture(store, *RUN, "--", *PRINTS), "nothing recorded: ")


@test("the store deleted under us")
def _():
    store = Store()
    process = start(store, *RUN, "--", "cat", stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_until(lambda: store.state("exec/E1/extract") == "RUNNING", "the run")
    shutil.rmtree(store.path)
    process.stdin.write((output("a", 1) + "\n").encode())
    process.stdin.close()
    equal(process.stdout.read().decode(), output("a", 1) + "\n")
    equal(finish(process), 0)
    stderr = process.stderr.read().decode()
    equal(stderr.count("kestrafs-capture: "), 1)
    contains(stderr, "was deleted or replaced meanwhile")
    equal(capture(store, "--strict", *RUN, "--", "sh", "-c", f"rm -r '{store.path}'").returncode, 125)


class LockHolder:
    """A process that is stopped in the middle of a transaction: LMDB's own library takes its lock, as any writer does."""

    CODE = """
import ctypes, os, signal, sys
lmdb = ctypes.CDLL(sys.argv[1])
env, txn = ctypes.c_void_p(), ctypes.c_void_p()
assert lmdb.mdb_env_create(ctypes.byref(env)) == 0
assert lmdb.mdb_env_set_maxreaders(env, 510) == 0
assert lmdb.mdb_env_open(env, sys.argv[2].encode(), 0, 0o600) == 0
assert lmdb.mdb_txn_begin(env, None, 0, ctypes.byref(txn)) == 0
print("locked", flush=True)
os.kill(os.getpid(), signal.SIGSTOP)
lmdb.mdb_txn_abort(txn)
print("unlocked", flush=True)
"""

    def __init__(self, store):
        library = ctypes.util.find_library("lmdb")
        needs(library, "the library of LMDB")
        self.process = subprocess.Popen([sys.executable, "-c", self.CODE, library, store.path], stdout=subprocess.PIPE)
        atexit.register(self.process.kill)
        equal(self.process.stdout.readline(), b"locked\n")

    def release(self):
        self.process.send_signal(signal.SIGCONT)
        equal(self.process.stdout.readline(), b"unlocked\n")
        self.process.wait(PATIENCE)

    def kill(self):
        self.process.kill()
        self.process.wait(PATIENCE)


@test("a lock held by a stopped program: the job goes on after 5 s, with one warning")
def _():
    store = Store()
    capture(store, *RUN, "--", "true")
    holder = LockHolder(store)
    began = time.monotonic()
    done = capture(store, *RUN, "--value", "v", "--", *PRINTS)
    took = time.monotonic() - began
    unharmed(done, "nothing recorded: ", store.path, "5 s")
    assert 4.5 < took < 20, f"{took} s"
    holder.kill()
    equal(capture(store, "--strict", *RUN, "--value", "after", "--", "true").returncode, 0)


@test("a held lock: --begin prints an id, --strict ends with 125, a filter passes on")
def _():
    store = Store()
    capture(store, *RUN, "--", "true")
    holder = LockHolder(store)
    calls = {
        "begin": start(store, "--begin", "--flow", "a/b", stdout=subprocess.PIPE, stderr=subprocess.PIPE),
        "end": start(store, "--end", "--execution", "E1", stdout=subprocess.PIPE, stderr=subprocess.PIPE),
        "strict": start(store, "--strict", *RUN, "--", "echo", "ran", stdout=subprocess.PIPE, stderr=subprocess.PIPE),
        "filter": start(store, *RUN, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE),
    }
    status = {name: finish(process) for name, process in calls.items()}
    equal(status, {"begin": 0, "end": 0, "strict": 125, "filter": 0})
    texts = {name: process.stdout.read().decode() for name, process in calls.items()}
    equal((len(texts["begin"]), texts["end"], texts["strict"], texts["filter"]), (23, "", "", ""))
    for process in calls.values():
        equal(process.stderr.read().count(b"\n"), 1)
    holder.kill()


@test("a lock that is given back in time costs nothing, and what waited is recorded")
def _():
    store = Store()
    capture(store, *RUN, "--", "true")
    process = start(store, *RUN, "--value", "v", "--", "cat", stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_until(lambda: store.state("exec/E1/extract/runs/v") == "RUNNING", "the run")
    holder = LockHolder(store)
    text = "".join(output(f"n{i}", i) + "\n" for i in range(1000))
    process.stdin.write(text.encode())
    process.stdin.flush()
    # it goes through while the store stands still
    got = b""
    while len(got) < len(text):
        got += process.stdout.read1(65536)
    equal(got.decode(), text)
    holder.release()
    process.stdin.close()
    equal((finish(process), process.stderr.read()), (0, b""))
    equal(len(store.json("exec/E1/extract/runs/v/outputs.json")), 1000)


@test("a lock given back after the job had started without the store: it is recorded all the same")
def _():
    store = Store()
    capture(store, *RUN, "--", "true")
    holder = LockHolder(store)
    process = start(store, *RUN, "--value", "v", "--", "cat", stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    contains(process.stderr.readline().decode(), "has not answered for 5 s")
    process.stdin.write((output("a", 1) + "\n").encode())
    process.stdin.flush()
    holder.release()
    wait_until(lambda: store.has("exec/E1/extract/runs/v/outputs/a"), "the output")
    process.stdin.close()
    equal((finish(process), process.stderr.read()), (0, b""))
    equal(store.state("exec/E1/extract/runs/v"), "SUCCESS")


@test("more than can wait: the flood goes through, what has no room is counted, the job ends")
def _():
    store = Store()
    capture(store, *RUN, "--", "true")
    process = start(store, *RUN, "--value", "v", "--", *script("sys.stdin.readline(); line = '::{\"outputs\":{\"a\":\"%s\"}}::\\n' % ('x' * 100000)\nfor i in range(1200): sys.stdout.write(line)"),
                    stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    wait_until(lambda: store.state("exec/E1/extract/runs/v") == "RUNNING", "the run")
    holder = LockHolder(store)
    process.stdin.write(b"\n")
    process.stdin.close()
    equal(finish(process), 0)
    stderr = process.stderr.read().decode()
    equal(stderr.count("kestrafs-capture: "), 1, stderr)
    contains(stderr, "not everything recorded: ")
    holder.kill()
    assert read(os.path.join(store.path, "data.mdb"))


@test("a helper that was killed in the middle of its work leaves the store whole")
def _():
    store = Store()
    for number in range(20):
        process = start(store, *RUN, "--value", str(number), "--", *script(f"while True: print({output('a', 1)!r})"), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        for _ in range(1 + number * 200):
            process.stdout.readline()
        if number % 2:
            wait_until(lambda run=f"exec/E1/extract/runs/{number}": store.state(run) == "RUNNING", "the run")
        process.kill()
        process.stdout.close()
        finish(process)
    equal({store.state(f"exec/E1/extract/runs/{number}") for number in range(1, 20, 2)}, {"KILLED"})
    assert {store.state(f"exec/E1/extract/runs/{number}") for number in range(0, 20, 2)} <= {"KILLED", None}
    equal(capture(store, "--strict", *RUN, "--value", "after", "--", "true").returncode, 0)


run()
