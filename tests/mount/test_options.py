#!/usr/bin/env python3
"""The command line of kestrafs: what it takes, what it refuses and what it says."""

import os
import pty
import re
import subprocess

from kestra_mount import ROOT, Mount, Store, environment, folder, fresh, mount_line, need_fuse_here, need_root, outputs, program, unmount, wait_until
from tap import contains, equal, run, skip, test

KESTRAFS = program("kestrafs")


def call(*args, **options):
    options.setdefault("env", environment())
    return subprocess.run([KESTRAFS, *args], stdin=subprocess.DEVNULL, capture_output=True, text=True, cwd=ROOT, timeout=60, **options)


def refused(args, status, *parts, **options):
    """The call ends with `status` and says one line that holds every one of `parts`; nothing is mounted."""
    done = call(*args, **options)
    equal(done.returncode, status, f"exit status ({done.stderr})")
    equal(done.stdout, "", "standard output")
    equal(done.stderr.count("\n"), 1, f"lines in {done.stderr!r}")
    assert done.stderr.startswith("kestrafs: "), done.stderr
    for part in parts:
        contains(done.stderr, part)
    equal(mount_line(args[-1]), None, "what is mounted")


@test("--help goes to standard output and ends with 0")
def _():
    for option in ("--help", "-h"):
        done = call(option)
        equal((done.returncode, done.stderr), (0, ""))
        for part in ("usage: kestrafs [--store DIR] [-f] [-o OPTIONS] [STORE] MOUNTPOINT", "Exit: ", "Examples:", "allow_other", "namespace=NAME"):
            contains(done.stdout, part)


@test("--version names the program and a version")
def _():
    for option in ("--version", "-V"):
        done = call(option)
        equal((done.returncode, done.stderr), (0, ""))
        assert re.fullmatch(r"kestrafs \d+\.\d+\.\d+\n", done.stdout), done.stdout


WRONG = [
    ([], "no mountpoint given"),
    (["a", "b", "c"], "one argument too many: c"),
    ([""], "an argument is empty"),
    (["--bogus", "m"], "unknown option --bogus"),
    (["-x", "m"], "unknown option -x"),
    (["-fx", "m"], "unknown option -x"),
    (["m", "-o"], "a value is missing after -o"),
    (["m", "--store"], "a value is missing after --store"),
    (["--store", "", "m"], "--store needs the store's folder"),
    (["-o", "bogus", "m"], "unknown option -o bogus"),
    (["-o", "rw,bogus=1,nofail", "m"], "unknown option -o bogus"),
    (["-o", "a\nb", "m"], r"unknown option -o a\nb"),
    (["-o", "uid", "m"], "-o uid needs a value"),
    (["-o", "uid=", "m"], "-o uid needs a value"),
    (["-o", "uid=root", "m"], "-o uid=root: not a number"),
    (["-o", "uid=-1", "m"], "-o uid=-1: not a number"),
    (["-o", "uid=4294967295", "m"], "not a number in range"),
    (["-o", "gid=0x10", "m"], "-o gid=0x10: not a number"),
    (["-o", "umask=0999", "m"], "-o umask=0999: not an octal number"),
    (["-o", "umask=1000", "m"], "-o umask=1000: not an octal number"),
    (["-o", "max_threads=many", "m"], "-o max_threads=many: not a number"),
    (["-o", "allow_other=1", "m"], "-o allow_other takes no value"),
    (["-o", "namespace", "m"], "-o namespace needs a value"),
    (["-o", "namespace=", "m"], "-o namespace needs a value"),
    (["-o", "namespace=Dev", "m"], "-o namespace=Dev: not a namespace: [a-z0-9][a-z0-9._-]*, at most 150"),
    (["-o", "namespace=dev.*", "m"], "-o namespace=dev.*: not a namespace"),
    (["-o", "auto_unmount", "m"], "-o auto_unmount is not supported"),
    (["-o", "subtype=x", "m"], "the type of the mount is always fuse.kestrafs"),
    (["-o", "remount", "m"], "unmount it and mount it again"),
    (["one", "--store", "other", "m"], "two different stores given"),
    (["-o", "store=one", "other", "m"], "two different stores given"),
]

for wrong_args, wrong_part in WRONG:

    @test(f"a wrong call ends with 2: {' '.join(wrong_args)!r}")
    def _(args=wrong_args, part=wrong_part):
        if args:
            refused(args, 2, part, "see kestrafs --help")
        else:
            refused_without_arguments(part)


def refused_without_arguments(part):
    done = call()
    equal((done.returncode, done.stdout), (2, ""))
    contains(done.stderr, part)
    contains(done.stderr, "see kestrafs --help")


@test("a mountpoint that is missing is refused")
def _():
    path = fresh("nothing")
    refused([path], 1, path, "is not there", "mkdir -p")
    refused([os.path.join(path, "below")], 1, "is not there")


@test("a mountpoint that is no folder is refused")
def _():
    path = fresh("file")
    open(path, "w").close()
    refused([path], 1, path, "not a folder")
    refused([path + "/x"], 1, "Not a directory")


@test("a mountpoint inside the store is refused, by whatever path")
def _():
    store = folder("store")
    os.mkdir(store + "/below")
    link = fresh("link")
    os.symlink(store, link)
    for args in (
        [store, store + "/below"],
        [store, store],
        [store, link + "/below"],
        [link, store + "/below/../below"],
        ["--store", store, store + "/below"],
        ["-o", "store=" + link, store],
    ):
        refused(args, 1, "the store", "mountpoint")


@test("a store inside the mountpoint is refused, also one that is not there yet")
def _():
    point = folder("mnt")
    os.mkdir(point + "/store")
    link = fresh("link")
    os.symlink(point, link)
    for store in (point + "/store", point + "/not/there/yet", link + "/store", link + "/new", point + "/x/../store"):
        refused([store, point], 1, "lies inside the mountpoint")


@test("a neighbour of the store whose name begins alike is not inside it")
def _():
    need_fuse_here()
    store = Store()
    point = store.dir + "-mnt"
    os.mkdir(point)
    equal(call(store.dir, point).returncode, 0)
    unmount(point)


def refuses_format(version, text):
    store = Store()
    store.capture(outputs(a=1))
    path = os.path.join(store.dir, "data.mdb")
    with open(path, "rb") as f:
        data = f.read()
    assert b"format\x02" in data, "the store's format is not where this test looks"
    with open(path, "wb") as f:
        f.write(data.replace(b"format\x02", b"format" + bytes([version])))
    refused([store.dir, folder("mnt")], 1, store.dir, text)


@test("a store written by a newer version is refused")
def _():
    refuses_format(99, "newer version")


@test("and one of the format before the first release")
def _():
    refuses_format(1, "earlier version")


@test("a store whose lock file may not be written is refused")
def _():
    need_root()
    store = Store()
    store.capture(outputs(a=1))
    os.chmod(store.dir, 0o755)
    for name in os.listdir(store.dir):
        os.chmod(os.path.join(store.dir, name), 0o444)
    point = folder("mnt")
    os.chown(point, 65534, 65534)
    refused([store.dir, point], 1, store.dir, "writable", user=65534, group=65534, extra_groups=[])


@test("a store that may not be read is refused")
def _():
    need_root()
    store = Store()
    store.capture(outputs(a=1))
    point = folder("mnt")
    os.chown(point, 65534, 65534)
    refused([store.dir, point], 1, store.dir, "ermission denied", user=65534, group=65534, extra_groups=[])


@test("a store that is cut short is refused")
def _():
    store = Store()
    store.capture(outputs(a=1))
    path = os.path.join(store.dir, "data.mdb")
    os.truncate(path, os.path.getsize(path) // 2)
    refused([store.dir, folder("mnt")], 1, store.dir)


@test("a folder that is already a kestrafs mount is refused")
def _():
    need_fuse_here()
    with Mount(Store()) as m:
        refused_here = call(Store().dir, m.point)
        equal(refused_here.returncode, 1)
        contains(refused_here.stderr, "already a kestrafs mount")
        contains(refused_here.stderr, "fusermount3 -u")
        os.listdir(m.point)


# What is accepted


def mounted(*args, point=None):
    """Mounts in the background and returns the mountpoint; `{}` in args stands for it."""
    need_fuse_here()
    point = point or folder("mnt")
    done = call(*[a.replace("{}", point) for a in args])
    equal((done.returncode, done.stdout, done.stderr), (0, "", ""), "the call")
    return point


@test("options stand before or after the arguments, as mount(8) has them")
def _():
    store = Store()
    for args in (["--store", store.dir, "{}"], [store.dir, "{}", "-o", "rw"], ["{}", "--store=" + store.dir], ["-o", "store=" + store.dir, "{}"]):
        point = mounted(*args)
        equal(mount_line(point)[0], store.dir, "the device")
        unmount(point)


@test("POSIXLY_CORRECT changes nothing")
def _():
    need_fuse_here()
    store, point = Store(), folder("mnt")
    done = call(store.dir, point, "-o", "ro", env=environment(POSIXLY_CORRECT="1"))
    equal((done.returncode, done.stderr), (0, ""))
    unmount(point)


@test("$KESTRAFS_STORE is the store where none is given, and `none` is no store")
def _():
    need_fuse_here()
    store = Store()
    for args in ([], ["none"]):
        point = folder("mnt")
        equal(call(*args, point, env=environment(KESTRAFS_STORE=store.dir)).returncode, 0)
        equal(mount_line(point)[0], store.dir)
        unmount(point)


@test("paths may be relative, and hold blanks, commas and backslashes")
def _():
    need_fuse_here()
    os.mkdir(os.path.join(ROOT, "odd, na\\me"))
    store = "odd store, too\\"
    equal(call(store, "odd, na\\me/").returncode, 0)
    point = os.path.join(ROOT, "odd, na\\me").replace("\\", "\\134").replace(" ", "\\040")
    source, kind, _ = mount_line(point)
    equal(source, os.path.join(ROOT, store).replace("\\", "\\134").replace(" ", "\\040"))
    equal(kind, "fuse.kestrafs")
    unmount(os.path.join(ROOT, "odd, na\\me"))


@test("the mount is read-only and of type fuse.kestrafs, whatever is asked")
def _():
    point = mounted(Store().dir, "{}", "-o", "rw,dev,suid,defaults")
    _, kind, options = mount_line(point)
    equal(kind, "fuse.kestrafs")
    for option in ("ro", "nodev", "nosuid"):
        assert option in options, options
    unmount(point)


@test("what fstab and mount(8) add is accepted and ignored")
def _():
    ignored = "rw,defaults,dev,suid,auto,noauto,user,user=me,nouser,users,owner,group,nofail,_netdev,x-systemd.automount,x-gvfs-name=a\\,b,relatime"
    unmount(mounted(Store().dir, "{}", "-o", ignored))


@test("what libfuse takes is passed on")
def _():
    point = mounted(Store().dir, "{}", "-o", "noexec,noatime,max_read=65536,fsname=a name\\, mine", "-o", "max_threads=2,clone_fd")
    source, _, options = mount_line(point)
    equal(source, "a\\040name,\\040mine")
    for option in ("noexec", "noatime", "max_read=65536"):
        assert option in options, options
    unmount(point)


@test("uid, gid and umask say who owns what")
def _():
    store = Store()
    store.capture(outputs(a=1))
    point = mounted(store.dir, "{}", "-o", "uid=12,gid=34,umask=027")
    state = os.lstat(point + "/exec/E1/state")
    equal((state.st_uid, state.st_gid, state.st_mode & 0o7777), (12, 34, 0o440))
    at = os.lstat(point + "/exec")
    equal((at.st_uid, at.st_gid, at.st_mode & 0o7777), (12, 34, 0o550))
    unmount(point)


@test("without them the mounting user owns everything, 0444 and 0555")
def _():
    store = Store()
    store.capture(outputs(a=1))
    point = mounted(store.dir, "{}")
    state, at = os.lstat(point + "/exec/E1/state"), os.lstat(point + "/exec/E1")
    equal((state.st_uid, state.st_gid, state.st_mode & 0o7777), (os.getuid(), os.getgid(), 0o444))
    equal((at.st_uid, at.st_gid, at.st_mode & 0o7777), (os.getuid(), os.getgid(), 0o555))
    unmount(point)


def read_as_nobody(path):
    return subprocess.run(["cat", path], capture_output=True, user=65534, group=65534, extra_groups=[]).returncode


@test("others may read only with allow_other, and then by the modes")
def _():
    need_root()
    store = Store()
    store.capture(outputs(a=1))
    for options, status in (("rw", 1), ("allow_other", 0), ("allow_other,umask=007", 1), ("allow_other,umask=007,gid=65534", 0)):
        point = mounted(store.dir, "{}", "-o", options)
        equal(read_as_nobody(point + "/exec/E1/state"), status, options)
        unmount(point)


@test("mount -t fuse.kestrafs works, by way of mount.fuse")
def _():
    need_fuse_here()
    need_root()
    helper = "/sbin/mount.fuse3"
    if not os.access(helper, os.X_OK):
        skip("no mount.fuse3")
    store, point = Store(), folder("mnt")
    done = subprocess.run(
        [helper, store.dir, point, "-t", "fuse." + KESTRAFS, "-o", "rw,nofail,_netdev,allow_other"], capture_output=True, text=True, env=environment()
    )
    equal((done.returncode, done.stderr), (0, ""))
    source, kind, options = mount_line(point)
    equal((source, kind), (store.dir, "fuse.kestrafs"))
    assert "allow_other" in options
    unmount(point)


def said_on_terminal(*args):
    """What a call prints on a terminal, and its exit status."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(KESTRAFS, [KESTRAFS, *args], environment())
    said = b""
    try:
        while part := os.read(terminal, 1000):
            said += part
    except OSError:
        pass  # the other end is closed
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os.close(terminal)
    return said.decode().replace("\r\n", "\n"), status


@test("on a terminal it says what it shows")
def _():
    need_fuse_here()
    store, point = Store(), folder("mnt")
    equal(said_on_terminal(store.dir, point), (f"kestrafs: {store.dir} (no store yet) on {point}\n", 0))
    unmount(point)
    store.capture(outputs(a=1))
    equal(said_on_terminal(store.dir, point), (f"kestrafs: {store.dir} (1 execution) on {point}\n", 0))
    unmount(point)
    store.capture(outputs(a=1), execution="E2")
    equal(said_on_terminal(store.dir, point), (f"kestrafs: {store.dir} (2 executions) on {point}\n", 0))
    unmount(point)


@test("where the mount cannot be made, the status is 1 and something says why")
def _():
    need_fuse_here()
    need_root()
    point = folder("mnt")
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", 'mount -t tmpfs none /dev && exec "$0" "$@"', KESTRAFS, Store().dir, point], capture_output=True, text=True, env=environment()
    )
    equal((done.returncode, done.stdout), (1, ""))
    contains(done.stderr, "cannot mount on " + point)


@test("the daemon keeps no descriptor of the terminal and stands in /")
def _():
    need_fuse_here()
    if not os.path.isdir("/proc/self/fd"):
        skip("no /proc")
    store, point = Store(), folder("mnt")
    read_end, write_end = os.pipe()
    done = subprocess.run([KESTRAFS, store.dir, point], stdin=subprocess.DEVNULL, stdout=write_end, stderr=write_end, env=environment(), cwd=ROOT)
    os.close(write_end)
    equal(done.returncode, 0)
    equal(os.read(read_end, 100), b"", "what a reader of the output waits for")
    os.close(read_end)
    daemon = next(p for p in os.listdir("/proc") if p.isdigit() and point.encode() in command_line(p))
    equal([os.readlink(f"/proc/{daemon}/fd/{fd}") for fd in (0, 1, 2)], ["/dev/null"] * 3)
    equal(os.readlink(f"/proc/{daemon}/cwd"), "/")
    unmount(point)
    wait_until(lambda: not os.path.exists(f"/proc/{daemon}/fd/0") or not command_line(daemon), "the daemon to end")


def command_line(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as f:
            return f.read().split(b"\0")
    except OSError:
        return []


@test("it works with the standard streams closed")
def _():
    need_fuse_here()
    store, point = Store(), folder("mnt")
    store.capture(outputs(a=1))
    equal(subprocess.run(["sh", "-c", 'exec "$0" "$@" <&- >&- 2>&-', KESTRAFS, store.dir, point], env=environment()).returncode, 0)
    with open(point + "/exec/E1/t1/outputs/a") as f:
        equal(f.read(), "1\n")
    unmount(point)


run()
