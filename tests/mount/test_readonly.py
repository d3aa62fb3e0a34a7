#!/usr/bin/env python3
"""Nothing can be written: every call that would answers EROFS."""

import ctypes
import errno
import os
import stat
import subprocess

from kestra_mount import Mount, Store, counter, log, need_fuse, outputs
from tap import equal, run, skip, test

need_fuse()
libc = ctypes.CDLL(None, use_errno=True)

store = Store()
store.capture([outputs(a="text"), counter("rows", 1), log("hello")])
store.end()
m = Mount(store)
FILE = m.path("exec/E1/t1/outputs/a")
DOCUMENT = m.path("metrics/rows.json")
LOG = m.path("exec/E1/t1/log")
FOLDER = m.path("exec/E1")
NEW = m.path("exec/new")


def checked(result):
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def rename2(flags):
    checked(libc.renameat2(-100, FILE.encode(), -100, NEW.encode(), flags))


CALLS = {
    "open for writing": lambda: os.open(FILE, os.O_WRONLY),
    "open for reading and writing": lambda: os.open(DOCUMENT, os.O_RDWR),
    "open to append": lambda: os.open(LOG, os.O_WRONLY | os.O_APPEND),
    "open and truncate": lambda: os.open(FILE, os.O_RDONLY | os.O_TRUNC),
    "create": lambda: os.open(NEW, os.O_WRONLY | os.O_CREAT, 0o600),
    "create exclusively": lambda: os.open(NEW, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600),
    "a nameless temporary file": lambda: os.open(FOLDER, os.O_WRONLY | os.O_TMPFILE, 0o600),
    "truncate": lambda: os.truncate(FILE, 0),
    "mkdir": lambda: os.mkdir(NEW),
    "rmdir": lambda: os.rmdir(FOLDER),
    "unlink": lambda: os.unlink(FILE),
    "rename": lambda: os.rename(FILE, NEW),
    "rename a folder": lambda: os.rename(FOLDER, NEW),
    "rename without replacing": lambda: rename2(1),
    "rename by exchange": lambda: checked(libc.renameat2(-100, FILE.encode(), -100, DOCUMENT.encode(), 2)),
    "link": lambda: os.link(FILE, NEW),
    "symlink": lambda: os.symlink("a", NEW),
    "mkfifo": lambda: os.mkfifo(NEW),
    "mknod": lambda: os.mknod(NEW, stat.S_IFREG | 0o600),
    "chmod": lambda: os.chmod(FILE, 0o600),
    "chmod a folder": lambda: os.chmod(FOLDER, 0o700),
    "chown": lambda: os.chown(FILE, os.getuid(), os.getgid()),
    "utime": lambda: os.utime(FILE),
    "utime to a time": lambda: os.utime(FOLDER, (1, 1)),
    "setxattr": lambda: os.setxattr(FILE, "user.a", b"b"),
    "removexattr": lambda: os.removexattr(FILE, "user.a"),
    "access for writing": lambda: checked(libc.access(FILE.encode(), os.W_OK)),
}


def expect_read_only(call):
    try:
        result = call()
    except OSError as e:
        equal(errno.errorcode[e.errno], "EROFS")
    else:
        raise AssertionError(f"it worked: {result!r}")


for call_name, call_made in CALLS.items():

    @test(f"{call_name}: EROFS")
    def _(call=call_made):
        expect_read_only(call)


@test("writing to a descriptor opened for reading is EBADF, as everywhere")
def _():
    fd = os.open(FILE, os.O_RDONLY)
    try:
        os.write(fd, b"x")
        raise AssertionError("it worked")
    except OSError as e:
        equal(errno.errorcode[e.errno], "EBADF")
    finally:
        os.close(fd)


@test("the shell's ways say `Read-only file system`")
def _():
    for command in ('echo x > "$1"', 'echo x >> "$2"', 'rm -f "$1"', 'cp "$1" "$3/copy"', 'mv "$1" "$2"', 'touch "$1"', 'sed -i s/a/b/ "$1"', 'mkdir "$3/d"'):
        done = subprocess.run(["sh", "-c", command, "sh", FILE, DOCUMENT, FOLDER], capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"})
        assert done.returncode != 0 and "Read-only file system" in done.stderr, (command, done)


@test("also where somebody has remounted it writable")
def _():
    if os.geteuid() != 0:
        skip("needs root")
    with Mount(store) as other:
        if subprocess.run(["mount", "-i", "-o", "remount,rw", other.point], capture_output=True).returncode:
            skip("cannot be remounted")
        inside = other.path("exec/E1/t1/outputs/a")
        for call in (
            lambda: os.mkdir(other.path("new")),
            lambda: os.unlink(inside),
            lambda: os.rmdir(other.path("exec")),
            lambda: os.chmod(inside, 0),
            lambda: os.truncate(inside, 0),
            lambda: os.rename(inside, other.path("new")),
            lambda: os.symlink("a", other.path("new")),
            lambda: os.link(inside, other.path("new")),
            lambda: os.mknod(other.path("new"), stat.S_IFREG | 0o600),
            lambda: os.setxattr(inside, "user.a", b"b"),
            lambda: os.close(os.open(other.path("new"), os.O_WRONLY | os.O_CREAT)),
        ):
            expect_read_only(call)
        fd = os.open(inside, os.O_WRONLY)
        try:
            expect_read_only(lambda: os.write(fd, b"x"))
        finally:
            os.close(fd)
        equal(other.read("exec/E1/t1/outputs/a"), b"text\n")


@test("nothing has changed after all that")
def _():
    equal(m.read("exec/E1/t1/outputs/a"), b"text\n")
    equal(sorted(os.listdir(m.path("exec"))), ["E1"])
    equal(m.stop(), 0)


run()
