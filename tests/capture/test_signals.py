#!/usr/bin/env python3
"""Signals, job control and terminals behave as if the helper were not there."""

import fcntl
import os
import signal
import struct
import subprocess
import sys
import termios

from kestra_capture import CAPTURE, PATIENCE, RUN, Store, capture, contains, equal, finish, output, run, script, start, test, wait_until
from terminal import Terminal

SHELL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "shell.py")

# Counts each signal, and ends with SIGUSR2. A handler must not print: it may interrupt a print.
COUNTER = """
counts = {}
def say(text): os.write(1, (text + '\\n').encode())
def count(number, frame): counts[number] = counts.get(number, 0) + 1; say('got ' + signal.Signals(number).name)
for number in (1, 2, 3, 10, 12, 15): signal.signal(number, count)
say('ready')
"""
UNTIL_QUIT = COUNTER + "while 12 not in counts: time.sleep(0.1)\nsay('counts ' + str(sorted(counts.items())))\n"


def state_of(pid):
    """The kernel's letter for a process: R, S, T…"""
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        return file.read().rsplit(")", 1)[1].split()[0]


@test("INT TERM HUP QUIT USR1 USR2 sent to the helper reach the command, once each")
def _():
    store = Store()
    process = start(store, *RUN, "--", *script(UNTIL_QUIT), stdout=subprocess.PIPE)
    equal(process.stdout.readline(), b"ready\n")
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"):
        process.send_signal(getattr(signal, name))
        equal(process.stdout.readline(), f"got {name}\n".encode())
    equal(process.stdout.readline(), b"counts [(1, 1), (2, 1), (3, 1), (10, 1), (12, 1), (15, 1)]\n")
    equal(finish(process), 0)


@test("a signal that the command does not handle ends it, and the helper says which")
def _():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1):
        store = Store()
        process = start(store, *RUN, "--", *script(f"signal.signal({int(number)}, signal.SIG_DFL); print('ready', flush=True); signal.pause()"), stdout=subprocess.PIPE)
        equal(process.stdout.readline(), b"ready\n")
        process.send_signal(number)
        equal(finish(process), 128 + number)
        json_ = store.json("exec/E1/extract/taskrun.json")
        equal((json_["state"]["current"], json_["exitCode"]), ("KILLED", 128 + number))


@test("the command's last words after a signal are passed on and recorded")
def _():
    store = Store()
    last = output("last", "words")
    code = f"signal.signal(15, lambda *_: (os.write(1, {(last + chr(10)).encode()!r}), os._exit(3))); os.write(1, b'ready\\n')\nwhile True: time.sleep(0.1)"
    process = start(store, *RUN, "--", *script(code), stdout=subprocess.PIPE)
    equal(process.stdout.readline(), b"ready\n")
    process.terminate()
    equal(process.stdout.read().decode(), last + "\n")
    equal(finish(process), 3)
    equal(store.text("exec/E1/extract/outputs/last"), "words\n")


@test("Ctrl-C and Ctrl-\\ typed at a terminal reach the command exactly once")
def _():
    store = Store()
    for key, name, number in (("\x03", "SIGINT", 2), ("\x1c", "SIGQUIT", 3)):
        terminal = Terminal([CAPTURE, *RUN, "--quiet", "--", *script(UNTIL_QUIT)], store.environment(), store.cwd)
        terminal.expect("ready\r\n")
        terminal.type(key)
        terminal.expect(f"got {name}")
        # sent to the helper after what was typed: what it did about that comes first
        os.kill(terminal.pid, signal.SIGUSR2)
        equal(terminal.expect(r"counts (.*)\r\n").group(1), str(sorted([(number, 1), (12, 1)])))
        terminal.rest()
        equal(terminal.end(), 0)


@test("a hang-up of the terminal reaches the command once")
def _():
    store = Store()
    log = os.path.join(store.cwd, "log")
    code = "os.dup2(os.open('log', os.O_WRONLY | os.O_CREAT), 1)\n" + UNTIL_QUIT
    # the helper is the session's leader: the kernel's SIGHUP is to its foreground group, too
    terminal = Terminal([CAPTURE, *RUN, "--quiet", "--", *script(code)], store.environment(), store.cwd)
    wait_until(lambda: os.path.exists(log) and "ready" in open(log, encoding="utf-8").read(), "the command")
    os.close(terminal.fd)
    wait_until(lambda: "SIGHUP" in open(log, encoding="utf-8").read(), "the hang-up")
    os.kill(terminal.pid, signal.SIGUSR2)
    os.waitpid(terminal.pid, 0)
    contains(open(log, encoding="utf-8").read(), "counts [(1, 1), (12, 1)]")


@test("Ctrl-Z stops the job as the shell sees it, and it goes on")
def _():
    store = Store()
    job = [sys.executable, SHELL, CAPTURE, *RUN, "--quiet", "--", *script("print('ready', os.getpid(), flush=True); print('typed', input(), flush=True)")]
    terminal = Terminal(job, store.environment(), store.cwd)
    pid = int(terminal.expect(r"ready (\d+)\r\n").group(1))
    for _ in range(3):
        terminal.type("\x1a")
        terminal.expect("job stopped by 20")
        equal(state_of(pid), "T")
        terminal.type("fg\n")
        wait_until(lambda: state_of(pid) in "SR", "the command to go on")
    terminal.type("text\n")
    terminal.expect("typed text")
    terminal.expect("job ended with 0")
    terminal.rest()
    equal(terminal.end(), 0)


@test("a command that stops itself stops the job; one that ignores Ctrl-Z does not")
def _():
    store = Store()
    code = "signal.signal(20, signal.SIG_IGN); print('ready', flush=True); input(); signal.signal(20, signal.SIG_DFL); os.kill(os.getpid(), 20); print('on', flush=True)"
    terminal = Terminal([sys.executable, SHELL, CAPTURE, *RUN, "--quiet", "--", *script(code)], store.environment(), store.cwd)
    terminal.expect("ready\r\n")
    terminal.type("\x1a")
    terminal.type("\n")
    terminal.expect("job stopped by 20")
    terminal.type("fg\n")
    terminal.expect("on")
    terminal.expect("job ended with 0")
    terminal.rest()
    terminal.end()


@test("SIGTSTP and SIGCONT sent to the helper stop the command and let it go on")
def _():
    store = Store()
    code = "signal.signal(10, lambda *_: os._exit(0)); print('ready', os.getpid(), os.getppid(), flush=True)\nwhile True: time.sleep(0.1)"
    terminal = Terminal([sys.executable, SHELL, CAPTURE, *RUN, "--quiet", "--", *script(code)], store.environment(), store.cwd)
    match = terminal.expect(r"ready (\d+) (\d+)\r\n")
    command, helper = int(match.group(1)), int(match.group(2))
    os.kill(helper, signal.SIGTSTP)
    terminal.expect("job stopped by 20")
    equal((state_of(command), state_of(helper)), ("T", "T"))
    os.kill(helper, signal.SIGCONT)
    wait_until(lambda: state_of(command) == "S" and state_of(helper) == "S", "both to go on")
    terminal.type("fg\n")
    os.kill(helper, signal.SIGUSR1)
    terminal.expect("job ended with 0")
    terminal.rest()
    terminal.end()


@test("a stopped helper holds no lock that others wait for")
def _():
    store = Store()
    code = f"print('ready', flush=True)\nfor i in range(10**9): print({output('a', 1)!r})"
    terminal = Terminal([sys.executable, SHELL, CAPTURE, *RUN, "--quiet", "--", *script(code)], store.environment(), store.cwd)
    terminal.expect("ready\r\n")
    for round_ in range(5):
        terminal.type("\x1a")
        terminal.expect("job stopped by 20")
        done = capture(store, *RUN[:4], "--task", f"other{round_}", "--", "echo", output("a", 1), timeout=PATIENCE)
        equal((done.returncode, done.stderr), (0, ""))
        terminal.type("fg\n")
        terminal.expect(r'\{"a": 1\}')
    terminal.type("\x03")
    terminal.expect("job ended with 1")
    terminal.rest()
    terminal.end()


@test("Ctrl-Z stops a filter, which holds no lock then, and it goes on")
def _():
    store = Store()
    # the job is the filter alone: its producer is somewhere else
    fifo = os.path.join(store.cwd, "fifo")
    os.mkfifo(fifo)
    words = " ".join(f"'{word}'" for word in [CAPTURE, *RUN, "--quiet"])
    terminal = Terminal([sys.executable, SHELL, "/bin/sh", "-c", f"exec {words} < fifo"], store.environment(), store.cwd)
    with open(fifo, "w", encoding="utf-8") as producer:
        for number in range(5):
            print(output(f"n{number}", 1), file=producer, flush=True)
            terminal.expect(f"n{number}")
            terminal.type("\x1a")
            terminal.expect("job stopped by 20")
            done = capture(store, *RUN[:4], "--task", f"other{number}", "--", "echo", output("a", 1))
            equal((done.returncode, done.stderr), (0, ""))
            terminal.type("fg\n")
    terminal.expect("job ended with 0")
    terminal.rest()
    terminal.end()
    equal(len(store.json("exec/E1/extract/outputs.json")), 5)


@test("an interrupted filter waits for its producer's last words, and ends by the signal")
def _():
    store = Store()
    last = output("last", 1)
    producer = script(f"signal.signal(2, lambda *_: (os.write(1, {(last + chr(10)).encode()!r}), os._exit(0))); os.write(1, b'ready\\n')\nwhile True: time.sleep(0.1)")
    words = " ".join(f"'{word}'" for word in [CAPTURE, *RUN, "--quiet"])
    pipe = f"\"$@\" | {words}; echo status $?"
    # both are in the foreground: the shell too, which is told to mind it
    terminal = Terminal(["/bin/sh", "-c", f"trap : INT; {pipe}", "sh", *producer], store.environment(), store.cwd)
    terminal.expect("ready\r\n")
    terminal.type("\x03")
    terminal.expect("status 130")
    terminal.rest()
    terminal.end()
    equal(store.text("exec/E1/extract/outputs/last"), "1\n")
    equal(store.state("exec/E1/extract"), "KILLED")


@test("a filter that is told to end, ends, with what has arrived")
def _():
    store = Store()
    process = start(store, *RUN, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    process.stdin.write((output("a", 1) + "\n").encode())
    process.stdin.flush()
    equal(process.stdout.readline().decode(), output("a", 1) + "\n")
    process.terminate()
    equal(finish(process), -signal.SIGTERM)
    equal(store.state("exec/E1/extract"), "KILLED")
    equal(store.text("exec/E1/extract/outputs/a"), "1\n")
    process.stdin.close()


@test("a helper whose output nobody reads can still be ended after its command")
def _():
    store = Store()
    process = start(store, "--quiet", *RUN, "--", *script("sys.stdout.write('x' * 300000); sys.stdout.flush(); os._exit(6)"), stdout=subprocess.PIPE)
    equal(process.stdout.read(1), b"x")
    wait_until(lambda: not children(process.pid), "the command's end")
    process.terminate()
    equal(finish(process), 6)
    equal(store.json("exec/E1/extract/taskrun.json")["exitCode"], 6)


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="utf-8") as file:
        return file.read().split()


@test("SIGCHLD ignored by our parent does not cost the command's status")
def _():
    store = Store()
    process = start(store, *RUN, "--", "sh", "-c", "exit 7", preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))
    equal(finish(process), 7)


# --pty


def set_size(fd, rows, columns):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


@test("--pty: the command has a terminal, and what it prints is recorded as stdout")
def _():
    store = Store()
    done = capture(store, "--pty", *RUN, "--", "sh", "-c", f"[ -t 1 ] && [ -t 2 ] && [ ! -t 0 ] && echo terminal; echo '{output('a', 1)}'; echo '::{{\"outputs\":3}}::' >&2; exit 3")
    equal(done.returncode, 3)
    equal(done.stdout, f"terminal\n{output('a', 1)}\n" + '::{"outputs":3}::\n')
    contains(done.stderr, "stdout line 3")
    equal(store.text("exec/E1/extract/outputs/a"), "1\n")


@test("--pty: standard input that is no terminal stays the command's")
def _():
    store = Store()
    data = bytes(range(256)) * 1000
    path = os.path.join(store.cwd, "copy")
    equal(capture(store, "--pty", *RUN, "--", "sh", "-c", f"cat > {path}", input=data, text=False).returncode, 0)
    with open(path, "rb") as file:
        assert file.read() == data


@test("--pty on a terminal: typing, echo, size, and the terminal as it was afterwards")
def _():
    store = Store()
    code = "signal.signal(28, lambda *_: os.write(1, f'now {os.get_terminal_size()}\\n'.encode()))\n"
    code += "print('ready', os.get_terminal_size(), os.ttyname(0) == os.ttyname(1), flush=True)\n"
    code += "print('typed', input(), flush=True)\n"
    code += f"print({output('a', 1)!r}, flush=True); sys.exit(4)"
    shell = "stty rows 33 cols 77; stty -a > before; \"$@\"; echo status $?; stty -a > after"
    terminal = Terminal(["/bin/sh", "-c", shell, "sh", CAPTURE, "--pty", *RUN, "--", *script(code)], store.environment(), store.cwd)
    terminal.expect(r"ready os.terminal_size\(columns=77, lines=33\) True")
    set_size(terminal.fd, 40, 100)
    terminal.expect(r"now os.terminal_size\(columns=100, lines=40\)")
    terminal.type("text\r")
    terminal.expect("text\r\n")
    terminal.expect("typed text\r\n")
    terminal.expect("status 4")
    terminal.rest()
    equal(terminal.end(), 0)
    with open(os.path.join(store.cwd, "before"), encoding="utf-8") as before, open(os.path.join(store.cwd, "after"), encoding="utf-8") as after:
        equal(after.read().split(";", 3)[3], before.read().split(";", 3)[3])
    equal(store.text("exec/E1/extract/outputs/a"), "1\n")


@test("--pty: Ctrl-C typed at our terminal is the command's, once")
def _():
    store = Store()
    terminal = Terminal([CAPTURE, "--pty", *RUN, "--", *script(UNTIL_QUIT)], store.environment(), store.cwd)
    terminal.expect("ready\r\n")
    terminal.type("\x03")
    terminal.expect("got SIGINT")
    os.kill(terminal.pid, signal.SIGUSR2)
    terminal.expect(r"counts \[\(2, 1\), \(12, 1\)\]")
    terminal.rest()
    equal(terminal.end(), 0)


@test("--pty: Ctrl-D ends the input, much typing is not lost")
def _():
    store = Store()
    terminal = Terminal([CAPTURE, "--pty", *RUN, "--", "sh", "-c", "stty -echo; echo ready; wc -l; echo done"], store.environment(), store.cwd)
    terminal.expect("ready\r\n")
    for _ in range(50):
        terminal.type("line of text\r" * 20)
    terminal.type("\x04")
    terminal.expect("1000\r\ndone\r\n")
    terminal.rest()
    equal(terminal.end(), 0)


@test("--pty: a command that leaves a child on the terminal")
def _():
    store = Store()
    process = start(store, "--pty", *RUN, "--", *script("print('words', flush=True)\nif os.fork() == 0: signal.signal(1, signal.SIG_IGN); signal.alarm(20); signal.pause()\nos._exit(5)"), stdout=subprocess.PIPE)
    equal(finish(process), 5)
    equal(process.stdout.readline(), b"words\n")


run()
