"""Others' programs, as Debian has them, and what the tests of this folder read with them.

`need(name)` gives a program's path. It is an installed command, or, of packages that would start a service, unpacked by scripts/install-deps into the
build folder. Where it cannot be had the test fails in continuous integration and is skipped elsewhere."""

import json
import os
import re
import shutil
import subprocess
import sys
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
PROJECT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "mount"))

from tap import equal, skip  # noqa: E402

UNPACKED = os.path.join(os.environ.get("KESTRAFS_BIN", ".").split(":")[0], "readers")
SERVICES = ("promtool", "prometheus-node-exporter")


def _find(name):
    return shutil.which(name) or shutil.which(name, path=UNPACKED)


def need(name):
    trouble = "not installed: scripts/install-deps"
    if not _find(name) and name in SERVICES:
        done = subprocess.run([os.path.join(PROJECT, "scripts", "install-deps"), "--unpack", UNPACKED], capture_output=True, text=True, check=False)
        trouble = f"not unpacked: {done.stderr}"
    found = _find(name)
    if not found and os.environ.get("CI") != "true":
        skip(f"{name}: {trouble.splitlines()[-1]}")
    assert found, f"{name}: {trouble}"
    return found


def read_exactly(path):
    """One version of a file: what fstat says of its size is what can be read."""
    with open(path, "rb", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        data = file.readall()
        equal((len(data), os.fstat(file.fileno()).st_size), (size, size), f"size of {path}")
    return data


# Messages


def metric(name, kind, value, tags=()):
    return "::" + json.dumps({"metrics": [{"name": name, "type": kind, "value": value, "tags": dict(tags)}]}, ensure_ascii=False) + "::"


class Writer:
    """A run that prints the lines of `lines(n)`, n from 0, a few hundred times a second until the block ends."""

    def __init__(self, running, lines):
        self.running, self.lines = running, lines
        self.stopped = threading.Event()
        self.count = 0
        self.thread = threading.Thread(target=self._write)

    def _write(self):
        while not self.stopped.wait(0.003):
            for line in self.lines(self.count):
                self.running.say(line)
            self.count += 1

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        self.thread.join()
        self.running.end()


# The Prometheus text format 0.0.4, by its own description: https://prometheus.io/docs/instrumenting/exposition_formats/

_SAMPLE = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)', re.DOTALL)
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)')
_ESCAPED = re.compile(r'\\([\\"n])')
_NUMBER = re.compile(r"-?\d+(\.\d+)?(e[+-]\d+)?|[+-]Inf|NaN")


def _unescape(text):
    return _ESCAPED.sub(lambda match: "\n" if match[1] == "n" else match[1], text)


def _labels(text):
    labels, at = {}, 0
    while at < len(text):
        match = _LABEL.match(text, at)
        assert match and match[1] not in labels, text
        labels[match[1]] = _unescape(match[2])
        at = match.end()
    assert not text.endswith(","), text
    return labels


def families(text):
    """{family: (type, help, {(sample, labels without empty ones): number})}; the text must keep to the format, with one HELP and TYPE a family."""
    found = {}
    assert text.endswith("\n") or not text, "the last line has no end"
    for line in text.split("\n")[:-1]:
        words = line.split(" ", 3)
        if words[:2] == ["#", "HELP"]:
            assert words[2] not in found, f"second HELP: {line}"
            found[words[2]] = [None, _unescape(words[3]), {}]
        elif words[:2] == ["#", "TYPE"]:
            family = words[2]
            assert list(found)[-1] == family and found[family][0] is None, f"TYPE is not behind its HELP: {line}"
            found[family][0] = words[3]
        else:
            match = _SAMPLE.fullmatch(line)
            assert match and _NUMBER.fullmatch(match[3]), f"no sample: {line!r}"
            suffixes = ("_sum", "_count") if found[family][0] == "summary" else ("",)
            assert match[1] in [family + suffix for suffix in suffixes], f"{match[1]} stands in {family}"
            key = match[1], frozenset((k, v) for k, v in _labels(match[2] or "").items() if v)
            assert key not in found[family][2], f"given twice: {line!r}"
            found[family][2][key] = float(match[3])
    return {family: tuple(of) for family, of in found.items()}


def samples(text):
    return {key: number for _, _, of in families(text).values() for key, number in of.items()}
