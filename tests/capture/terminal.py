"""A process on a terminal of its own, as its session's leader and foreground, typed at and read from."""

import os
import pty
import re
import select
import signal
import time

from kestra_capture import PATIENCE


class Terminal:
    def __init__(self, argv, env, cwd):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            try:
                os.chdir(cwd)
                os.execve(argv[0], argv, env)
            finally:
                os._exit(99)
        self.seen = ""

    def expect(self, pattern):
        """Reads until `pattern` (a regular expression) has come; returns its match. What it took is not looked at again."""
        end = time.monotonic() + PATIENCE
        while True:
            match = re.search(pattern, self.seen)
            if match:
                self.seen = self.seen[match.end() :]
                return match
            if not select.select([self.fd], [], [], max(0, end - time.monotonic()))[0]:
                raise AssertionError(f"waited in vain for {pattern!r}; there is {self.seen!r}")
            try:
                data = os.read(self.fd, 4096)
            except OSError:
                data = b""
            if not data:
                raise AssertionError(f"the terminal ended before {pattern!r}; there is {self.seen!r}")
            self.seen += data.decode()

    def rest(self):
        """All that still comes until nobody holds the terminal."""
        while True:
            try:
                data = os.read(self.fd, 4096)
            except OSError:
                data = b""
            if not data:
                return self.seen
            self.seen += data.decode()

    def type(self, text):
        os.write(self.fd, text.encode())

    def end(self):
        """The exit status, as a shell would say it."""
        _, status = os.waitpid(self.pid, 0)
        os.close(self.fd)
        code = os.waitstatus_to_exitcode(status)
        return code if code >= 0 else 128 - code

    def kill(self):
        os.kill(self.pid, signal.SIGKILL)
        self.end()
