#!/usr/bin/env python3
"""report.html as a reader meets it: opened from a mount in a browser, on a desk, on a phone, in the dark and on paper."""

import functools
import json
import os
import re
import subprocess
import urllib.parse

from browser import Browser, need_browser
from kestra_mount import ROOT, Mount, Store, counter, environment, fresh, need_fuse, outputs
from tap import contains, equal, run, test

need_fuse()
need_browser()

HOSTILE = [
    '<script>document.title="owned"</script>',
    '"><img src=x onerror="document.title=1">',
    "a\"b'c&amp;<b>",
    "\u202eright to left",
    "nul\0tab\tnew\nline",
    "x" * 400,
    "]]>--></title></style>",
    "javascript:alert(1)",
    "../../etc/passwd",
    "שלום",
]
MANY = 10_001  # more points than a page draws one by one
PAGES = ["rich", "hostile", "running", "many", "bare"]


def metric(name, kind, value, **tags):
    return "::" + json.dumps({"metrics": [{"name": name, "type": kind, "value": value, "tags": tags}]}) + "::"


def fill():
    store = Store()
    store.capture(
        [
            outputs(count=4312, ok=True, none=None, text="two\nlines", files=["a.csv", "b.csv"], tree={"a": [1, 2]}),
            outputs(long="start " + "long " * 1_000_000, list=list(range(1000))),
            '::{"metrics":[{"name":"bad"}]}::',
        ],
        execution="rich",
        task="prepare",
        options=["--label", "team=data"],
    )
    for n in (1, 2, 3):
        text = [outputs(rows=n)] + [counter("nr_rows", 1000 * n + i, partition=f"file_{n}") for i in range(3)] + [metric("time", "timer", n + 0.25)]
        store.capture(text, execution="rich", task="each", values=[f"file_{n}"])
    for _ in range(2):
        store.run(["sh", "-c", "exit 3"], execution="rich", task="failing")
    store.end("rich")
    store.capture(
        [outputs(**{name: name for name in HOSTILE}), outputs(all=HOSTILE)] + [counter(name, 1, **{name: name}) for name in HOSTILE],
        execution="hostile",
        options=["--label", "x=" + HOSTILE[0]],
    )
    for name in HOSTILE:
        if "\0" not in name:
            store.capture(outputs(v=name), execution="hostile", task="each", values=[name])
    many = [outputs(**{f"o{n}": "v" * 400 for n in range(1000)})] + [counter(f"m{n % 120}", n, k=str(n % 3)) for n in range(MANY)]
    store.capture(many, execution="many")
    for n in range(200):
        store.run(["true"], execution="many", task="each", values=[str(n)])
    subprocess.run(store.arguments("bare", options=["--begin"]), env=environment(), cwd=ROOT, check=True, capture_output=True)
    return store


store = fill()
going = store.running("running")
going.say(outputs(first=1))
m = Mount(store, trace=False)
browser = Browser()


def path(execution):
    return m.path("exec", execution, "report.html")


@functools.cache
def opened(execution, **how):
    return browser.open(path(execution), **how)


def rows_of(page, section):
    """The texts in the cells of a section's table, without the heads of runs."""
    return page.evaluate(f"[...document.querySelectorAll('#{section} tbody tr:not(.run)')].map(r => [...r.cells].map(c => c.innerText))")


@test("what these tests look for is found where it is")
def _():
    name = fresh("bad") + ".html"
    with open(name, "w") as f:
        f.write("<img src=missing.png><script>document.title = 'owned'; nothing.there</script><p style=width:999px>wide")
    page = browser.open(name, width=360)
    assert len(page.problems) >= 2, page.problems
    equal([os.path.basename(url) for url in page.requests], ["missing.png"])
    equal(page.evaluate("document.title"), "owned")
    assert page.evaluate("document.documentElement.scrollWidth") > 360


@test("the page says what became of the execution and of each run")
def _():
    text = opened("rich").seen()
    for part in ("rich", "FAILED", "team:data", "prepare", "each", "file_2", "failing", "Started", "Ended", "Duration", "Exit code"):
        contains(text, part)
    rows = rows_of(opened("rich"), "runs")
    equal(rows[-1][:4], ["failing", "FAILED", "–", "2"], "a run that was tried twice")
    equal([row[7] for row in rows], ["0", "0", "0", "0", "3"], "exit codes")
    told = m.json("exec/rich/execution.json")["state"]
    contains(text, told["startDate"][:10] + " " + told["startDate"][11:23] + " UTC")
    contains(text, told["endDate"][:10] + " " + told["endDate"][11:23] + " UTC")


@test("the page shows outputs with their types, and of a long one its start, its size and its file")
def _():
    shown = {name: rest for name, *rest in rows_of(opened("rich"), "outputs")}
    equal(shown["count"], ["number", "4312"])
    equal(shown["ok"], ["boolean", "true"])
    equal(shown["none"], ["null", "null"])
    equal(shown["text"], ["string", "two\nlines"])
    equal(shown["files"], ["array", '["a.csv","b.csv"]'])
    equal(shown["tree"], ["object", '{"a":[1,2]}'])
    assert shown["long"][1].startswith("start long long"), shown["long"]
    assert shown["long"][1].endswith("… 5.0 MB, exec/rich/prepare/outputs/long"), shown["long"][1][-80:]
    assert shown["list"][1].startswith("[0,1,2,") and shown["list"][1].endswith("kB, exec/rich/prepare/outputs/list"), shown["list"]


@test("the page shows metrics as metrics.json has them, and a plot of each")
def _():
    page = opened("rich")
    summary = m.json("exec/rich/metrics.json")
    rows = page.evaluate("[...document.querySelectorAll('#metrics tbody tr')].map(r => [r.cells[0].innerText, ...[...r.querySelectorAll('data')].map(d => d.value)])")
    equal({row[0]: [float(n) for n in row[1:]] for row in rows}, {name: [of[k] for k in ("sum", "avg", "min", "max", "last")] for name, of in summary.items()})
    equal(page.evaluate("document.querySelectorAll('figure svg').length"), 2, "plots")
    seen = page.seen()
    for part in ("timer, seconds", "nr_rows by partition", "file_1", "file_3"):
        contains(seen, part)


@test("the page shows warnings, and says so where there is nothing")
def _():
    contains(opened("rich").seen(), "no type")
    bare = opened("bare").seen()
    for part in ("RUNNING", "still running", "No task has run yet.", "No task has set an output.", "No task has sent a metric.", "None:"):
        contains(bare, part)


@test("no page has a complaint on the console, or asks for anything but itself")
def _():
    for execution in PAGES:
        page = opened(execution)
        equal(page.problems, [], execution)
        equal(page.requests, [], execution)


@test("there is no script in a page, and nothing that would fetch")
def _():
    for execution in PAGES:
        page = opened(execution)
        equal(page.evaluate("document.querySelectorAll('script,link,iframe,object,embed,img,image,use,form,base').length"), 0, execution)
        equal(page.evaluate("[...document.querySelectorAll('*')].filter(e => [...e.attributes].some(a => /^on|^src$|^style$/.test(a.name))).length"), 0, execution)
        contains(page.evaluate("document.querySelector('meta[http-equiv]').content"), "default-src 'none'")


@test("hostile names and values are text")
def _():
    page = opened("hostile")
    text = page.text()
    for name in HOSTILE:
        contains(text, name.replace("\0", "\ufffd")[:150])
    equal(page.evaluate("document.title"), "test SUCCESS hostile")
    equal(page.evaluate("document.querySelectorAll('b').length"), 0)
    equal(page.evaluate("[...document.querySelectorAll('#outputs tbody tr:not(.run) th')].filter(c => c.querySelector('bdi')).length"), len(HOSTILE) * 2)


@test("every link of a page leads to what it names")
def _():
    for execution in ("rich", "hostile"):
        links = re.findall(r'href="([^"]*)"', m.text("exec", execution, "report.html"))
        assert len(links) > 10, links
        for link in links:
            if link.startswith("#"):
                equal(opened(execution).evaluate(f"!!document.querySelector('{link}')"), True, link)
            else:
                assert os.path.exists(m.path("exec", execution, urllib.parse.unquote(link))), link


@test("no page is wider than a phone")
def _():
    for execution in PAGES:
        page = opened(execution, width=360, height=740)
        equal(page.evaluate("innerWidth"), 360, execution)
        widest = page.evaluate("Math.max(document.documentElement.scrollWidth, document.body.scrollWidth)")
        assert widest <= 360, (execution, widest)


# Of everything that shows text by itself: its colour against the nearest background behind it (WCAG 2.1, 1.4.3).
CONTRAST = """(() => {
  const channel = v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
  const numbers = c => c.match(/[0-9.]+/g).map(Number);
  const light = c => { const [r, g, b] = numbers(c); return .2126 * channel(r) + .7152 * channel(g) + .0722 * channel(b); };
  const behind = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor; if (numbers(c)[3] !== 0) return c; } return 'rgb(255,255,255)'; };
  let least = 21;
  for (const e of document.querySelectorAll('body *')) {
    if (e.closest('svg') || ![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue;
    const [a, b] = [light(getComputedStyle(e).color), light(behind(e))].sort((x, y) => y - x);
    least = Math.min(least, (a + .05) / (b + .05));
  }
  return least;
})()"""


@test("every text stands out from what is behind it, in the light and in the dark")
def _():
    for execution in ("rich", "running", "bare"):
        for dark in (False, True):
            contrast = opened(execution, dark=dark).evaluate(CONTRAST)
            assert contrast >= 4.5, (execution, dark, contrast)


@test("the page is dark where the reader wants it, and white on paper all the same")
def _():
    back = "getComputedStyle(document.body).backgroundColor"
    equal(opened("rich").evaluate(back), "rgb(255, 255, 255)")
    assert opened("rich", dark=True).evaluate(back) != "rgb(255, 255, 255)"
    paper = opened("rich", dark=True, media="print")
    equal(paper.evaluate(back), "rgb(255, 255, 255)")
    assert paper.pdf().startswith(b"%PDF-")


@test("a page of more than it can show has a fixed size, and says what it leaves out")
def _():
    data = m.read("exec/many/report.html")
    equal((len(data), os.stat(path("many")).st_size), (1 << 20, 1 << 20))
    assert data.rstrip(b" ").endswith(b"</html>\n"), data.rstrip(b" ")[-100:]
    page = opened("many")
    equal((len(rows_of(page, "runs")), len(rows_of(page, "outputs"))), (200, 500))
    text = page.seen()
    for part in ("more than one page can show", "More task runs are in execution.json", "More outputs are in outputs.json", "More pictures are in metrics/", "m119"):
        contains(text, part)


@test("what is recorded later is on the page that is opened then")
def _():
    contains(browser.open(path("running")).seen(), "first")
    going.say(outputs(second="later"))
    going.end()
    text = browser.open(path("running")).seen()
    contains(text, "later")
    contains(text, "SUCCESS")


with browser:
    run()
