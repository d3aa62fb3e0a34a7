#!/usr/bin/env python3
"""The include lines say how the house stands: arrows point down, and each third-party header has one home."""

import fnmatch
import os
import re

from files import ROOT, project_files, read
from tap import run, test

# What each layer may include besides itself. The order is the house's, from the ground up.
# Two headers are vocabulary that the other side of an arrow speaks too: types and numbers, no code of their layer.
MESSAGE = "core/protocol/message.h"
NODE = "fs/tree/node.h"
ARROWS = {
    "core/base": [],
    "core/json": ["core/base"],
    "core/protocol": ["core/json", "core/base"],
    "core/store": [MESSAGE, "core/json", "core/base"],
    "core/capture": ["core/protocol", "core/store", "core/json", "core/base"],
    "fs/document": [NODE, "core/store", MESSAGE, "core/json", "core/base"],
    "fs/tree": ["fs/document", "core/store", MESSAGE, "core/json", "core/base"],
    "fs/mount": ["fs/tree", "core/store", "core/base"],
}

THIRD_PARTY = {
    "lmdb.h": ["core/store"],
    "jansson.h": ["core/json", "tests"],
    "*fuse*.h": ["fs/mount"],
    "sha256.h": ["core/base"],
    "sha2.h": ["core/base"],
    "md5.h": ["core/base"],
    "cmocka.h": ["tests"],
}

INCLUDE = re.compile(r'^\s*#\s*include\s+(?:"([^"]+)"|<([^>]+)>)')


def includes():
    """(file, line, quoted path or None, angled path or None) of every include line."""
    for path in project_files(".c", ".h"):
        for number, line in enumerate(read(path).splitlines(), 1):
            match = INCLUDE.match(line)
            if match:
                yield path, number, match.group(1), match.group(2)


def under(path, folders):
    return any(path == folder or path.startswith(folder + "/") for folder in folders)


def none_of(wrong):
    assert not wrong, "\n" + "\n".join(wrong)


def arrows_point_down(layer):
    allowed = ARROWS[layer] + [layer]
    none_of([f"{path}:{number}: {own}" for path, number, own, _ in includes() if own and under(path, [layer]) and not under(own, allowed)])


def stays_home(header, folders):
    none_of(
        [
            f"{path}:{number}: {other}"
            for path, number, _, other in includes()
            if other and fnmatch.fnmatch(os.path.basename(other), header) and not under(path, folders)
        ]
    )


@test("includes are written from the root")
def _():
    none_of([f"{path}:{number}: {own}" for path, number, own, _ in includes() if own and not os.path.exists(os.path.join(ROOT, own))])


@test("every layer has its arrows")
def _():
    layers = {"/".join(path.split("/")[:2]) for path in project_files(".c", ".h") if path.startswith(("core/", "fs/"))}
    none_of(sorted(layers - set(ARROWS)))


for a_layer in ARROWS:
    test(f"{a_layer} includes only what lies below it")(lambda layer=a_layer: arrows_point_down(layer))

for a_header, homes in THIRD_PARTY.items():
    test(f"<{a_header}> only in {', '.join(homes)}")(lambda header=a_header, folders=homes: stays_home(header, folders))

run()
