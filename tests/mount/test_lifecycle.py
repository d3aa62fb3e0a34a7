#!/usr/bin/env python3
"""From the start of a mount to its end: readiness, signals, unmounting, crashes."""

import contextlib
import hashlib
import os
import signal
import socket
import subprocess

from kestra_mount import (
    PATIENCE,
    Mount,
    Store,
    counter,
    environment,
    files_below,
    folder,
    fresh,
    log,
    mount_line,
    need_fuse,
    outputs,
    program,
    read_file,
    unmount,
    wait_until,
)
from tap import equal, run, skip, test

need_fuse()
KESTRAFS = program("kestrafs")


def start(store, point, *options):
    """Mounts in the background; the daemon's process id."""
    pids = set(daemons(point))
    done = subprocess.run([KESTRAFS, store.dir, point, *options], stdin=subprocess.DEVNULL, capture_output=True, text=True, env=environment())
    equal((done.returncode, done.stderr), (0, ""))
    (pid,) = set(daemons(point)) - pids
    return pid


def daemons(point):
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/cmdline", "rb") as f:
            if point.encode() in f.read().split(b"\0"):
                yield int(pid)


def ended(pid):
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rsplit(")", 1)[1].split()[0] in "ZX"
    except OSError:
        return True


@test("it returns when the tree is usable, not before")
def _():
    store = Store()
    store.capture(outputs(a=1))
    for _ in range(20):
        point = folder("mnt")
        start(store, point)
        equal(read_file(point + "/exec/E1/t1/outputs/a"), b"1\n")
        unmount(point)


@test("an empty store is an empty tree that fills with the first capture")
def _():
    store = Store()
    with Mount(store) as m:
        equal(os.listdir(m.path("exec")), [])
        equal(os.path.exists(m.path("exec/E1")), False)
        equal(sorted(os.listdir(m.path("."))), ["README.txt", "by-time", "exec", "flow", "kestrafs.prom", "metrics", "metrics.json"])
        for name in ("README.txt", "metrics.json"):  # a file of no store at all: sizes as everywhere
            equal(len(m.read(name)), os.stat(m.path(name)).st_size)
        equal(m.json("metrics.json"), {})
        assert not os.path.exists(store.dir), "looking must not make a store"
        store.capture([outputs(a=1), counter("rows", 2)])
        equal(os.listdir(m.path("exec")), ["E1"])
        equal(m.read("exec/E1/t1/outputs/a"), b"1\n")
        equal(len(m.json("metrics/rows.json")), 1)


@test("under systemd it reports READY=1 when usable and STOPPING=1 at the end, on a path or an abstract name")
def _():
    store = Store()
    store.capture(outputs(a=1))
    for name in (fresh("notify"), "\0" + fresh("notify")):
        point = folder("mnt")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.bind(name)
            notify.settimeout(PATIENCE)
            process = subprocess.Popen([KESTRAFS, "-f", store.dir, point], env=environment(NOTIFY_SOCKET=name.replace("\0", "@")))
            equal(notify.recv(100), b"READY=1")
            equal(read_file(point + "/exec/E1/t1/outputs/a"), b"1\n")
            process.terminate()
            equal(notify.recv(100), b"STOPPING=1")
            equal(process.wait(PATIENCE), 0)


for ending_signal in (signal.SIGTERM, signal.SIGINT):

    @test(f"{ending_signal.name} ends it with 0 and leaves no mount")
    def _(number=ending_signal):
        with Mount(Store()) as m:
            equal(m.stop(number), 0)
            equal(mount_line(m.point), None)


@test("a signal ends it also while the tree is in use")
def _():
    store = Store()
    store.capture(outputs(a=1))
    with Mount(store) as m:
        fd = os.open(m.path("exec"), os.O_RDONLY)
        try:
            equal(m.stop(), 0)
            equal(mount_line(m.point), None)
        finally:
            os.close(fd)


for ending_command in (["umount"], ["fusermount3", "-u"]):

    @test(f"{' '.join(ending_command)} ends it with 0")
    def _(command=ending_command):
        if command[0] == "umount" and os.geteuid() != 0:
            return
        with Mount(Store()) as m:
            equal(subprocess.run([*command, m.point]).returncode, 0)
            equal(m.process.wait(PATIENCE), 0)


@test("in the background too, a signal or umount ends it")
def _():
    for end in (lambda pid, point: os.kill(pid, signal.SIGTERM), lambda pid, point: unmount(point)):
        point = folder("mnt")
        pid = start(Store(), point)
        end(pid, point)
        wait_until(lambda: ended(pid), "the daemon to end")
        equal(mount_line(point), None)


@test("the dead mountpoint of a crashed mount is cleared at the next start")
def _():
    store, point = Store(), folder("mnt")
    store.capture(outputs(a=1))
    for _ in range(2):
        os.kill(start(store, point), signal.SIGKILL)
        wait_until(lambda: is_dead(point), "the crash")
    start(store, point)
    equal(read_file(point + "/exec/E1/t1/outputs/a"), b"1\n")
    with open("/proc/self/mounts") as lines:
        equal(sum(line.split(" ")[1] == point for line in lines), 1, "mounts on top of each other")
    unmount(point)


def is_dead(point):
    try:
        os.statvfs(point)
        return False
    except OSError:
        return True


@test("the dead mountpoint is cleared by way of a symbolic link with a slash behind it")
def _():
    store, point, link = Store(), folder("mnt"), fresh("link")
    os.symlink(point, link)
    os.kill(start(store, point), signal.SIGKILL)
    wait_until(lambda: is_dead(point), "the crash")
    done = subprocess.run([KESTRAFS, store.dir, link + "/"], capture_output=True, text=True, env=environment())
    equal((done.returncode, done.stderr), (0, ""))
    os.listdir(point)
    unmount(point)


def picture(point):
    """Every path with what stat and read say of it."""
    shown = {}
    for path in files_below(point):
        state = os.lstat(path)
        name = os.path.relpath(path, point)
        shown[name] = (state.st_ino, state.st_size, state.st_mtime_ns, state.st_mode, hashlib.sha256(read_file(path)).hexdigest())
    for at, folders, _ in os.walk(point):
        for name in folders:
            state = os.lstat(os.path.join(at, name))
            shown[os.path.relpath(os.path.join(at, name), point)] = (state.st_ino, state.st_mtime_ns, state.st_mode)
    return shown


@test("killing the mount and mounting again changes nothing: names, bytes, times and inode numbers")
def _():
    store = Store()
    store.capture([outputs(a=1, b={"c": [1, "x"]}), counter("rows", 3, part="p1"), log("hello"), '::{"metrics":[{"name":"bad"}]}::'])
    store.capture([outputs(a=2), counter("rows", 4)])
    store.capture([outputs(v=1), counter("rows", 5)], task="each", values=["one/two"])
    store.run(["sh", "-c", "exit 3"], task="failing")
    store.end()
    store.capture(outputs(a=1), execution="E2")
    with store.running("E3") as running, Mount(store) as m:
        running.say(counter("rows", 7))
        wait_until(lambda: len(m.json("metrics/rows.json")) == 4, "the running point")
        before = picture(m.point)
        m.process.kill()
        m.process.wait()
        unmount(m.point)
        m.start()
        equal(picture(m.point), before)
        assert len(before) > 50, len(before)


@test("a descriptor of before the crash fails, and never hangs")
def _():
    store = Store()
    store.capture(outputs(a=1))
    with Mount(store) as m:
        at = os.open(m.path("exec"), os.O_RDONLY)
        try:
            m.process.kill()
            m.process.wait()
            try:
                os.stat("E2", dir_fd=at)
                raise AssertionError("an answer from nobody")
            except OSError:
                pass
        finally:
            os.close(at)
            unmount(m.point)


@test("mounts of one store stand side by side, and of several stores too")
def _():
    store, other = Store(), Store()
    store.capture(outputs(a=1))
    other.capture(outputs(a=2))
    with Mount(store) as one, Mount(store) as two, Mount(other) as three:
        equal([m.read("exec/E1/t1/outputs/a") for m in (one, two, three)], [b"1\n", b"1\n", b"2\n"])


@test("memory does not grow with what is looked at")
def _():
    with open(KESTRAFS, "rb") as f:
        if b"__asan_init" in f.read():
            skip("AddressSanitizer keeps what was freed")
    store = Store()
    store.capture([outputs(a=1)] + [counter("rows", n) for n in range(1000)])
    with Mount(store, trace=False) as m:

        def look(times):
            for n in range(times):
                m.read("metrics/rows.json")
                os.path.exists(m.path("exec", f"no{n}"))
                os.listdir(m.path("exec/E1"))
                m.read("exec/E1/t1/log")
            with open(f"/proc/{m.process.pid}/status") as f:
                return int(next(line for line in f if line.startswith("VmRSS")).split()[1])

        first = look(300)
        grown = look(3000) - first
        assert grown < 2048, f"grown by {grown} KiB over 3000 rounds"


@test("the folder below the mount stays as it was")
def _():
    point = folder("mnt")
    before = os.stat(point)
    unmounted = start(Store(), point)
    unmount(point)
    wait_until(lambda: ended(unmounted), "the daemon to end")
    equal(os.listdir(point), [])
    equal(os.stat(point).st_mtime_ns, before.st_mtime_ns)


run()
