#!/usr/bin/env python3
"""The README's quick start does, line by line, what the README says."""

import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "mount"))

from kestra_mount import environment, folder, need_fuse  # noqa: E402
from tap import equal, run, test  # noqa: E402

PROJECT = os.path.dirname(os.path.dirname(HERE))
MARK = "\x01"


def quick_start():
    """(command, expected output or None) of each line that a reader types, but for those that build the programs."""
    with open(os.path.join(PROJECT, "README.md"), encoding="utf-8") as file:
        block = re.search(r"^## Quick start$.*?^```sh$\n(.*?)^```$", file.read(), re.MULTILINE | re.DOTALL).group(1)
    lines = [line for line in block.splitlines() if line and not line.startswith(("./scripts/", "PATH="))]
    return [(line.split(" # ")[0].rstrip(), line.split(" # ")[1] if " # " in line else None) for line in lines]


def typed(commands, home):
    """What each command printed, and all messages, the commands typed into one shell; one that failed ends it."""
    script = "".join(f"printf '{MARK}'\n{command} || exit\n" for command in commands)
    variables = environment(HOME=home, PATH=f"{os.environ['KESTRAFS_BIN']}:{os.environ['PATH']}", LC_ALL="C.UTF-8")
    done = subprocess.run(
        ["bash", "-u", "-c", script], stdin=subprocess.DEVNULL, env=variables, capture_output=True, text=True, cwd=home, check=False
    )
    outputs = done.stdout.split(MARK)[1:]
    equal(done.returncode, 0, f"exit status of {commands[len(outputs) - 1]} ({done.stderr})")
    return outputs, done.stderr


@test("the quick start, line by line")
def _():
    home = folder("home")
    lines = quick_start()
    outputs, messages = typed([command for command, _ in lines], home)
    for (command, expected), output in zip(lines, outputs):
        if expected is not None:
            equal(", ".join(output.splitlines()), expected, command)
    equal(messages, "", "messages")
    equal(os.listdir(home), [], "what is left behind")


need_fuse()
run()
