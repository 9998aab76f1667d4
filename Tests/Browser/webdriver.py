"""A browser without a window, driven over WebDriver (W3C) by chromium-driver. Python's standard library only."""

import base64
import json
import shutil
import socket
import subprocess
import sys
import time
import unittest
import urllib.error
import urllib.request

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the name that the standard gives to references of elements


class BrowserError(Exception):
    pass


class Browser:
    """One session. `with Browser() as browser: browser.open("http://127.0.0.1:8080/")`"""

    @staticmethod
    def missing():
        """The programs that are not installed."""
        return [name for name in ("chromium", "chromedriver") if not shutil.which(name)]

    def __init__(self, width=1280, height=900, is_dark=False, arguments=()):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.driver = subprocess.Popen(
            ["chromedriver", f"--port={port}"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        try:
            self.base = f"http://127.0.0.1:{port}"
            self._await_driver()
            options = {
                "binary": shutil.which("chromium"),
                # A container has neither a sandbox nor much shared memory.
                "args": ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu",
                         "--hide-scrollbars", "--no-proxy-server", f"--window-size={width},{height}", *arguments],
            }
            wanted = {"browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
            session = self._call("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
            self.base += "/session/" + session["sessionId"]
            self.resize(width, height)
            self.devtools("Emulation.setEmulatedMedia", {
                "features": [{"name": "prefers-color-scheme", "value": "dark" if is_dark else "light"}]})
        except BaseException:
            self.driver.terminate()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self._call("DELETE", "")
        except (BrowserError, OSError):
            pass
        self.driver.terminate()
        self.driver.wait(10)

    def _await_driver(self):
        for _ in range(100):
            try:
                if self._call("GET", "/status")["ready"]:
                    return
            except OSError:
                time.sleep(0.1)
        raise BrowserError("chromedriver does not start")

    def _call(self, method, path, body=None):
        data = None if method != "POST" else json.dumps(body or {}).encode()
        request = urllib.request.Request(
            self.base + path, data, {"Content-Type": "application/json"}, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            value = json.load(error)["value"]
            raise BrowserError(f"{value['error']}: {value['message'].splitlines()[0]}") from None

    # Pages

    def open(self, address):
        self._call("POST", "/url", {"url": address})

    def resize(self, width, height):
        """The page's own size; a window cannot be narrower than 500 pixels."""
        self.devtools("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": False})

    def devtools(self, command, parameters):
        return self._call("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def screenshot(self, path, is_whole=False):
        if is_whole:
            data = self.devtools("Page.captureScreenshot", {"captureBeyondViewport": True})["data"]
        else:
            data = self._call("GET", "/screenshot")
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    def complaints(self):
        """What the browser's console has held since the last call: scripts that fail, what the policy forbids."""
        entries = self._call("POST", "/se/log", {"type": "browser"})
        return [entry["message"] for entry in entries if entry["level"] in ("SEVERE", "WARNING")]

    # Elements

    def script(self, source, *arguments):
        return self._call("POST", "/execute/sync", {"script": source, "args": list(arguments)})

    def find(self, selector):
        return self._call("POST", "/element", {"using": "css selector", "value": selector})

    def click(self, selector):
        self._call("POST", f"/element/{self.find(selector)[ELEMENT]}/click")

    def type(self, selector, text):
        """Keys for an element; for a field of files their paths, one a line."""
        self._call("POST", f"/element/{self.find(selector)[ELEMENT]}/value", {"text": text})

    def press(self, key):
        """A key for whatever has the focus."""
        steps = [{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]
        self._call("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": steps}]})

    def _act(self, kind, actions, **more):
        self._call("POST", "/actions", {"actions": [{"type": kind, "id": kind, "actions": actions, **more}]})

    def drag(self, start, by, button=0, key=None):
        """Presses a button of the mouse at a point of the page, moves and lets go; `key` is held down meanwhile."""
        (x, y), (right, down) = start, by
        moves = [{"type": "pointerMove", "x": x, "y": y, "duration": 0}, {"type": "pointerDown", "button": button}]
        moves += [{"type": "pointerMove", "x": x + right * part // 4, "y": y + down * part // 4, "duration": 20} for part in range(1, 5)]
        moves += [{"type": "pointerUp", "button": button}]
        if key:
            self._act("key", [{"type": "keyDown", "value": key}])
        self._act("pointer", moves, parameters={"pointerType": "mouse"})
        if key:
            self._act("key", [{"type": "keyUp", "value": key}])

    def hover(self, x, y):
        self._act("pointer", [{"type": "pointerMove", "x": x, "y": y, "duration": 0}], parameters={"pointerType": "mouse"})

    def wheel(self, x, y, turn):
        """Turns the wheel over a point; one step of a mouse is 120."""
        self._act("wheel", [{"type": "scroll", "x": x, "y": y, "deltaX": 0, "deltaY": turn, "duration": 0, "origin": "viewport"}])

    def box(self, selector):
        """Where an element is on the page: x, y, width and height, rounded."""
        return self.script(
            "const box = document.querySelector(arguments[0]).getBoundingClientRect();"
            "return [box.x, box.y, box.width, box.height].map(Math.round)", selector)

    def text(self, selector):
        return self.script("return document.querySelector(arguments[0])?.textContent.trim() ?? null", selector)

    def count(self, selector):
        return self.script("return document.querySelectorAll(arguments[0]).length", selector)

    def wait(self, what, source, *arguments, seconds=30):
        """Until a script's value is true; it is returned."""
        end = time.monotonic() + seconds
        while True:
            value = self.script("return " + source, *arguments)
            if value:
                return value
            if time.monotonic() > end:
                raise BrowserError(f"waited {seconds} s for {what}")
            time.sleep(0.1)


TAB, ENTER, LEFT, RIGHT, HOME = "\ue004", "\ue007", "\ue012", "\ue014", "\ue011"
SHIFT = "\ue008"


class BrowserTest(unittest.TestCase):
    """Tests in one browser, each from an empty page; whatever the console holds at a test's end is a failure."""

    browser = None

    @classmethod
    def setUpClass(cls):
        cls.browser = Browser()

    @classmethod
    def tearDownClass(cls):
        cls.browser.__exit__()

    def setUp(self):
        self.browser.resize(1280, 900)
        self.browser.open("about:blank")
        self.browser.complaints()

    def tearDown(self):
        self.assertEqual([text for text in self.browser.complaints() if "status of 4" not in text], [])


def run(suite, parser, options):
    """Runs the tests of a suite that the command line names, all of them where it names none."""
    parser.add_argument("--address", required=True, help="where the server is: http://127.0.0.1:8080")
    parser.add_argument("tests", nargs="*", help="names of tests; all of them otherwise")
    parser.parse_args(namespace=options)
    missing = Browser.missing()
    if missing:
        sys.exit(f"{' and '.join(missing)} not found: apt-get install chromium chromium-driver")
    unittest.main(argv=[sys.argv[0]] + [f"{suite.__name__}.{name}" for name in options.tests], verbosity=2)
