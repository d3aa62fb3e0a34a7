"""A headless Chromium that tests look through: over its debugging pipe, so that neither a port nor a package of others is needed.

    with Browser() as browser:
        page = browser.open("/mnt/exec/E1/report.html", width=360)
        assert "SUCCESS" in page.text()
        equal(page.problems, [])

Pages are opened with scripts allowed, as people open them: what a page does not run, it does not run by its own means."""

import base64
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "mount"))

import tap  # noqa: E402

PATIENCE = 30
COMMANDS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars", "--remote-debugging-pipe"]


def find_browser():
    return next((path for path in map(shutil.which, COMMANDS) if path), None)


def need_browser():
    """Ends the test program where there is no browser: a failure in continuous integration, a skip elsewhere."""
    if find_browser():
        return
    if os.environ.get("CI") == "true":
        print("Bail out! no chromium")
        sys.exit(1)
    tap.skip_all("no chromium")


class Browser:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="kestrafs-browser-")
        self.number = 0
        self.received = b""
        self.events = []
        self._start([find_browser(), *FLAGS, f"--user-data-dir={self.folder}", "about:blank"])

    def _start(self, words):
        """The browser reads commands from its descriptor 3 and answers on 4."""
        commands_out, self.commands = os.pipe()
        self.answers, answers_in = os.pipe()

        def place():
            high = [os.dup(fd) for fd in (commands_out, answers_in)]  # neither may be where the other goes
            os.dup2(high[0], 3)
            os.dup2(high[1], 4)

        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=place,
            pass_fds=(3, 4),
            env={**os.environ, "HOME": self.folder},
        )
        os.close(commands_out)
        os.close(answers_in)

    def _receive(self, end):
        """The next message."""
        while b"\0" not in self.received:
            if not select.select([self.answers], [], [], max(0, end - time.monotonic()))[0]:
                raise AssertionError(f"the browser has not answered within {PATIENCE} s")
            part = os.read(self.answers, 1 << 20)
            if not part:
                raise AssertionError(f"the browser ended with {self.process.wait(PATIENCE)}")
            self.received += part
        message, _, self.received = self.received.partition(b"\0")
        return json.loads(message)

    def _next(self, wanted, what):
        end = time.monotonic() + PATIENCE
        while True:
            message = self._receive(end)
            if "method" in message:
                self.events.append(message)
            if wanted(message):
                return message
            if time.monotonic() > end:
                raise AssertionError(f"waited {PATIENCE} s for {what}")

    def call(self, method, session=None, **parameters):
        self.number += 1
        number = self.number
        message = {"id": number, "method": method, "params": parameters, **({"sessionId": session} if session else {})}
        os.write(self.commands, json.dumps(message).encode() + b"\0")
        answer = self._next(lambda m: m.get("id") == number, f"the answer to {method}")
        if "error" in answer:
            raise AssertionError(f"{method}: {answer['error']}")
        return answer["result"]

    def wait_for(self, wanted, what):
        """An event that has come or comes."""
        if not any(map(wanted, self.events)):
            self._next(wanted, what)

    def open(self, path, width=1280, height=900, dark=False, media=""):
        return Page(self, path, width, height, dark, media)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.call("Browser.close")
            self.process.wait(PATIENCE)
        except (AssertionError, OSError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait(PATIENCE)
        os.close(self.commands)
        os.close(self.answers)
        shutil.rmtree(self.folder, ignore_errors=True)


class Page:
    """A file in a tab of its own, loaded to its end."""

    def __init__(self, browser, path, width, height, dark, media):
        self.browser = browser
        self.url = "file://" + urllib.parse.quote(path)
        target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        self.call("Emulation.setEmulatedMedia", media=media, features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        self.call("Page.setLifecycleEventsEnabled", enabled=True)
        loader = self.call("Page.navigate", url=self.url)["loaderId"]
        browser.wait_for(lambda e: e.get("method") == "Page.lifecycleEvent" and e["params"]["name"] == "load" and e["params"]["loaderId"] == loader, path)
        self.evaluate("1")  # whatever loading has logged is here before its answer

    def call(self, method, **parameters):
        return self.browser.call(method, self.session, **parameters)

    def evaluate(self, expression):
        """What an expression is in the page: asked from outside, where the page's own policy does not reach."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in result:
            raise AssertionError(f"{expression}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def text(self):
        """All text of the page, also what is out of sight."""
        return self.evaluate("document.documentElement.textContent")

    def seen(self):
        """The text as a reader sees it."""
        return self.evaluate("(document.body || document.documentElement).innerText || ''")

    def _mine(self):
        return [e for e in self.browser.events if e.get("sessionId") == self.session]

    @property
    def problems(self):
        """Errors and warnings on the console, exceptions, dialogs: of this page so far."""
        bad = {"Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded", "Page.javascriptDialogOpening"}
        return [e for e in self._mine() if e["method"] in bad]

    @property
    def requests(self):
        """What it has fetched, besides itself."""
        urls = [e["params"]["request"]["url"] for e in self._mine() if e["method"] == "Network.requestWillBeSent"]
        return [url for url in urls if url != self.url]

    def picture(self, path):
        """The whole page as PNG."""
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 16000), "scale": 1}
        data = self.call("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)["data"]
        with open(path, "wb") as f:
            f.write(base64.b64decode(data))

    def pdf(self):
        return base64.b64decode(self.call("Page.printToPDF", printBackground=False)["data"])
