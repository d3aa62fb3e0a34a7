"""Real stores, real captures and real mounts for tests.

Everything lies below one temporary folder. A guardian process of its own waits until the test has ended, however that happens, then unmounts what is
mounted there and removes the folder: nothing is left, also of a test that was killed."""

import atexit
import collections
import contextlib
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import tap

PATIENCE = 30  # seconds until something that must come has not


# Programs


def program(name):
    """The program's path: KESTRAFS_BIN is the folder that holds it (or several, with colons between)."""
    for folder in os.environ.get("KESTRAFS_BIN", "").split(":"):
        path = os.path.join(folder, name)
        if folder and os.access(path, os.X_OK) and os.path.isfile(path):
            return os.path.abspath(path)
    sys.exit(f"{name} not found: KESTRAFS_BIN must name the folder of the built programs")


def _fuse_trouble():
    """Why nothing can be mounted here, or None."""
    try:
        os.close(os.open("/dev/fuse", os.O_RDWR))
    except FileNotFoundError:
        return "no /dev/fuse"
    except OSError as e:
        return f"no /dev/fuse ({e.strerror})"
    return None


def need_fuse():
    """Ends the test program where nothing can be mounted: a failure in continuous integration, a skip elsewhere."""
    trouble = _fuse_trouble()
    if trouble and os.environ.get("CI") == "true":
        print(f"Bail out! {trouble}")
        sys.exit(1)
    if trouble:
        tap.skip_all(trouble)


def need_fuse_here():
    """The same for one test."""
    trouble = _fuse_trouble()
    if trouble and os.environ.get("CI") == "true":
        raise AssertionError(trouble)
    if trouble:
        tap.skip(trouble)


def need_root():
    if os.geteuid() != 0:
        tap.skip("needs root")


# The temporary folder and its guardian


def _mounts_below(folder):
    found = []
    with open("/proc/self/mountinfo", "rb") as lines:
        for line in lines:
            path = line.split(b" ")[4].decode("unicode_escape").encode("latin-1").decode()
            if path.startswith(folder + "/"):
                found.append(path)
    return found


def unmount(path):
    """Takes the topmost mount at `path` away, busy or dead."""
    command = ["umount", "-l", path] if os.geteuid() == 0 else ["fusermount3", "-u", "-z", path]
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode


def _clean(folder):
    for path in reversed(_mounts_below(folder)):
        unmount(path)
    shutil.rmtree(folder, ignore_errors=True)


def _guard(folder, read_end):
    os.setsid()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    null = os.open("/dev/null", os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    os.read(read_end, 1)  # ends when the test has
    _clean(folder)


def _make_root():
    folder = os.path.realpath(tempfile.mkdtemp(prefix="kestrafs-test-"))
    os.chmod(folder, 0o755)
    read_end, write_end = os.pipe()
    owner = os.getpid()
    guardian = os.fork()
    if guardian == 0:
        try:
            os.close(write_end)
            _guard(folder, read_end)
        finally:
            os._exit(0)
    os.close(read_end)

    def finish():
        if os.getpid() == owner:  # not in a process forked by the test
            os.close(write_end)
            os.waitpid(guardian, 0)

    atexit.register(finish)
    return folder


def die_with_parent():
    """For a process that a test forks: it must not outlive a test that was killed."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def _end_by_signal(number, _frame):
    sys.exit(128 + number)


for _number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(_number, _end_by_signal)

ROOT = _make_root()
_count = 0


def fresh(kind):
    """A new path below the temporary folder; nothing is there."""
    global _count
    _count += 1
    return os.path.join(ROOT, f"{kind}{_count}")


def folder(kind):
    path = fresh(kind)
    os.mkdir(path)
    return path


# Waiting


def wait_until(condition, what, seconds=PATIENCE):
    """What `condition` returns as soon as it is true."""
    end = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s for {what}")
        time.sleep(0.005)


# Environment: a test must not see the identity or the store of whoever runs it


def environment(**more):
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("KESTRA", "XDG_", "NOTIFY_SOCKET"))}
    kept["HOME"] = ROOT
    kept.update(more)
    return kept


# Capturing


class Store:
    """A store of its own, that is not there before the first capture."""

    def __init__(self):
        self.dir = fresh("store")

    def arguments(self, execution, task=None, values=(), flow="dev/test", options=()):
        words = [program("kestrafs-capture"), "--store", self.dir, "--flow", flow, "--execution", execution]
        words += ["--task", task] if task else []
        for value in values:
            words += ["--value", value]
        return words + list(options)

    def capture(self, text, execution="E1", task="t1", values=(), options=(), expect=0):
        """Records one run that prints `text` (a text, bytes, or a list of lines)."""
        if isinstance(text, (list, tuple)):
            text = "".join(line + "\n" for line in text)
        data = text.encode() if isinstance(text, str) else text
        done = subprocess.run(
            self.arguments(execution, task, values, options=options), input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(), cwd=ROOT
        )
        tap.equal(done.returncode, expect, f"exit status of kestrafs-capture ({done.stderr.decode(errors='replace')})")
        return done

    def run(self, command, execution="E1", task="t1", values=(), options=()):
        """Records a command; returns its exit status."""
        words = self.arguments(execution, task, values, options=options) + ["--"] + command
        return subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment(), cwd=ROOT).returncode

    def end(self, execution="E1", state=None):
        words = self.arguments(execution, options=["--end" + (f"={state}" if state else "")])
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, env=environment(), cwd=ROOT)
        tap.equal(done.returncode, 0, f"exit status of --end ({done.stderr.decode(errors='replace')})")

    def running(self, execution="E1", task="t1", values=()):
        return Running(self.arguments(execution, task, values))


class Running:
    """A run that goes on: say() prints a line to its helper, end() ends it."""

    def __init__(self, words):
        self.process = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment(), cwd=ROOT, bufsize=0
        )

    def say(self, line):
        self.process.stdin.write(line.encode() + b"\n")

    def end(self):
        self.process.stdin.close()
        tap.equal(self.process.wait(PATIENCE), 0, "exit status of the running helper")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if not self.process.stdin.closed:
            self.process.stdin.close()
        self.process.wait(PATIENCE)


def outputs(**values):
    """A message that sets outputs."""
    import json

    return "::" + json.dumps({"outputs": values}) + "::"


def counter(name, value, **tags):
    import json

    return "::" + json.dumps({"metrics": [{"name": name, "type": "counter", "value": value, "tags": tags}]}) + "::"


def log(message):
    import json

    return "::" + json.dumps({"logs": [{"level": "INFO", "message": message}]}) + "::"


# Mounting

ASYNCHRONOUS = {"FORGET", "BATCH_FORGET", "RELEASE", "RELEASEDIR", "INTERRUPT"}


class Upcalls:
    """What the kernel asked the mount between two moments, without what it does not wait for."""

    def __init__(self, lines):
        words = [line.split(" ", 2) for line in lines]
        self.lines = [" ".join(w) for w in words if w[0] not in ASYNCHRONOUS]
        self.counter = collections.Counter(w[0] for w in words if w[0] not in ASYNCHRONOUS)

    def __getitem__(self, operation):
        return self.counter[operation]

    def total(self):
        return sum(self.counter.values())

    def __repr__(self):
        return repr(self.lines)


class Mount:
    """A store mounted in the foreground, its requests listed. Usable when made: readiness is what the program itself reports."""

    def __init__(self, store, *options, trace=True, umask=0o022):
        self.dir = store if isinstance(store, str) else store.dir
        self.point = folder("mnt")
        self.trace = fresh("trace") if trace else None
        self.messages = open(fresh("messages"), "w+b")
        self.start(*options)

    def start(self, *options):
        name = fresh("notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.bind(name)
            notify.settimeout(0.05)
            env = environment(NOTIFY_SOCKET=name, **({"KESTRAFS_TRACE": self.trace} if self.trace else {}))
            self.process = subprocess.Popen(
                [program("kestrafs"), "-f", "--store", self.dir, *options, self.point], env=env, stdin=subprocess.DEVNULL, stderr=self.messages
            )
            wait_until(lambda: self._is_ready(notify), "the mount to be ready")
        os.unlink(name)

    def _is_ready(self, notify):
        try:
            return notify.recv(100) == b"READY=1"
        except TimeoutError:
            if self.process.poll() is not None:
                raise AssertionError(f"kestrafs ended with {self.process.returncode}: {self.said()}") from None
            return False

    def said(self):
        """What it has said on standard error."""
        self.messages.seek(0)
        return self.messages.read().decode(errors="replace")

    def path(self, *names):
        return os.path.join(self.point, *names)

    def read(self, *names):
        """The whole file by open, read, close and nothing else: what is asked of the kernel can be counted."""
        return read_file(self.path(*names))

    def text(self, *names):
        return self.read(*names).decode()

    def json(self, *names):
        import json

        return json.loads(self.read(*names))

    @contextlib.contextmanager
    def counting(self):
        """What the kernel asks within the block: `with m.counting() as calls: …; calls["READ"]` after it."""
        calls = Upcalls([])
        before = os.path.getsize(self.trace)
        yield calls
        with open(self.trace, "rb") as f:
            f.seek(before)
            calls.__init__(f.read().decode(errors="surrogateescape").splitlines())

    def stop(self, number=signal.SIGTERM):
        """Ends the mount and returns the exit status. It has said nothing to the end."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        status = self.process.wait(PATIENCE)
        tap.equal(self.said(), "", "what the mount has said")
        return status

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        killed = self.process.poll() == -signal.SIGKILL
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            unmount(self.point)
            raise
        if kind is None and not killed:
            tap.equal((self.process.returncode, self.said()), (0, ""), "the end of the mount and what it has said")


def read_file(path):
    fd = os.open(path, os.O_RDONLY)
    try:
        return read_on(fd)
    finally:
        os.close(fd)


def read_on(fd, size=1 << 16):
    parts = []
    while part := os.read(fd, size):
        parts.append(part)
    return b"".join(parts)


def files_below(path):
    for at, folders, names in os.walk(path):
        folders.sort()
        for name in sorted(names):
            yield os.path.join(at, name)


def mount_line(point):
    """source, type and options of the mount at `point`, or None."""
    with open("/proc/self/mounts") as lines:
        for line in lines:
            source, where, kind, options = line.split(" ")[:4]
            if where == point:
                return source, kind, options.split(",")
    return None
