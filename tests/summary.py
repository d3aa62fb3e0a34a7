#!/usr/bin/env python3
"""Reads meson's test logs, says what failed and what was skipped, and ends in one line: `N passed, N failed, N skipped`.

Counts cases, not programs: TAP's points and cmocka's tests. A program that ended badly without a case that says so (a crash, a time-out,
points missing from its plan) counts as one failed case.
"""

import json
import re
import sys

TAP_POINT = re.compile(r"^(?P<failed>not )?ok\b(?P<name>[^#\n]*?(?:\\#[^#\n]*?)*)(?:\s+# (?P<mark>SKIP|TODO)\b(?P<reason>.*))?$", re.MULTILINE | re.IGNORECASE)
TAP_SKIP_ALL = re.compile(r"^1\.\.0\b(?:\s*# SKIP\s*(?P<reason>.*))?$", re.MULTILINE | re.IGNORECASE)
CMOCKA_CASE = re.compile(r"^\[ *(?P<word>OK|FAILED|SKIPPED|ERROR) *\] (?P<name>[A-Za-z_]\w*)\r?$", re.MULTILINE)
SHOWN_LINES = 200


class Counts:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0


def tap_cases(text):
    """(word, name) of each point: passed, failed or skipped."""
    for match in TAP_POINT.finditer(text):
        mark = (match["mark"] or "").upper()
        name = match["name"].strip() + (f" ({match['reason'].strip()})" if mark == "SKIP" and match["reason"] else "")
        if mark == "SKIP":
            yield "skipped", name
        else:
            yield "failed" if match["failed"] and mark != "TODO" else "passed", name
    for match in TAP_SKIP_ALL.finditer(text):
        yield "skipped", match["reason"] or "everything"


def cmocka_cases(text):
    """(word, name); the closing list names a failed or skipped test once more."""
    words = {"OK": "passed", "FAILED": "failed", "ERROR": "failed", "SKIPPED": "skipped"}
    found = {}
    for match in CMOCKA_CASE.finditer(text):
        found[match["name"]] = words[match["word"]]
    return [(word, name) for name, word in found.items()]


def cases_of(test):
    text = test.get("stdout", "") + "\n" + test.get("stderr", "")
    return list(tap_cases(text)) or list(cmocka_cases(text))


def show(test):
    text = (test.get("stdout", "") + test.get("stderr", "")).rstrip().splitlines()
    print(f"--- {test['name']}: {test['result']}")
    if len(text) > SHOWN_LINES:
        print(f"    … {len(text) - SHOWN_LINES} lines before")
    print("\n".join(f"    {line}" for line in text[-SHOWN_LINES:]))


def judge(test, counts):
    ended_well = test["result"] in ("OK", "SKIP", "EXPECTEDFAIL")
    cases = cases_of(test)
    failed = sum(word == "failed" for word, _ in cases)
    if not cases and test["result"] == "SKIP":
        cases = [("skipped", "everything")]
    elif not cases and ended_well:
        cases = [("passed", test["name"])]
    elif not ended_well and not failed:
        cases.append(("failed", test["result"]))
    for word, name in cases:
        setattr(counts, word, getattr(counts, word) + 1)
        if word == "skipped":
            print(f"skipped: {test['name']}: {name.removeprefix('- ')}")
    if any(word == "failed" for word, _ in cases):
        show(test)


def main(logs):
    counts = Counts()
    for log in logs:
        with open(log, encoding="utf-8", errors="replace") as lines:
            for line in lines:
                judge(json.loads(line), counts)
    print(f"{counts.passed} passed, {counts.failed} failed, {counts.skipped} skipped")
    return 1 if counts.failed or counts.passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
