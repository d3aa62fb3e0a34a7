#!/usr/bin/env python3
"""What every entry promises, seen by the tools people use: sizes, numbers, times, listings, growing files."""

import collections
import json
import mmap
import os
import shutil
import stat
import subprocess

from kestra_mount import PATIENCE, Mount, Store, counter, fresh, log, need_fuse, outputs, read_file, read_on, wait_until
from tap import contains, equal, run, skip, test

need_fuse()

HOSTILE = ["a/b", "..", ".", "", "%", "new\nline", "nul\0", "x" * 300, "ünï", "-rf", "metrics", " "]


def fill():
    """One of everything, and a closed and an open execution."""
    store = Store()
    rich = outputs(
        number=3.5, text="some text", empty="", list=[1, "two", {"three": 3}, None], none=None, yes=True, tree={"a": {"b": [1, 2]}, "c": "d"}, nothing=[], bare={}
    )
    store.capture([rich, counter("rows", 3, part="p1"), counter("rows", 4), log("hello"), '::{"metrics":[{"name":"bad"}]}::'])
    store.capture([outputs(number=1), counter("rows", 5)])
    for value in ("one", "two/three", "x" * 300):
        store.capture([outputs(v=value), counter("rows", 1)], task="each", values=[value])
    store.capture(outputs(v=1), task="nested", values=["outer", "inner"])
    store.capture(outputs(**{name: n for n, name in enumerate(HOSTILE)}), task="hostile")
    store.capture([counter(name or "empty", 1) for name in HOSTILE], task="hostile-metrics")
    store.run(["sh", "-c", "exit 3"], task="failing")
    store.end()
    store.capture([outputs(big="y" * 300_000), *[counter("many", n) for n in range(5000)]], execution="E2")
    store.capture([log(f"line {n}") for n in range(2000)], execution="E2", task="logging")
    return store


store = fill()
m = Mount(store)


@test("the size of every file is exact, and so are its blocks and links")
def _():
    count = 0
    for at, folders, names in os.walk(m.point):
        for name in names:
            path = os.path.join(at, name)
            state = os.lstat(path)
            data = read_file(path)
            equal(len(data), state.st_size, path)
            equal(state.st_blocks, (state.st_size + 511) // 512, "blocks of " + path)
            equal((state.st_nlink, stat.S_IMODE(state.st_mode)), (1, 0o444), path)
            count += 1
        state = os.lstat(at)
        equal((state.st_nlink, stat.S_IMODE(state.st_mode), state.st_blocks), (1, 0o555, 0), at)
    assert count > 100, count


@test("every JSON document is valid and ends in one newline")
def _():
    for at, _, names in os.walk(m.point):
        for name in names:
            if name.endswith(".json"):
                data = read_file(os.path.join(at, name))
                json.loads(data)
                assert data.endswith(b"\n") and not data.endswith(b"\n\n"), (at, name)


@test("what a listing prints can be opened, and says the right type")
def _():
    for at, _, _ in os.walk(m.point):
        for entry in os.scandir(at):
            equal(entry.is_dir(follow_symlinks=False), stat.S_ISDIR(os.lstat(entry.path).st_mode), entry.path)


@test("hostile names read back under the names the rule gives")
def _():
    names = dict(zip(HOSTILE, range(len(HOSTILE)), strict=True))
    for name, entry in {"a/b": "a%2Fb", "..": "%2E.", ".": "%2E", "": "%", "%": "%25", "new\nline": "new%0Aline", "nul\0": "nul%00", "ünï": "ünï", "-rf": "-rf", " ": " "}.items():
        equal(m.text("exec/E1/hostile/outputs", entry), f"{names[name]}\n", entry)
    listed = os.listdir(m.path("exec/E1/hostile/outputs"))
    equal(len(listed), len(HOSTILE))
    equal(max(len(name.encode()) for name in listed) <= 255, True)


@test("no folder stands at two places")
def _():
    places = collections.defaultdict(list)
    for at, _, _ in os.walk(m.point):
        places[os.lstat(at).st_ino].append(os.path.relpath(at, m.point))
    twice = {number: paths for number, paths in places.items() if len(paths) > 1}
    assert not twice, f"the kernel knows a folder by one path only: {twice}"


@test("two files of one number are the same file")
def _():
    seen = {}
    for at, _, names in os.walk(m.point):
        for name in names:
            path = os.path.join(at, name)
            number, data = os.lstat(path).st_ino, read_file(path)
            equal(seen.setdefault(number, data), data, path)


def quietly(*command, **options):
    """Runs a tool that must succeed and complain of nothing; its output."""
    done = subprocess.run(command, capture_output=True, env={**os.environ, "LC_ALL": "C.UTF-8"}, timeout=PATIENCE * 4, **options)
    equal((done.returncode, done.stderr), (0, b""), " ".join(command))
    return done.stdout


@test("find, ls, du, grep, wc and cksum neither loop nor complain")
def _():
    found = quietly("find", m.point).splitlines()
    equal(len(found), 1 + sum(len(folders) + len(names) for _, folders, names in os.walk(m.point)))
    for command in (
        ["find", m.point, "-type", "f", "-size", "+0", "-newermt", "2020-01-01"],
        ["find", m.point, "-ls"],
        ["find", "-L", m.point, "-type", "f"],
        ["ls", "-lRi", m.point],
        ["ls", "-aF", "--color=always", m.point],
        ["du", "-a", m.point],
        ["du", "-sb", m.point],
        ["grep", "-rc", "value", m.point],
        ["sh", "-c", 'find "$1" -type f -print0 | xargs -0 cksum', "sh", m.point],
    ):
        assert quietly(*command), command
    one = quietly("du", "--apparent-size", "-b", m.path("exec/E1/state"))
    equal(one.split()[0], str(os.path.getsize(m.path("exec/E1/state"))).encode())


@test("wc -c counts what cat prints, tail -c finds the end, mmap maps it all")
def _():
    for name in ("metrics/many.json", "exec/E2/t1/outputs/big", "exec/E2/logging/log"):
        data = m.read(name)
        equal(int(quietly("wc", "-c", m.path(name)).split()[0]), len(data), name)
        equal(quietly("tail", "-c", "100", m.path(name)), data[-100:], name)
        equal(quietly("dd", "if=" + m.path(name), "bs=1000", "skip=50", "count=3", "status=none"), data[50_000:53_000], name)
        with open(m.path(name), "rb") as f, mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ) as mapped:
            equal(mapped[:] == data, True, "mmap of " + name)


@test("reading by small pieces, at odd places and around the cache gives the same bytes")
def _():
    data = m.read("metrics/many.json")
    fd = os.open(m.path("metrics/many.json"), os.O_RDONLY)
    try:
        equal(read_on(fd, 777) == data, True)
        for offset in (0, 1, 4095, 4096, 131071, len(data) - 1, len(data), len(data) + 10):
            equal(os.pread(fd, 5000, offset) == data[offset : offset + 5000], True, f"at {offset}")
    finally:
        os.close(fd)
    fd = os.open(m.path("metrics/many.json"), os.O_RDONLY | os.O_DIRECT)
    try:
        with mmap.mmap(-1, 1 << 20) as page:
            got = os.readv(fd, [page])
            equal(page[:got] == data[:got] and got > 4096, True, "O_DIRECT")
    except OSError as e:
        skip(f"O_DIRECT: {e.strerror}")
    finally:
        os.close(fd)


@test("tar, cp -a and diff -r carry the whole tree away unchanged")
def _():
    copy = fresh("copy")
    os.mkdir(copy)
    quietly("sh", "-c", 'tar cf - -C "$1" . | tar xf - -C "$2"', "sh", m.point, copy)
    quietly("diff", "-r", m.point, copy)
    again = fresh("copy")
    quietly("cp", "-a", m.point, again)
    quietly("diff", "-r", copy, again)
    if shutil.which("rsync"):
        quietly("rsync", "-a", m.point + "/", fresh("copy"))


@test("two mounts of one store show the same")
def _():
    with Mount(store) as other:
        quietly("diff", "-r", m.point, other.point)


@test("times: of a file when it was recorded, of a folder when it began; all three alike")
def _():
    before = os.stat(m.path("exec/E1/execution.json")).st_mtime
    state = os.lstat(m.path("exec/E1/t1/outputs/number"))
    equal((state.st_atime_ns, state.st_ctime_ns), (state.st_mtime_ns,) * 2)
    assert os.stat(m.path("exec/E1")).st_mtime <= state.st_mtime <= before, (state.st_mtime, before)


@test("statfs: a read-only file system of the store's size, an inode per execution")
def _():
    st = os.statvfs(m.point)
    equal((st.f_bsize, st.f_frsize, st.f_namemax, st.f_files, st.f_ffree, st.f_bfree, st.f_bavail), (4096, 4096, 255, 2, 0, 0, 0))
    assert st.f_flag & os.ST_RDONLY
    size = os.stat(os.path.join(store.dir, "data.mdb")).st_blocks * 512
    equal(st.f_blocks, (size + 4095) // 4096)
    contains(quietly("df", m.point).decode(), m.point)


@test("a name that is not there is ENOENT, a file is no folder, a folder is no file")
def _():
    for path, wanted in (
        ("nothing", FileNotFoundError),
        ("exec/nobody/t1", FileNotFoundError),
        ("exec/E1/t1/outputs/nothing", FileNotFoundError),
        ("exec/E1/state/below", NotADirectoryError),
        ("exec/E1/" + "x" * 256, OSError),
        ("exec/E1/t1/outputs/ü\udcff", FileNotFoundError),
        ("exec/../exec/E1/../E9", FileNotFoundError),
    ):
        try:
            os.stat(os.path.join(os.fsencode(m.point), os.fsencode(path)))
            raise AssertionError(path + " is there")
        except OSError as e:
            assert isinstance(e, wanted), (path, e)
    try:
        read_file(m.path("exec/E1"))
        raise AssertionError("a folder was read")
    except IsADirectoryError:
        pass


@test("there are no extended attributes, and asking for them does no harm")
def _():
    equal(quietly("ls", "-lZ", m.path("exec")) != b"", True)
    for call in (lambda: os.getxattr(m.path("README.txt"), "user.a"), lambda: os.listxattr(m.path("README.txt")) and None):
        try:
            call()
        except OSError:
            pass


@test("a large listing streams, in order, each name once, also while it grows")
def _():
    many = Store()
    many.capture([outputs(**{f"o{n:05}": n for n in range(6000)})], execution="E1")
    with many.running(execution="E1", task="grow") as running, Mount(many) as big:
        equal(os.listdir(big.path("exec/E1/t1/outputs")), [f"o{n:05}" for n in range(6000)])
        wait_until(lambda: running.say(outputs(first=0)) or os.path.exists(big.path("exec/E1/grow/outputs/first")), "the first output")
        running.say(outputs(**{f"p{n:05}": n for n in range(6000)}))
        wait_until(lambda: os.path.exists(big.path("exec/E1/grow/outputs/p05999")), "the outputs")
        with os.scandir(big.path("exec/E1/grow/outputs")) as names:
            seen = [next(names).name for _ in range(100)]
            running.say(outputs(**{f"q{n:05}": n for n in range(100)}))
            wait_until(lambda: os.path.exists(big.path("exec/E1/grow/outputs/q00099")), "more outputs")
            seen += [entry.name for entry in names]
        equal(len(seen), len(set(seen)), "names listed twice")
        equal([name for name in seen if name[0] == "p"], [f"p{n:05}" for n in range(6000)])


@test("rewinding and seeking in a listing")
def _():
    script = """
import ctypes, os, sys
libc = ctypes.CDLL(None)
libc.opendir.restype = libc.readdir.restype = ctypes.c_void_p
libc.telldir.restype = ctypes.c_long
for f in (libc.readdir, libc.telldir, libc.rewinddir): f.argtypes = [ctypes.c_void_p]
libc.seekdir.argtypes = [ctypes.c_void_p, ctypes.c_long]
def name(e): return ctypes.string_at(e + 19)
d = libc.opendir(sys.argv[1].encode())
places, names = [], []
while True:
    at = libc.telldir(d); e = libc.readdir(d)
    if not e: break
    places.append(at); names.append(name(e))
assert len(names) > 2 and names[:2] == [b'.', b'..'], names
for i in reversed(range(len(names))):
    libc.seekdir(d, places[i]); got = name(libc.readdir(d)); assert got == names[i], (i, got, names[i])
libc.rewinddir(d); assert name(libc.readdir(d)) == b'.'
"""
    for path in ("exec/E1", "exec/E1/t1/outputs", "exec/E1/t1"):
        quietly("python3", "-c", script, m.path(path))


@test("tail -f follows a growing log, whole lines at a time")
def _():
    with store.running(execution="E3", task="grow") as running:
        running.say(log("line 0"))
        wait_until(lambda: os.path.exists(m.path("exec/E3/grow/log")) and m.read("exec/E3/grow/log"), "the first line")
        tail = subprocess.Popen(["tail", "-n", "+1", "-s", "0.05", "-f", m.path("exec/E3/grow/log")], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            for n in range(20):
                contains(tail.stdout.readline().decode(), f" INFO line {n}\n")
                running.say(log(f"line {n + 1}"))
        finally:
            tail.kill()
            equal(tail.communicate()[1], b"")


@test("a descriptor of a growing log reads on, and its size grows with it")
def _():
    with store.running(execution="E4", task="grow") as running:
        running.say(log("line 0"))
        wait_until(lambda: os.path.exists(m.path("exec/E4/grow/log")) and m.read("exec/E4/grow/log"), "the first line")
        with open(m.path("exec/E4/grow/log"), "rb", buffering=0) as f:
            first = f.read(1 << 16)
            running.say(log("line 1"))
            wait_until(lambda: os.fstat(f.fileno()).st_size > len(first), "the size to grow")
            whole = first + f.read(1 << 16)
            equal(whole.count(b"\n"), 2)
            equal(os.pread(f.fileno(), 1 << 16, 0), whole)


@test("something printed is in the mount within 50 ms, while its run goes on")
def _():
    import time

    with store.running(execution="E5", task="quick") as running:
        running.say(outputs(n=0))
        wait_until(lambda: os.path.exists(m.path("exec/E5/quick/outputs/n")), "the first output")
        late = []
        for n in range(1, 21):
            began = time.monotonic()
            running.say(outputs(n=n))
            wait_until(lambda n=n: m.text("exec/E5/quick/outputs/n") == f"{n}\n", "the output")
            late.append(time.monotonic() - began)
        late.sort()
        assert late[len(late) // 2] < 0.05, f"the median is {late[len(late) // 2] * 1000:.0f} ms"


@test("the mount ends cleanly after all that")
def _():
    equal(m.stop(), 0)


run()
