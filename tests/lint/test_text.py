#!/usr/bin/env python3
"""What every text of the project keeps to."""

import os
import re

from files import ROOT, project_files, read
from tap import run, test

# A path that exists on one machine only has no place in a project. Neither has the registry a lock file was made with.
MACHINE_PATH = re.compile(r"(?<![\w.$}~-])/(?:work|root|Users|home/[a-z]\w*)/")
MERGE_MARK = re.compile(r"^(?:<<<<<<<|>>>>>>>) ")
# Data whose every byte is meant.
RAW = ("tests/data/",)


def texts():
    for path in project_files():
        if not path.startswith(RAW) and path != "LICENSE":
            yield path, read(path)


def none_of(wrong):
    assert not wrong, "\n" + "\n".join(wrong)


def no_line(wrong):
    none_of([f"{path}:{number}: {line}" for path, text in texts() for number, line in enumerate(text.split("\n"), 1) if wrong(line)])


@test("no line ends in a blank")
def _():
    no_line(lambda line: line != line.rstrip(" \t\r"))


@test("every file ends in one newline")
def _():
    none_of([path for path, text in texts() if text and (not text.endswith("\n") or text.endswith("\n\n"))])


@test("no machine's path")
def _():
    no_line(MACHINE_PATH.search)


@test("no mark of a merge")
def _():
    no_line(MERGE_MARK.search)


@test("the lock file names no registry")
def _():
    lock = read("tests/clients/package-lock.json")
    assert "resolved" not in lock and "://" not in lock


@test("no source file is long")
def _():
    none_of([path for path in project_files(".c", ".h") if path.startswith(("core/", "fs/")) and read(path).count("\n") > 600])


def is_built(path):
    """Whether the meson.build of its folder names it: a source by its name, a test by what follows `test_`."""
    folder, name = os.path.split(path)
    stem = os.path.splitext(name)[0]
    return f"'{stem.removeprefix('test_') if stem.startswith('test_') else name}'" in read(os.path.join(folder, "meson.build"))


@test("every source is built and every test is run")
def _():
    sources = [path for path in project_files(".c") if path.startswith(("core/", "fs/"))]
    tests = [path for path in project_files(".c", ".py", under="tests") if os.path.basename(path).startswith("test_")]
    none_of([path for path in sources + tests if not is_built(path)])


@test("the links of the pages lead somewhere")
def _():
    pages = [path for path in project_files(".md") if not path.startswith("tests/")]
    links = [(page, link) for page in pages for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", read(page))]
    none_of([f"{page}: {link}" for page, link in links if not os.path.exists(os.path.join(ROOT, os.path.dirname(page), link))])


@test("the scripts the pages name are there")
def _():
    named = {name for page in project_files(".md") for name in re.findall(r"\bscripts/[a-z-]+", read(page))}
    none_of([name for name in sorted(named) if not os.access(os.path.join(ROOT, name), os.X_OK)])


run()
