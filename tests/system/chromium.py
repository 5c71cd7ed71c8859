# SPDX-License-Identifier: Apache-2.0
"""A headless Chromium, spoken to over a pipe: no library between the tests and the browser.

The DevTools protocol is JSON, each message ended by a NUL, on file descriptors 3 (to the
browser) and 4 (from it). What a page logs, asks the network for, or trips over is kept.
"""

import base64
import fcntl
import json
import os
import pathlib
import select
import shutil
import signal
import tempfile
import time

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-default-apps", "--disable-extensions", "--hide-scrollbars",
         "--force-color-profile=srgb", "--remote-debugging-pipe"]
PATIENCE_S = 60


def program():
    """The browser, or None."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


def moved_up(fd):
    """The same file under a number above those that the browser takes."""
    higher = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 5)
    os.close(fd)
    return higher


class Chromium:
    def __init__(self):
        self.profile = tempfile.mkdtemp(prefix="finetl-chromium-")
        to_read, self.to_browser = os.pipe()
        self.from_browser, to_write = os.pipe()
        to_read, to_write = moved_up(to_read), moved_up(to_write)  # so that neither stands where the other goes
        null = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_RDWR, 0) for fd in (0, 1, 2)]
        ends = [(os.POSIX_SPAWN_DUP2, to_read, 3), (os.POSIX_SPAWN_DUP2, to_write, 4)]
        self.pid = os.posix_spawn(program(), [program(), *FLAGS, f"--user-data-dir={self.profile}", "about:blank"], os.environ,
                                  file_actions=null + ends, setsid=True)
        os.close(to_read)
        os.close(to_write)
        self.rest, self.last_id, self.events = b"", 0, []

    def close(self):
        try:
            self.call("Browser.close")
            until = time.monotonic() + 10
            while os.waitpid(self.pid, os.WNOHANG)[0] == 0:
                if time.monotonic() > until:
                    raise TimeoutError
                time.sleep(0.05)
        except (OSError, RuntimeError, TimeoutError):
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.to_browser)
        os.close(self.from_browser)
        shutil.rmtree(self.profile, ignore_errors=True)

    def message(self):
        until = time.monotonic() + PATIENCE_S
        while b"\0" not in self.rest:
            ready, _, _ = select.select([self.from_browser], [], [], max(0, until - time.monotonic()))
            piece = os.read(self.from_browser, 1 << 20) if ready else b""
            if not piece:
                raise TimeoutError("Chromium does not answer")
            self.rest += piece
        text, _, self.rest = self.rest.partition(b"\0")
        return json.loads(text)

    def call(self, method, session=None, **params):
        self.last_id += 1
        request = {"id": self.last_id, "method": method, "params": params}
        if session:
            request["sessionId"] = session
        os.write(self.to_browser, json.dumps(request).encode() + b"\0")
        while True:
            answer = self.message()
            if answer.get("id") == self.last_id:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def wait_for(self, session, method):
        for event in self.events:
            if event.get("method") == method and event.get("sessionId") == session:
                return event
        while True:
            event = self.message()
            self.events.append(event)
            if event.get("method") == method and event.get("sessionId") == session:
                return event

    def open(self, path, **how):
        return Page(self, path, **how)


class Page:
    """A file, opened in a tab of its own context: nothing is kept from other pages."""

    def __init__(self, browser, path, width=1280, height=900, scheme="light", scripts=True, bypass_csp=False):
        self.browser = browser
        self.context = browser.call("Target.createBrowserContext")["browserContextId"]
        target = browser.call("Target.createTarget", url="about:blank", browserContextId=self.context)["targetId"]
        self.session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.call("Emulation.setScriptExecutionDisabled", value=not scripts)
        if bypass_csp:
            self.call("Page.setBypassCSP", enabled=True)
        browser.events.clear()
        self.url = pathlib.Path(path).resolve().as_uri()
        self.call("Page.navigate", url=self.url)
        browser.wait_for(self.session, "Page.loadEventFired")

    def call(self, method, **params):
        return self.browser.call(method, self.session, **params)

    def close(self):
        self.browser.call("Target.disposeBrowserContext", browserContextId=self.context)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def evaluate(self, expression):
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"])
        return answer["result"].get("value")

    def events(self, method):
        self.call("Runtime.getIsolateId")  # what was sent before its answer is here now
        return [e["params"] for e in self.browser.events if e.get("method") == method and e.get("sessionId") == self.session]

    def messages(self):
        """Whatever the page or the browser had to say about it."""
        return (self.events("Runtime.consoleAPICalled") + self.events("Runtime.exceptionThrown") + self.events("Log.entryAdded") +
                self.events("Page.javascriptDialogOpening"))

    def requests(self):
        """URLs that were asked for, but the page itself."""
        urls = [e["request"]["url"] for e in self.events("Network.requestWillBeSent")]
        return [url for url in urls if url != self.url]

    def screenshot(self, path=None, whole=True):
        png = base64.b64decode(self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole,
                                         **({"clip": self.whole()} if whole else {}))["data"])
        if path:
            pathlib.Path(path).write_bytes(png)
        return png

    def whole(self):
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        return {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}

    def accessibility_violations(self, axe):
        """What axe-core objects to; the page is to be opened with bypass_csp."""
        self.evaluate(axe + "; 0")
        found = self.evaluate("axe.run(document).then(r => r.violations.map(v => "
                              "[v.id, v.help, v.nodes.slice(0, 3).map(n => n.html.slice(0, 300) + ' ' + n.failureSummary)]))")
        return found
