#!/usr/bin/env python3
"""<name>.svg as a reader meets it: opened from a mount in a browser."""

import json
import os
import xml.etree.ElementTree as xml

from browser import Browser, need_browser
from kestra_mount import Mount, Store, counter, need_fuse, outputs
from tap import contains, equal, run, test

need_fuse()
need_browser()

HOSTILE = ["<script>document.title='owned'</script>", "]]>--><b>", "\"'&amp;", "\u202ertl", "nul\0", "x" * 1000]
SVG = "{http://www.w3.org/2000/svg}"


def metric(name, kind, value, **tags):
    return "::" + json.dumps({"metrics": [{"name": name, "type": kind, "value": value, "tags": tags}]}) + "::"


def fill():
    store = Store()
    text = [metric("time", "timer", n / 7, part=part, zone="a") for n in range(6) for part in ("p1", "p2", "p3")]
    text += [metric("order", "counter", 1, a="1", b="2"), metric("order", "counter", 2, b="2", a="1")]
    text += [metric("mixed", "counter", 1), metric("mixed", "gauge", 2), metric("plain", "gauge", 2.5)]
    text += [counter("sets", n, set=str(n)) for n in range(40)]
    text += [counter(name, 1, **{name: name}) for name in HOSTILE]
    text += [counter("many", n, part=str(n % 3)) for n in range(20_000)]
    store.capture(text)
    for n, value in enumerate((3, 5.5, -2)):
        store.capture(outputs(rows=value, word="text"), execution=f"H{n}", task="loop", values=["one"])
        store.capture(outputs(rows=value * 2), execution=f"H{n}", task="loop", values=["two"])
    return store


store = fill()
m = Mount(store, trace=False)
browser = Browser()


def picture(*names):
    """The page, and its elements."""
    return browser.open(m.path(*names), width=800, height=600), xml.fromstring(m.read(*names))


def text_of(root):
    return [" ".join(element.itertext()) for element in root.iter(SVG + "text")]


@test("a plot has axes with units, a title, and a legend with a line per set of tags")
def _():
    page, root = picture("exec/E1/metrics/time.svg")
    texts = text_of(root)
    for part in ("time", "seconds", "part=p1, zone=a", "part=p3, zone=a"):
        assert any(part in text for text in texts), (part, texts)
    assert "UTC" in " ".join(texts)
    assert root.get("viewBox"), root.attrib
    contains(page.text(), "seconds")


@test("the order of tags makes no difference; a name of two types says which is which")
def _():
    equal([t for t in text_of(picture("exec/E1/metrics/order.svg")[1]) if "=" in t], ["a=1, b=2"])
    mixed = text_of(picture("exec/E1/metrics/mixed.svg")[1])
    equal([t for t in mixed if t in ("counter", "gauge")], ["counter", "gauge"])


@test("more sets of tags than can be told apart are drawn, and counted")
def _():
    contains(" ".join(text_of(picture("exec/E1/metrics/sets.svg")[1])), "28 more")


@test("every picture is valid, asks for nothing and has no complaint on the console")
def _():
    for folder in ("exec/E1/metrics", "metrics"):
        names = [name for name in os.listdir(m.path(folder)) if name.endswith(".svg")]
        assert len(names) >= 6 + len(HOSTILE), names
        for name in names:
            xml.fromstring(m.read(folder, name))
    for name in names:
        page = browser.open(m.path(folder, name))
        equal((page.problems, page.requests), ([], []), name)
        equal(page.evaluate("document.documentElement.localName"), "svg", name)


@test("hostile names and tags are text")
def _():
    for name in os.listdir(m.path("exec/E1/metrics")):
        if name.endswith(".svg"):
            root = xml.fromstring(m.read("exec/E1/metrics", name))
            equal([e.tag for e in root.iter() if e.tag.removeprefix(SVG) in ("script", "b", "a", "image", "foreignObject")], [], name)


@test("a plot of many points has a fixed size, and shows them all the same")
def _():
    data = m.read("exec/E1/metrics/many.svg")
    equal((len(data), os.stat(m.path("exec/E1/metrics/many.svg")).st_size), (64 << 10, 64 << 10))
    page, root = picture("exec/E1/metrics/many.svg")
    equal(page.problems, [])
    contains(" ".join(text_of(root)), "20,000")


@test("a plot fits its window, and is dark where the reader wants it")
def _():
    path = m.path("exec/E1/metrics/time.svg")
    narrow = browser.open(path, width=360, height=740)
    equal(narrow.evaluate("document.documentElement.getBoundingClientRect().width <= innerWidth"), True)
    back = "getComputedStyle(document.documentElement).backgroundColor"
    assert browser.open(path).evaluate(back) != browser.open(path, dark=True).evaluate(back)


@test("the history of a number is drawn over its executions, a line per value of its runs")
def _():
    page, root = picture("flow/dev/test/outputs/loop/rows.svg")
    texts = text_of(root)
    assert "one" in texts and "two" in texts, texts
    equal(page.problems, [])
    equal(os.path.exists(m.path("flow/dev/test/outputs/loop/word.svg")), False, "a plot of words")


with browser:
    run()
