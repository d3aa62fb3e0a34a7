#!/usr/bin/env python3
"""clang-tidy finds nothing in the sources, layer by layer (.clang-tidy says what it looks for)."""

import os
import shutil
import subprocess

from files import ROOT, needs, project_files
from tap import run, test

LAYERS = sorted({os.path.dirname(path) for path in project_files(".c") if path.startswith(("core/", "fs/"))})


def is_tidy(layer):
    needs(shutil.which("clang-tidy"), "clang-tidy")
    # The folder was configured for gcc, some of whose warnings clang does not know.
    command = ["clang-tidy", "--quiet", "-p", os.environ["KESTRAFS_BIN"], "--extra-arg=-Wno-unknown-warning-option"]
    result = subprocess.run([*command, *project_files(".c", under=layer)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0 and not result.stdout, result.stdout or result.stderr


for each in LAYERS:
    test(f"clang-tidy {each}")(lambda layer=each: is_tidy(layer))

run()
