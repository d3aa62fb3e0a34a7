#!/usr/bin/env python3
"""clang-format has nothing to say about the sources, nor shellcheck about the scripts, nor man about the pages."""

import os
import re
import shutil
import subprocess

from files import ROOT, needs, project_files, read
from tap import run, test


# Lines as wide as on any terminal, messages in one language.
PLAIN = {"LC_ALL": "C.UTF-8", "MANWIDTH": "80"}


def has_nothing_to_say(*command, about):
    needs(shutil.which(command[0]), command[0])
    result = subprocess.run([*command, *about], cwd=ROOT, env={**os.environ, **PLAIN}, capture_output=True, text=True, check=False)
    assert result.returncode == 0 and not result.stderr, result.stderr or result.stdout


def is_shell(path):
    plain_name = "." not in os.path.basename(path)
    return path.endswith(".sh") or (plain_name and read(path).startswith(("#!/usr/bin/env bash", "#!/bin/bash", "#!/bin/sh")))


@test("clang-format")
def _():
    # Version 14 is what the sources are formatted by: others break lines elsewhere.
    needs(shutil.which("clang-format-14"), "clang-format-14")
    command = ["clang-format-14", "--dry-run", *project_files(".c", ".h")]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    wrong = sorted(set(re.findall(r"^([^:\s]+):\d+:\d+: ", result.stderr, re.MULTILINE)))
    assert result.returncode == 0 and not result.stderr, "scripts/format would change " + " ".join(wrong) if wrong else result.stderr


@test("shellcheck")
def _():
    has_nothing_to_say("shellcheck", "--shell=bash", about=[path for path in project_files() if not path.startswith("tests/data/") and is_shell(path)])


for page in project_files(".1", ".5", ".8", under="docs/man"):
    test(f"man page {page}")(
        lambda page=page: has_nothing_to_say("man", "--warnings", "-E", "UTF-8", "-Tutf8", "-Z", "-l", about=[page])
    )

run()
