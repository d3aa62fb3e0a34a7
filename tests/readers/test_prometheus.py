#!/usr/bin/env python3
"""`<name>.prom` and kestrafs.prom as Prometheus' own programs read them: promtool, and a node exporter whose textfile collector looks at the mount."""

import contextlib
import hashlib
import http.client
import json
import os
import socket
import subprocess

from readers import Writer, families, metric, need, read_exactly, samples  # isort: skip
from kestra_mount import PATIENCE, Mount, Store, die_with_parent, environment, files_below, fresh, need_fuse, wait_until
from tap import contains, equal, run, test

need_fuse()


def check(text):
    """What `promtool check metrics` says of a text: its exit status (3: complaints) and words."""
    done = subprocess.run([need("promtool"), "check", "metrics"], input=text, capture_output=True, timeout=PATIENCE, check=False, env=environment())
    return done.returncode, (done.stdout + done.stderr).decode()


def prom_files(at):
    return [path for path in files_below(at) if path.endswith(".prom")]


# The same from the points, a second time: by the words of docs/tree.md


def clean(name, first):
    changed = "".join(c if c.isascii() and (c.isalpha() or c == "_" or (c.isdigit() and (i or first))) else "_" for i, c in enumerate(name))
    return changed if changed == name and name else changed + "_" + hashlib.sha256(name.encode()).hexdigest()[:8]


def label(tag):
    name = clean(tag, first=False)
    return "tag_" + name if name in ("namespace", "flow", "task", "quantile", "le") or name.startswith("__") else name


def summed(folder):
    """The samples of all points of a metrics folder."""
    found = {}
    for path in files_below(folder):
        if not path.endswith(".json") or os.path.dirname(path) != folder:
            continue
        for p in json.loads(read_exactly(path)):
            tags = {label(tag): value for tag, value in p["tags"].items() if value}
            labels = frozenset({"namespace": p["namespace"], "flow": p["flowId"], "task": p["taskId"], **tags}.items())
            name, kind, value = "kestra_" + clean(p["name"], first=True), p["type"], p["value"]
            if kind == "gauge":
                ends = ("_total", "_count", "_sum", "_bucket", "_seconds")
                found[name + ("_value" if name.endswith(ends) else ""), labels] = value
                continue
            if kind == "counter" and p["name"] == "executions":  # whose name is kestrafs.prom's
                name += "_" + hashlib.sha256(b"executions").hexdigest()[:8]
            for suffix, number in {"counter": [("_total", value)], "timer": [("_seconds_sum", value), ("_seconds_count", 1)]}[kind]:
                found[name + suffix, labels] = found.get((name + suffix, labels), 0) + number
    return found


def shown(folder):
    """The samples of all .prom files of a metrics folder: no family stands in two of them."""
    found = {}
    for path in prom_files(folder):
        if os.path.dirname(path) == folder:
            of = families(read_exactly(path).decode())
            equal(set(of) & set(found), set(), "families of " + path + " that others have too")
            found.update(of)
    return {key: number for _, _, of in found.values() for key, number in of.items()}


# A tree of what the page recommends: snake_case, base units; and one of the worst


def recommended():
    store = Store()
    lines = [
        metric("nr_rows", "counter", 512, {"partition": "file_1.parquet"}),
        metric("nr_rows", "counter", 0.5, {"partition": "file_1.parquet"}),
        metric("nr_rows", "counter", 88, {"partition": "file_2.parquet", "attempt": "1"}),
        metric("nr_rows", "counter", 12, {"attempt": "1", "partition": "file_2.parquet"}),
        metric("processing_time", "timer", 2.5, {"partition": "file_1.parquet"}),
        metric("processing_time", "timer", 0.25),
        metric("room_temperature_celsius", "gauge", 21.5, {"room": "a"}),
        metric("room_temperature_celsius", "gauge", -3, {"room": "a"}),
        metric("memory_bytes", "gauge", 1e21),
        metric("queue_total", "gauge", 4),
        metric("count", "gauge", 5),
        metric("age_seconds", "gauge", 6),
        metric("rows_20261122", "counter", 7),
        metric("executions", "counter", 8),
        metric("nr_rows", "gauge", 3),
        metric("nr_rows", "timer", 4),
    ]
    store.capture(lines, "E1", "one")
    store.capture(lines[:6], "E1", "loop", values=["a", "b"])
    store.capture(lines[:3], "E1", "loop", values=["a", "b"])
    store.capture(lines[2:], "E2", "one")
    store.run(["false"], "E3", "one")
    store.end("E1")
    return store


WORST = ["\"'\\`", "a,b", "two\nlines", "{}=\"", " ", "é", "日本", "😀", "\x00\x01\x1b\x7f\u0085\u2028", "</script>", "#", "x" * 2000, "\r", "\t", "\\n"]
CLOSE = ["a-b", "a_b", "a.b", "a b", "a:b", "9a", "_9a", "__a", "__name__", "le", "quantile", "flow", "task", "namespace", "NaN", "a_b_total", "a_b_seconds"]


def hostile():
    store = Store()
    lines = [metric(name, kind, n, {tag: "v"}) for n, (name, tag) in enumerate(zip(WORST + CLOSE, CLOSE + WORST)) for kind in ("counter", "timer", "gauge")]
    lines += [metric("values", "counter", 1, {"v": value}) for value in WORST]
    lines += [metric("many", "counter", 1, {tag: str(n) for n, tag in enumerate(WORST + CLOSE + [""])})]
    # To Prometheus an empty value is no label: one sample.
    lines += [metric("empty", "counter", 1, tags) for tags in ({"a": ""}, {}, {"b": "", "a": ""}, {"c": "1", "a": ""}, {"a": "", "c": "1"}, {"c": "1"})]
    lines += [metric("vast", kind, value) for kind in ("counter", "timer") for value in (1e308, 1e308)]
    lines += [metric("tiny", "gauge", 5e-324), metric("minus", "gauge", -0.0)]
    store.capture(lines, "E1", "one")
    return store


# promtool


@test("promtool has no complaint about any file of a tree with names in snake_case and base units, and the numbers are those of the points")
def _():
    with Mount(recommended(), trace=False) as m:
        paths = prom_files(m.point)
        folders = sorted({os.path.dirname(path) for path in paths if os.path.basename(os.path.dirname(path)) == "metrics"})
        assert len(folders) > 10 and m.path("kestrafs.prom") in paths, folders
        for folder in folders:
            equal(shown(folder), summed(folder), folder)
        for path in prom_files(m.path("metrics")) + [m.path("kestrafs.prom")]:
            equal(check(read_exactly(path)), (0, ""), path)
        for folder in folders:  # as one scrape has them
            text = b"".join(read_exactly(path) for path in prom_files(folder) if os.path.dirname(path) == folder)
            equal(check(read_exactly(m.path("kestrafs.prom")) + text), (0, ""), folder)


@test("a file says what it is, to the byte")
def _():
    with Mount(recommended(), trace=False) as m:
        labels = 'namespace="dev",flow="test",task="one"'
        equal(
            m.text("exec/E1/one/metrics/nr_rows.prom"),
            "# HELP kestra_nr_rows_total Kestra metrics: sum of the counter nr_rows\n"
            "# TYPE kestra_nr_rows_total counter\n"
            f'kestra_nr_rows_total{{{labels},partition="file_1.parquet"}} 512.5\n'
            f'kestra_nr_rows_total{{{labels},partition="file_2.parquet",attempt="1"}} 100\n'
            "# HELP kestra_nr_rows_seconds Kestra metrics: sum and count of the timer nr_rows\n"
            "# TYPE kestra_nr_rows_seconds summary\n"
            f"kestra_nr_rows_seconds_sum{{{labels}}} 4\n"
            f"kestra_nr_rows_seconds_count{{{labels}}} 1\n"
            "# HELP kestra_nr_rows Kestra metrics: last value of the gauge nr_rows\n"
            "# TYPE kestra_nr_rows gauge\n"
            f"kestra_nr_rows{{{labels}}} 3\n",
        )


@test("promtool can read whatever names and values there are, and none is lost")
def _():
    with Mount(hostile(), trace=False) as m:
        paths = prom_files(m.path("metrics"))
        assert len(paths) > len(WORST + CLOSE), paths
        text = b"".join(read_exactly(path) for path in paths if os.path.dirname(path) == m.path("metrics"))
        for one in (text, read_exactly(m.path("metrics/many.prom")), read_exactly(m.path("metrics/values.prom"))):
            status, said = check(one)
            assert status in (0, 3) and "parsing" not in said, said  # 3: it finds the names ugly
        for folder in sorted({os.path.dirname(path) for path in paths}):
            equal(shown(folder), summed(folder), folder)


# kestrafs.prom


def overview(m):
    """{(what, flow, state or none): number} of kestrafs.prom, and the store's size."""
    of = samples(read_exactly(m.path("kestrafs.prom")).decode())
    size = of.pop(("kestrafs_store_bytes", frozenset()))
    return {(name, dict(labels)["namespace"], dict(labels)["flow"], dict(labels).get("state")): number for (name, labels), number in of.items()}, size


@test("kestrafs.prom counts executions by flow and state, and says when the latest success was")
def _():
    store = Store()

    def one(execution, flow, status):
        command = [*store.arguments(execution, "t", flow=flow), "--", "sh", "-c", f"exit {status}"]
        equal(subprocess.run(command, capture_output=True, env=environment(), check=False).returncode, status)

    def when(m, execution):
        return m.json("exec", execution, "execution.json")["state"]["histories"][-1]["date"]

    one("A", "dev/one", 0)
    with Mount(store, trace=False) as m:
        for execution, flow, status in (("B", "dev/one", 1), ("C", "dev.team/two", 1), ("D", "dev/one", 0), ("E", "dev/three", 0), ("E", "dev/three", 1)):
            one(execution, flow, status)
        with store.running("F", "t"):
            wait_until(lambda: os.path.exists(m.path("exec/F/t")), "the run to begin")
            found, size = overview(m)
            times = {key: number for key, number in found.items() if key[3] is None}
            counts = {key[1:]: number for key, number in found.items() if key not in times and number}
            states = {("dev", "one", "SUCCESS"): 2, ("dev", "one", "FAILED"): 1, ("dev.team", "two", "FAILED"): 1}
            equal(counts, {**states, ("dev", "three", "FAILED"): 1, ("dev", "test", "RUNNING"): 1})
            equal(list(times), [("kestra_last_success_timestamp_seconds", "dev", "one", None)])
            whole, _, fraction = f"{list(times.values())[0]:.6f}".partition(".")
            date = subprocess.run(["date", "-u", "-d", f"@{whole}", f"+%Y-%m-%dT%H:%M:%S.{fraction}Z"], capture_output=True, text=True, check=True).stdout
            equal(date.strip(), when(m, "D"))
            real = os.path.getsize(os.path.join(store.dir, "data.mdb"))
            assert 0 < size <= real * 1.01, (size, real)
        equal(overview(m)[0]["kestra_executions_total", "dev", "test", "SUCCESS"], 1)
        equal(check(m.read("kestrafs.prom")), (0, ""))


@test("kestrafs.prom of nothing yet says that")
def _():
    store = Store()
    store.capture("", "E1")
    with Mount(store, "-o", "namespace=other", trace=False) as m:
        equal(overview(m)[0], {})
        equal(check(m.read("kestrafs.prom")), (0, ""))


# A node exporter


class Exporter:
    """A node exporter that shows nothing but the files of a folder."""

    def __init__(self, folder):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.messages = open(fresh("messages"), "w+b")
        words = ["--web.disable-exporter-metrics", "--collector.disable-defaults", "--collector.textfile", f"--collector.textfile.directory={folder}"]
        self.process = subprocess.Popen(
            [need("prometheus-node-exporter"), f"--web.listen-address=127.0.0.1:{self.port}", *words],
            stdin=subprocess.DEVNULL,
            stderr=self.messages,
            env=environment(),
            preexec_fn=die_with_parent,
        )

    def _is_ready(self):
        equal(self.process.poll(), None, "the exporter's exit status")
        with contextlib.suppress(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", self.port)).close()
            return True
        return False

    def errors(self):
        self.messages.seek(0)
        return [line for line in self.messages.read().decode().splitlines() if "level=error" in line]

    def scrape(self):
        """All samples of the mount's; the exporter has found no error."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        connection.request("GET", "/metrics")
        response = connection.getresponse()
        text = response.read().decode()
        equal(response.status, 200, text)
        contains(text, "\nnode_textfile_scrape_error 0\n")
        equal(self.errors(), [], "what the exporter says")
        return {key: number for key, number in samples(text).items() if key[0].startswith("kestra")}

    def __enter__(self):
        wait_until(self._is_ready, "the exporter to listen")
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(PATIENCE)
        self.messages.close()


@test("a node exporter serves the numbers of the folder its textfile collector is pointed at")
def _():
    with Mount(recommended(), trace=False) as m, Exporter(m.path("metrics")) as exporter:
        equal(exporter.scrape(), summed(m.path("metrics")))
        assert len(exporter.scrape()) > 20


@test("also with whatever names and values")
def _():
    with Mount(hostile(), trace=False) as m, Exporter(m.path("metrics")) as exporter:
        equal(exporter.scrape(), summed(m.path("metrics")))


@test("also kestrafs.prom beside the metrics, where one is called executions")
def _():
    with Mount(recommended(), trace=False) as m:
        both = fresh("both")
        os.mkdir(both)
        for path in prom_files(m.path("metrics")) + [m.path("kestrafs.prom")]:
            if "/tags/" not in path:
                os.symlink(path, os.path.join(both, os.path.basename(path)))
        with Exporter(both) as exporter:
            equal(exporter.scrape(), {**summed(m.path("metrics")), **samples(m.text("kestrafs.prom"))})


@test("while a run prints new metrics, tags and values every scrape is whole, and counters never fall")
def _():
    store = Store()
    store.capture(metric("rows", "counter", 0), "E1")

    def lines(n):
        for kind in ("counter", "timer", "gauge"):
            yield metric("rows", kind, 1)
            yield metric("rows", kind, 1, {"part": str(n % 50)})
        yield metric(f"new-{n % 100}", "gauge", n, {"é": "\n", "part": str(n % 5)})

    key = "kestra_rows_total", frozenset({"namespace": "dev", "flow": "test", "task": "writer"}.items())
    with Mount(store, trace=False) as m, Exporter(m.path("metrics")) as exporter:
        with Writer(store.running("E2", "writer"), lines) as writer:
            wait_until(lambda: key in exporter.scrape(), "the first point")
            seen = []

            def scrape():
                seen.append(exporter.scrape()[key])
                return len(seen) >= 10 and len(set(seen)) >= 5

            wait_until(scrape, "scrapes between which the run went on")
            files = [samples(read_exactly(m.path("metrics/rows.prom")).decode())[key] for _ in range(10)]
            for _ in range(10):
                overview(m)
        equal(seen + files, sorted(seen + files), "the counter as seen")
        equal(exporter.scrape(), summed(m.path("metrics")))
        equal(exporter.scrape()[key], writer.count)


run()
