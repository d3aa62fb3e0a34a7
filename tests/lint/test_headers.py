#!/usr/bin/env python3
"""Every header compiles alone, in any place of an include list."""

import os
import shlex
import subprocess

from files import ROOT, project_files
from tap import run, test

FLAGS = "-std=gnu11 -D_GNU_SOURCE= -Wall -Wextra -Wstrict-prototypes -Werror -fsyntax-only -I.".split()
LIBRARIES = ["fuse3", "jansson", "lmdb", "libmd"]


def library_flags():
    return subprocess.run(["pkg-config", "--cflags", *LIBRARIES], check=True, capture_output=True, text=True).stdout.split()


def compiles_alone(header):
    compiler = shlex.split(os.environ.get("CC", "cc"))
    # As an include of a file that holds nothing else; a header given itself would have its `#pragma once` warned of.
    result = subprocess.run(
        [*compiler, *FLAGS, *library_flags(), "-x", "c", "-"], cwd=ROOT, input=f'#include "{header}"\n', capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr


for each in project_files(".h"):
    test(each)(lambda header=each: compiles_alone(header))

run()
