"""A headless Chromium, driven over the WebDriver protocol with nothing but the standard library."""

import base64
import json
import re
import shutil
import subprocess
import time
import urllib.error
import urllib.request

SWITCHES = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def missing():
    """Why there is no browser here, or nothing if there is one."""
    for program in ("chromium", "chromedriver"):
        if shutil.which(program) is None:
            return f"needs {program} (Debian: apt-get install chromium chromium-driver)"
    return ""


class Browser:
    """One window; `close` ends it."""

    def __init__(self, folder):
        self.driver = subprocess.Popen(
            ["chromedriver", "--port=0"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        port = None
        while port is None:
            line = self.driver.stdout.readline()
            if not line:
                raise RuntimeError("chromedriver did not start")
            if found := re.search(r"successfully on port (\d+)", line):
                port = found[1]
        self.root = f"http://127.0.0.1:{port}/session"
        wanted = {
            "goog:chromeOptions": {
                "binary": shutil.which("chromium"),
                "args": [*SWITCHES, f"--user-data-dir={folder / 'profile'}"],
            },
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
        }
        given = self._ask("POST", "", {"capabilities": {"alwaysMatch": wanted}})
        self.root += f"/{given['sessionId']}"

    def close(self):
        try:
            self._ask("DELETE", "")
        finally:
            self.driver.terminate()
            self.driver.wait(10)
            self.driver.stdout.close()

    def _ask(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        asked = urllib.request.Request(self.root + path, data, method=method)
        try:
            with urllib.request.urlopen(asked, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(json.load(error)["value"]["message"]) from None

    def open(self, address):
        self._ask("POST", "/url", {"url": address})

    def frame(self, number):
        """What runs from now on runs in this frame of the page; None is the page itself."""
        self._ask("POST", "/frame", {"id": number})

    def run(self, script, *values):
        """What a function body returns in the page."""
        return self._ask("POST", "/execute/sync", {"script": script, "args": list(values)})

    def wait(self, script, *values):
        """What a function body gives its last argument, a function, when it is done."""
        return self._ask("POST", "/execute/async", {"script": script, "args": list(values)})

    def later(self, script, *values):
        """What it returns after the page has drawn twice: what was set is on the screen."""
        body = f"""const given = [...arguments], done = given.pop();
            const work = () => done((function () {{ {script} }}).apply(null, given));
            requestAnimationFrame(() => requestAnimationFrame(work));"""
        return self.wait(body, *values)

    def until(self, script, *values):
        """The first true value of a function body, asked for again and again."""
        for _ in range(200):
            if found := self.run(script, *values):
                return found
            time.sleep(0.02)
        raise AssertionError(f"this never became true: {script}")

    def devtools(self, command, **values):
        return self._ask("POST", "/goog/cdp/execute", {"cmd": command, "params": values})

    def drag(self, start, *places):
        """Press the mouse at a place of the window, move, let go."""
        move = [{"type": "pointerMove", "duration": 0, "x": int(x), "y": int(y)}
                for x, y in (start, *places)]  # fmt: skip
        press = [{"type": "pointerDown", "button": 0}]
        actions = [move[0], *press, *move[1:], {"type": "pointerUp", "button": 0}]
        mouse = {"type": "pointer", "id": "mouse", "actions": actions}
        self._ask("POST", "/actions", {"actions": [mouse]})

    def keys(self, text):
        """Press keys; WebDriver has names for those without a letter, such as \\ue015, down."""
        pressed = [{"type": kind, "value": key} for key in text for kind in ("keyDown", "keyUp")]
        self._ask("POST", "/actions", {"actions": [{"type": "key", "id": "k", "actions": pressed}]})

    def log(self, kind):
        return self._ask("POST", "/se/log", {"type": kind})

    def requests(self):
        """The addresses that pages asked for since the last call."""
        events = [json.loads(entry["message"])["message"] for entry in self.log("performance")]
        return [
            event["params"]["request"]["url"]
            for event in events
            if event["method"] == "Network.requestWillBeSent"
        ]

    def screen(self, width, height, scheme="light", motion="no-preference"):
        """The size of the window, and what the reader prefers."""
        self.devtools(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 500,
        )
        wishes = {"prefers-color-scheme": scheme, "prefers-reduced-motion": motion}
        features = [{"name": name, "value": value} for name, value in wishes.items()]
        self.devtools("Emulation.setEmulatedMedia", features=features)

    def picture(self, path):
        """A screenshot of the whole page."""
        shot = self.devtools("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(shot["data"]))
