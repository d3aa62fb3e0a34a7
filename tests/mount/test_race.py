#!/usr/bin/env python3
"""Two processes hammer every kind of name while the store changes: each open sees at least what had been committed before it, whole and valid.

What has been committed is known from the helpers themselves: a counter in shared memory is raised after a helper has exited, and read before a file is
opened."""

import collections
import json
import mmap
import os
import random
import re
import signal
import struct
import sys
import time
import traceback

from kestra_mount import PATIENCE, Mount, Store, counter, die_with_parent, log, need_fuse, outputs, read_on
from tap import equal, run, test

need_fuse()

SECONDS = float(os.environ.get("KESTRAFS_RACE_SECONDS", "60" if os.environ.get("KESTRAFS_LONG") == "1" else "10"))
STATES = {"RUNNING", "SUCCESS", "WARNING", "FAILED", "KILLED"}


class Shared:
    """Numbers that several processes see."""

    NAMES = ("points", "executions", "attempts", "lines", "stop")

    def __init__(self):
        self.memory = mmap.mmap(-1, 4096)

    def __getitem__(self, name):
        return struct.unpack_from("Q", self.memory, 8 * self.NAMES.index(name))[0]

    def __setitem__(self, name, value):
        struct.pack_into("Q", self.memory, 8 * self.NAMES.index(name), value)


# What is written. Point n of `rows` is n, so a document can be checked by itself


def write_points(store, shared):
    """Attempt after attempt of one run in an execution that stays open; every tenth time an execution of its own, closed."""
    n = 0
    while not shared["stop"]:
        batch = [counter("rows", n + i + 1, part=f"p{(n + i) % 3}") for i in range(random.randint(1, 30))]
        n += len(batch)
        store.capture([*batch, outputs(n=n, list=list(range(n % 7)), tree={"n": n})], execution="open", task="again")
        shared["points"] = n
        shared["attempts"] += 1
        if shared["attempts"] % 10 == 0:
            number = shared["executions"] + 1
            store.capture(outputs(n=number), execution=f"X{number}", task="only")
            store.end(f"X{number}")
            shared["executions"] = number


def write_lines(store, shared):
    """One run that goes on and logs; every line is one commit or less."""
    with store.running(execution="going", task="log") as running:
        n = 0
        while not shared["stop"]:
            running.say(log(f"line {n}"))
            n += 1
            running.say(outputs(n=n))
            time.sleep(random.random() * 0.01)


# What is read


class Reader:
    def __init__(self, m, shared):
        self.m, self.shared = m, shared
        self.seen = collections.Counter()

    def whole(self, name, slowly=False):
        """The file's bytes, in pieces; its size is what was said at the opening, to the end."""
        fd = os.open(self.m.path(name), os.O_RDONLY)
        try:
            size = os.fstat(fd).st_size
            if slowly:
                data = os.read(fd, random.randint(1, max(size, 1)))
                time.sleep(random.random() * 0.02)
                data += read_on(fd, 1000)
                equal(os.fstat(fd).st_size, size, name + ": size after reading")
            else:
                data = read_on(fd)
        finally:
            os.close(fd)
        equal(len(data), size, name + ": size and length")
        assert data.endswith(b"\n") or not data, name
        return data

    def json(self, name):
        return json.loads(self.whole(name, slowly=random.random() < 0.3))

    def least(self, what, got, committed):
        assert got >= committed, f"{what}: {got}, and {committed} had been committed"

    def points(self, name):
        committed = self.shared["points"]
        got = self.json(name)
        equal([p["value"] for p in got], list(range(1, len(got) + 1)), name)
        self.least(name, len(got), committed)

    def all_points(self):
        self.points("metrics/rows.json")

    def execution_points(self):
        self.points("exec/open/metrics/rows.json")

    def summary(self):
        for name in ("metrics.json", "exec/open/metrics.json"):
            committed = self.shared["points"]
            got = self.json(name)["rows"]
            equal((got["last"], got["max"], got["sum"]), (got["count"], got["count"], got["count"] * (got["count"] + 1) / 2), name)
            self.least(name, got["count"], committed)

    def execution_outputs(self):
        committed = self.shared["points"]
        got = self.json("exec/open/outputs.json").get("again", {}).get("vars", {})
        if got:  # an attempt that has only just begun has none
            equal((got["tree"]["n"], len(got["list"])), (got["n"], got["n"] % 7))
            self.least("outputs.json", got["n"], committed)

    def output(self):
        committed = self.shared["points"]
        got = int(self.whole("exec/open/again/outputs/n"))
        self.least("outputs/n", got, committed)

    def output_of_attempt(self):
        attempts = self.shared["attempts"]
        if attempts > 2:
            n = random.randint(1, attempts)
            data = self.whole(f"exec/open/again/attempts/{n}/outputs/n")
            equal(self.whole(f"exec/open/again/attempts/{n}/outputs/tree/n"), data)

    def attempts(self):
        committed = self.shared["attempts"]
        if committed > 1:
            got = os.listdir(self.m.path("exec/open/again/attempts"))
            equal(got, [str(n + 1) for n in range(len(got))])
            self.least("attempts", len(got), committed)

    def execution(self):
        attempts = self.shared["attempts"]
        got = self.json("exec/open/execution.json")
        self.least("execution.json", len(got["taskRunList"][0]["attempts"]), attempts)
        assert got["state"]["current"] in STATES

    def taskrun(self):
        got = self.json("exec/open/again/taskrun.json")
        equal((got["taskId"], got["executionId"]), ("again", "open"))

    def state(self):
        for name in ("exec/open/state", "exec/open/again/state"):
            assert self.whole(name).decode().rstrip("\n") in STATES
        assert self.whole("exec/going/log/state") == b"RUNNING\n" or self.shared["stop"]

    def executions(self):
        committed = self.shared["executions"]
        got = [name for name in os.listdir(self.m.path("exec")) if name[0] == "X"]
        self.least("exec", len(got), committed)
        equal(got, [f"X{n + 1}" for n in range(len(got))])

    def closed_execution(self):
        committed = self.shared["executions"]
        if committed:
            n = random.randint(1, committed)
            equal(self.whole(f"exec/X{n}/only/outputs/n"), b"%d\n" % n)
            equal(self.whole(f"exec/X{n}/state"), b"SUCCESS\n")
            equal(self.json(f"exec/X{n}/outputs.json")["only"]["vars"], {"n": n})
        missing = f"exec/X{committed + 1000}"
        equal(os.path.exists(self.m.path(missing)), False)

    def next_execution(self):
        """A name looked for before it is there must be seen as soon as it is."""
        number = self.shared["executions"] + 1
        there = os.path.exists(self.m.path(f"exec/X{number}/only/outputs/n"))
        if self.shared["executions"] >= number and not there:
            equal(self.whole(f"exec/X{number}/only/outputs/n"), b"%d\n" % number)

    def lines(self):
        """The log grows under the reader: whole lines, none twice, none missing, no byte that nobody wrote."""
        committed = self.shared["lines"]
        fd = os.open(self.m.path("exec/going/log/log"), os.O_RDONLY)
        try:
            data = read_on(fd, random.choice((100, 4096, 1 << 16)))
            more = os.pread(fd, 1 << 20, len(data))
        finally:
            os.close(fd)
        lines = (data + more).split(b"\n")
        equal(lines.pop(), b"", "after the last line")
        for n, line in enumerate(lines):
            assert re.fullmatch(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z INFO line %d" % n, line), (n, line)
        self.least("log", len(lines), committed)
        self.shared["lines"] = max(len(lines), self.shared["lines"])

    def listings(self):
        for name in ("exec/open", "exec/open/again", "exec/open/again/outputs", "metrics", "exec/going/log"):
            got = os.listdir(self.m.path(name))
            equal(len(got), len(set(got)), name)

    KINDS = (
        all_points,
        execution_points,
        summary,
        execution_outputs,
        output,
        output_of_attempt,
        attempts,
        execution,
        taskrun,
        state,
        executions,
        closed_execution,
        next_execution,
        lines,
        listings,
    )

    MAY_BE_ABSENT = {output, taskrun, state, listings}  # between two looks the attempt shown is another, that has none yet

    def round(self):
        for kind in random.sample(self.KINDS, len(self.KINDS)):
            try:
                kind(self)
                self.seen[kind.__name__] += 1
            except FileNotFoundError:
                if kind not in self.MAY_BE_ABSENT:
                    raise

    def hammer(self):
        while not self.shared["stop"]:
            self.round()
        missed = [kind.__name__ for kind in self.KINDS if not self.seen[kind.__name__]]
        assert not missed, f"never read: {missed}"


def process(function, *arguments):
    """Runs the function in a process of its own, that says what went wrong and ends with 1."""
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        die_with_parent()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        random.seed()
        function(*arguments)
        status = 0
    except BaseException:
        for line in traceback.format_exc().splitlines():
            print("#", line[:2000])
    finally:
        sys.stdout.flush()
        os._exit(status)


def wait_for_all(pids, shared):
    """Waits until the time is up or one process has ended, stops the others; the exit statuses."""
    statuses = {}
    end = time.monotonic() + SECONDS / 2
    while len(statuses) < len(pids):
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid in pids:
            statuses[pid] = os.waitstatus_to_exitcode(status)
        if statuses or time.monotonic() > end:
            shared["stop"] = 1
        if time.monotonic() > end + PATIENCE:
            for pid in set(pids) - set(statuses):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)
    return list(statuses.values())


def wait_for_first(m):
    end = time.monotonic() + PATIENCE
    needed = ("exec/open/again/outputs/n", "exec/going/log/log", "metrics/rows.json")
    while not all(os.path.exists(m.path(name)) for name in needed) or not m.read("exec/going/log/log"):
        assert time.monotonic() < end, "nothing came"
        time.sleep(0.01)


for mounts in (1, 2):

    @test(f"{SECONDS / 2:g} s of captures, two readers on {'one mount' if mounts == 1 else 'a mount each'}: nothing old, torn or missing")
    def _(number=mounts):
        store, shared = Store(), Shared()
        store.capture(outputs(n=1), execution="X1", task="only")
        store.end("X1")
        shared["executions"] = 1
        mounted = [Mount(store, trace=False) for _ in range(number)]
        try:
            writers = [process(write_points, store, shared), process(write_lines, store, shared)]
            wait_for_first(mounted[0])
            readers = [process(Reader(mounted[n % number], shared).hammer) for n in range(2)]
            equal(wait_for_all(writers + readers, shared), [0, 0, 0, 0], "exit statuses")
            reader = Reader(mounted[0], shared)
            reader.all_points()
            print(f"# {shared['points']} points, {shared['attempts']} attempts, {shared['executions']} executions, {shared['lines']} lines", flush=True)
            equal([m.stop() for m in mounted], [0] * number, "exit status of the mounts")
        finally:
            shared["stop"] = 1
            for m in mounted:
                m.__exit__(*sys.exc_info())


run()
