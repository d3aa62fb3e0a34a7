"""Which files are the project's own: all below its root but what git, a build or npm has put there."""

import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "mount"))

import tap  # noqa: E402


def _is_ours(folder, name):
    path = os.path.join(folder, name)
    return name not in (".git", ".cache", "node_modules", "__pycache__") and not os.path.exists(os.path.join(path, "meson-private"))


def project_files(*suffixes, under=""):
    """Paths relative to the root, sorted; with any of `suffixes`, or all."""
    found = []
    for folder, folders, names in os.walk(os.path.join(ROOT, under)):
        folders[:] = [name for name in folders if _is_ours(folder, name)]
        found += [os.path.relpath(os.path.join(folder, name), ROOT) for name in names if name.endswith(suffixes or "")]
    return sorted(found)


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def needs(there, what):
    """Without `what` a continuous-integration run fails and anybody else's skips by name."""
    if not there and os.environ.get("CI") == "true":
        raise AssertionError(f"{what} is needed: CI=true")
    if not there:
        tap.skip(f"no {what}")
