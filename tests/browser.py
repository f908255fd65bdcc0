"""A headless Chromium to try a page in, driven by its own protocol; no package is needed for it."""

import json
import shutil
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import websocket

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-quic",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--remote-debugging-port=0",
]  # fmt: skip
IS_COMPLETE = "document.readyState === 'complete'"
KEYS = {"Enter": "\r", " ": " "}  # what these keys type: only then do they press a button


def find_browser() -> str | None:
    """The program, if this machine has one."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Tab:
    """One page: run JavaScript in it, and press keys."""

    def __init__(self, port: int) -> None:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list") as answer:
            page = next(one for one in json.load(answer) if one["type"] == "page")
        self.socket = websocket.create_connection(
            page["webSocketDebuggerUrl"], suppress_origin=True, timeout=30
        )
        self.number = 0
        self.events = []
        self.errors = []  # what pages throw or log as an error, once `Runtime` and `Log` are on

    def send(self, method: str, **params):
        """Call a method of the protocol and wait for its answer."""
        self.number += 1
        self.socket.send(json.dumps({"id": self.number, "method": method, "params": params}))
        while True:
            answer = json.loads(self.socket.recv())
            if answer.get("id") == self.number:
                assert "error" not in answer, answer
                return answer["result"]
            if "method" not in answer:  # the answer to a call that was given up
                continue
            self.events.append(answer["method"])
            if answer["method"] == "Runtime.exceptionThrown":
                self.errors.append(answer["params"]["exceptionDetails"]["exception"]["description"])
            if answer["method"] == "Log.entryAdded":
                entry = answer["params"]["entry"]
                self.errors += [entry["text"]] if entry["level"] == "error" else []

    def open(self, address: str) -> None:
        """Go to a page and wait until it is there."""
        found = self.send("Page.navigate", url=address)
        if "loaderId" not in found:  # only its fragment differs
            self.send("Page.navigate", url="about:blank")
            found = self.send("Page.navigate", url=address)
        for _ in range(200):  # no script before the new document stands: it would be torn off
            frame = self.send("Page.getFrameTree")["frameTree"]["frame"]
            if frame["loaderId"] == found["loaderId"] and self.run(IS_COMPLETE):
                return
            time.sleep(0.05)
        raise AssertionError(f"{address} did not load")

    def run(self, script: str):
        """The value of an expression."""
        found = self.send("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def wait_for(self, script: str) -> None:
        """Wait until an expression is true."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            if self.run(f"!!({script})"):
                return
            time.sleep(0.05)
        raise AssertionError(f"{script} did not come true")

    def wait_for_event(self, method: str) -> None:
        """Wait until the browser has told of an event of its protocol."""
        for _ in range(200):
            self.run("0")  # what it has told is read with an answer
            if method in self.events:
                return
            time.sleep(0.05)
        raise AssertionError(f"no {method}")

    def choose_file(self, selector: str, file: Path) -> None:
        """Give a file to a field, as its dialog does."""
        found = self.send("Runtime.evaluate", expression=f"document.querySelector({selector!r})")
        node = found["result"]["objectId"]
        self.send("DOM.setFileInputFiles", files=[str(file)], objectId=node)

    def type(self, text: str) -> None:
        """Type into what has the focus."""
        self.send("Input.insertText", text=text)

    def press(self, key: str) -> None:
        """Press a key such as ArrowDown or Enter."""
        more = {"text": KEYS[key]} if key in KEYS else {}
        for kind in ("keyDown", "keyUp"):
            self.send("Input.dispatchKeyEvent", type=kind, key=key, code=key, **more)
            more = {}


@contextmanager
def open_browser() -> Iterator[Tab]:
    """A fresh browser with one tab."""
    program = find_browser()
    assert program, f"None of {', '.join(NAMES)} is installed."
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        process = subprocess.Popen(
            [program, *FLAGS, f"--user-data-dir={folder}"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield Tab(_wait_for_port(Path(folder, "DevToolsActivePort")))
        finally:
            process.terminate()
            process.wait(timeout=20)


def _wait_for_port(file: Path) -> int:
    for _ in range(400):
        if file.exists() and (text := file.read_text()):
            return int(text.splitlines()[0])
        time.sleep(0.05)
    raise AssertionError("The browser did not start.")
