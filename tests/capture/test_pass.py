#!/usr/bin/env python3
"""The job comes first: its bytes go through as they are and at once, whatever becomes of them, and nothing of ours gets in its way."""

import os
import random
import signal
import subprocess

from kestra_capture import PATIENCE, RUN, Store, capture, contains, equal, finish, output, read, run, script, skip, start, test, wait_until


def noise(size, seed=1):
    """Bytes of all kinds, with line ends and marks among them."""
    source = random.Random(seed)
    pieces = [b"\n", b"\r\n", b"\r", b"::{", b"}::", b'::{"outputs":{"a":1}}::\n', b"\0"]
    out = bytearray()
    while len(out) < size:
        out += source.randbytes(source.randrange(3000)) + source.choice(pieces)
    return bytes(out[:size])


@test("what a command prints is passed on and recorded")
def _():
    store = Store()
    done = capture(store, *RUN, "--", "printf", output("rows", 7) + "\nplain\n")
    equal((done.returncode, done.stdout, done.stderr), (0, output("rows", 7) + "\nplain\n", ""))
    equal(store.text("exec/E1/extract/outputs/rows"), "7\n")
    equal(store.state("exec/E1/extract"), "SUCCESS")


@test("both streams are read, each by its name")
def _():
    store = Store()
    bad = '::{"outputs":3}::'
    done = capture(store, *RUN, "--", "sh", "-c", f"echo '{output('a', 1)}'; echo '{output('b', 2)}' >&2; echo '{bad}'; echo; echo '{bad}' >&2")
    equal(store.json("exec/E1/extract/outputs.json"), {"a": 1, "b": 2})
    contains(done.stderr, "kestrafs-capture: stdout line 2: ")
    contains(done.stderr, "kestrafs-capture: stderr line 2: ")
    equal(done.stdout, f"{output('a', 1)}\n{bad}\n\n")


@test("as a filter: what arrives is passed on and recorded")
def _():
    store = Store()
    done = capture(store, *RUN, input=output("rows", 7) + "\nplain")
    equal((done.returncode, done.stdout, done.stderr), (0, output("rows", 7) + "\nplain", ""))
    equal(store.text("exec/E1/extract/outputs/rows"), "7\n")
    equal(store.json("exec/E1/extract/taskrun.json")["exitCode"], 0)
    contains(capture(store, *RUN, "--value", "w", input='::{"outputs":3}::').stderr, "kestrafs-capture: stdin line 1: ")


@test("a filter reads a file and writes a file")
def _():
    store = Store()
    data = noise(3 << 20)
    with open(os.path.join(store.cwd, "in"), "wb") as file:
        file.write(data)
    with open(os.path.join(store.cwd, "in"), "rb") as into, open(os.path.join(store.cwd, "out"), "wb") as out:
        equal(finish(start(store, *RUN, stdin=into, stdout=out, stderr=subprocess.DEVNULL)), 0)
    assert read(os.path.join(store.cwd, "out")) == data


@test("byte for byte: any bytes, both streams, wrapped and filtered")
def _():
    store = Store()
    one, two = noise(5 << 20, 1), noise(3 << 20, 2)
    for name, data in (("one", one), ("two", two)):
        with open(os.path.join(store.cwd, name), "wb") as file:
            file.write(data)
    done = capture(store, "--quiet", *RUN, "--", "sh", "-c", "cat two >&2 & cat one; wait", text=False)
    equal(done.returncode, 0)
    assert done.stdout == one, "standard output differs"
    assert done.stderr == two, "standard error differs"
    done = capture(store, "--quiet", *RUN, input=one, text=False)
    assert done.stdout == one, "the filter's output differs"


@test("byte for byte into a file and through 2>&1")
def _():
    store = Store()
    path = os.path.join(store.cwd, "log")
    with open(path, "wb") as out:
        lines = "for i in $(seq 2000); do echo out $i; echo err $i >&2; done"
        equal(finish(start(store, *RUN, "--", "sh", "-c", lines, stdout=out, stderr=out)), 0)
    got = read(path).decode().splitlines()
    equal([line for line in got if line.startswith("out")], [f"out {i}" for i in range(1, 2001)])
    equal([line for line in got if line.startswith("err")], [f"err {i}" for i in range(1, 2001)])


@test("every byte goes on at once: a prompt without a line end, half a message")
def _():
    store = Store()
    for words in ("Password: ", '::{"outputs":', "{"):
        command = script("sys.stdout.write(sys.argv[1]); sys.stdout.flush(); sys.stdin.read()") + [words]
        process = start(store, "--quiet", *RUN, "--", *command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        equal(os.read(process.stdout.fileno(), 100), words.encode())
        process.stdin.close()
        equal(finish(process), 0)


@test("standard input is the command's, untouched")
def _():
    store = Store()
    data = noise(1 << 20)
    path = os.path.join(store.cwd, "in")
    with open(path, "wb") as file:
        file.write(data)
    with open(path, "rb") as into:
        process = start(store, *RUN, "--", "head", "-c", "10", stdin=into, stdout=subprocess.DEVNULL)
        equal(finish(process), 0)
        # head reads a piece and seeks back: the offset is shared, as without us
        equal(into.seek(0, os.SEEK_CUR), 10)
    done = capture(store, "--quiet", *RUN, "--", "cat", input=data, text=False)
    assert done.stdout == data


@test("a stream that nobody reads does not stop the other")
def _():
    store = Store()
    # more than all pipes on the way can hold
    command = ["sh", "-c", "head -c 20000000 /dev/zero & echo one >&2; echo two >&2; read line; echo three >&2; wait"]
    process = start(store, "--quiet", *RUN, "--", *command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    equal(process.stderr.readline() + process.stderr.readline(), b"one\ntwo\n")
    process.stdin.write(b"\n")
    process.stdin.close()
    equal(process.stderr.readline(), b"three\n")
    equal(len(process.stdout.read()), 20000000)
    equal(finish(process), 0)


@test("our standard output is never made non-blocking, and may be so already")
def _():
    store = Store()
    reader, writer = os.pipe()
    process = start(store, *RUN, "--", "cat", stdin=subprocess.PIPE, stdout=writer)
    process.stdin.write(b"x")
    process.stdin.flush()
    equal(os.read(reader, 1), b"x")
    assert os.get_blocking(writer)
    process.stdin.close()
    equal(finish(process), 0)
    os.set_blocking(writer, False)
    process = start(store, "--quiet", *RUN, "--", "head", "-c", "3000000", "/dev/zero", stdout=writer)
    got = 0
    while got < 3000000:
        got += len(os.read(reader, 65536))
    equal(finish(process), 0)


@test("a reader that goes away: the command meets SIGPIPE")
def _():
    store = Store()
    process = start(store, "--quiet", *RUN, "--", "yes", stdout=subprocess.PIPE)
    equal(process.stdout.read(4), b"y\ny\n")
    process.stdout.close()
    equal(finish(process), 128 + signal.SIGPIPE)
    equal(store.state("exec/E1/extract"), "KILLED")


@test("a reader that went away while the command was silent")
def _():
    store = Store()
    code = "print('a', flush=True); sys.stdin.read()\ntry:\n while True: print('b', flush=True); time.sleep(0.001)\nexcept BrokenPipeError: os._exit(9)"
    process = start(store, "--quiet", *RUN, "--", *script(code), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    equal(process.stdout.readline(), b"a\n")
    process.stdout.close()
    process.stdin.close()
    equal(finish(process), 9)


@test("what was printed before the reader went away is recorded")
def _():
    store = Store()
    text = "".join(output(f"n{i}", i) + "\n" for i in range(500))
    process = start(store, "--quiet", *RUN, "--", *script(f"sys.stdout.write({text!r}); sys.stdout.flush(); signal.pause()"), stdout=subprocess.PIPE)
    wait_until(lambda: store.has("exec/E1/extract/outputs/n499"), "the last output")
    process.stdout.close()
    process.terminate()
    equal(finish(process), 128 + signal.SIGTERM)
    equal(len(store.json("exec/E1/extract/outputs.json")), 500)


@test("a filter whose reader goes away ends, and its producer meets SIGPIPE")
def _():
    store = Store()
    producer = subprocess.Popen(["yes"], stdout=subprocess.PIPE)
    process = start(store, *RUN, stdin=producer.stdout, stdout=subprocess.PIPE)
    producer.stdout.close()
    equal(process.stdout.read(2), b"y\n")
    process.stdout.close()
    equal(finish(process), 0)
    equal(producer.wait(PATIENCE), -signal.SIGPIPE)


@test("a full disk behind our output ends the command's, and is told")
def _():
    store = Store()
    with open("/dev/full", "wb") as full:
        process = start(store, *RUN, "--", "yes", stdout=full, stderr=subprocess.PIPE)
        stderr = process.stderr.read().decode()
        equal(finish(process), 128 + signal.SIGPIPE)
    contains(stderr, "kestrafs-capture: stdout cannot be passed on: No space left on device")


@test("closed standard streams stay closed, and the store is none of them")
def _():
    store = Store()
    words = " ".join(("--quiet", *RUN))
    for closed, see in (("<&-", 0), (">&-", 1), ("2>&-", 2)):
        shell = f'exec "$0" {words} -- sh -c \'[ -e /proc/self/fd/{see} ] && touch seen; exit 4\' {closed}'
        done = subprocess.run(["sh", "-c", shell, os.path.join(os.environ["KESTRAFS_BIN"], "kestrafs-capture")],
                              env=store.environment(), cwd=store.cwd, check=False, timeout=PATIENCE)
        equal(done.returncode, 4, closed)
    equal(store.state("exec/E1/extract"), "FAILED")


@test("a child that is left behind does not hold us up; what the command had written is there")
def _():
    store = Store()
    # the child outlives the command, and goes on writing until its reader is gone
    code = "if os.fork() == 0:\n while True: os.write(1, b'child\\n')\nos.write(1, b'" + output("last", 1) + "\\n'); os._exit(5)"
    process = start(store, *RUN, "--", *script(code), stdout=subprocess.DEVNULL)
    equal(finish(process), 5)
    equal(store.text("exec/E1/extract/outputs/last"), "1\n")


@test("the command inherits no descriptor of ours")
def _():
    store = Store()
    code = "print(sorted(fd for fd in os.listdir('/proc/self/fd')), [os.readlink('/proc/self/fd/'+fd) for fd in ('0',)])"
    kept, other = os.pipe()
    os.set_inheritable(kept, True)
    bare = subprocess.run(script(code), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, pass_fds=[kept], check=True).stdout
    for more in ([], ["--strict"], ["--begin"]):
        who = ["--flow", "dev/fd", "--task", "t"] if more == ["--begin"] else list(RUN)
        process = start(store, *more, *who, "--", *script(code), stdout=subprocess.PIPE, pass_fds=[kept])
        equal(process.stdout.read(), bare)
        equal(finish(process), 0)
    os.close(other)


@test("signal dispositions and the signal mask are the command's as they were ours")
def _():
    store = Store()
    look = ["grep", "-E", "SigBlk|SigIgn", "/proc/self/status"]

    def prepare():
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        signal.signal(signal.SIGUSR2, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])

    def without_internal(lines):
        """32 and 33 are the C library's own, and posix_spawn ignores them for any program."""
        return [int(line.split()[1], 16) & ~(3 << 31) for line in lines.splitlines()]

    bare = subprocess.run(look, preexec_fn=prepare, stdout=subprocess.PIPE, check=True).stdout
    process = start(store, *RUN, "--", *look, preexec_fn=prepare, stdout=subprocess.PIPE)
    equal(without_internal(process.stdout.read()), without_internal(bare))
    equal(finish(process), 0)


@test("a warning never lands inside a line of the command's")
def _():
    store = Store()
    bad = '::{"outputs":3}::'
    # the warning is there while standard error stands in the middle of a line
    code = f"say = lambda t: (sys.stderr.write(t), sys.stderr.flush(), sys.stdin.readline())\nsay('half'); print({bad!r}, flush=True); say(''); say(' line\\n')"
    process = start(store, *RUN, "--", *script(code), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    equal(process.stderr.read(4), b"half")
    process.stdin.write(b"\n")
    process.stdin.flush()
    equal(process.stdout.readline().decode(), bad + "\n")
    wait_until(lambda: store.has("exec/E1/extract/warnings") and store.read("exec/E1/extract/warnings"), "the warning")
    process.stdin.close()
    lines = process.stderr.read().decode().splitlines()
    equal(finish(process), 0)
    equal(lines[0], " line")
    contains(lines[1], "kestrafs-capture: stdout line 1: ")
    # a last line without an end
    done = capture(store, *RUN, "--value", "b", "--", "sh", "-c", f"echo '{bad}'; printf half >&2")
    equal(len(done.stderr.splitlines()), 2)  # whichever came first: each on a line of its own
    contains(done.stderr.splitlines(), "half")


@test("--quiet: both streams are the command's bytes alone")
def _():
    store = Store()
    done = capture(store, "--quiet", *RUN, "--", "sh", "-c", "echo '::{\"outputs\":3}::'; printf half >&2")
    equal((done.stdout, done.stderr), ('::{"outputs":3}::\n', "half"))
    contains(store.text("exec/E1/extract/warnings"), "stdout line 1")
    capture(store, *RUN, "--", "true")
    equal(capture(store, "--quiet", *RUN, "--", "true").stderr, "")


@test("100 warnings are printed and kept, and one line says how many there were")
def _():
    store = Store()
    done = capture(store, *RUN, "--", *script("for i in range(150): print('::{\"outputs\":3}::'); print('::{\"outputs\":4}::', file=sys.stderr)"))
    ours = [line for line in done.stderr.splitlines() if line.startswith("kestrafs-capture: ")]
    kept = store.text("exec/E1/extract/warnings").splitlines()
    equal((len(ours), len(kept)), (101, 101))
    contains(ours[-1], "300 warnings in all")
    contains(kept[-1], "300 warnings in all")


@test("a message in the middle of a line: one hint a run, over both streams")
def _():
    store = Store()
    line = "x " + output("a", 1)
    done = capture(store, *RUN, "--", "sh", "-c", f"echo '{line}'; echo '{line}'; echo '{line}' >&2; echo '{line}' >&2")
    equal(done.stderr.count("kestrafs-capture: "), 1)


@test("memory stays flat on plain text")
def _():
    if "san" in os.path.basename(os.path.normpath(os.environ["KESTRAFS_BIN"])):
        skip("sanitizers have memory of their own")
    store = Store()
    command = ["sh", "-c", "head -c 1000000000 /dev/zero; echo done >&2; read line; true"]
    process = start(store, *RUN, "--", *command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    equal(process.stderr.readline(), b"done\n")
    most = [line for line in read(f"/proc/{process.pid}/status").decode().splitlines() if line.startswith("VmHWM")][0]
    process.stdin.close()
    equal(finish(process), 0)
    assert int(most.split()[1]) < 16 << 10, most


@test("the dialect and the longest message can be chosen")
def _():
    store = Store()
    done = capture(store, "--dialect", "kestra", *RUN, "--", "echo", ' ::{"outputs":{"a":1}}::')
    equal(done.returncode, 0)
    equal(store.json("exec/E1/extract/outputs.json"), {})
    capture(store, "--max-message=1K", *RUN, "--value", "x", "--", "echo", output("a", "b" * 2000))
    equal(store.json("exec/E1/extract/runs/x/outputs.json"), {})
    contains(store.text("exec/E1/extract/runs/x/warnings"), "line 1")


run()
