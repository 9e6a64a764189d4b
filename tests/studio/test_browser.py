"""The studio in a real browser: a file on its whole way, by the keyboard and on a phone's width."""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("uvicorn", reason="the extra studio is not installed")
NAMES = ("chromium", "chromium-browser", "google-chrome")
BROWSER = next(filter(None, map(shutil.which, NAMES)), None)
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")


class Browser:
    """A headless Chromium, driven over a pipe (Chrome DevTools Protocol)."""

    def __init__(self, profile: Path) -> None:
        command_out, self.command_in = os.pipe()
        self.answer_out, answer_in = os.pipe()
        moved = [os.dup(command_out), os.dup(answer_in)]

        def place() -> None:  # in the child: the protocol reads 3 and writes 4
            high = [os.dup2(number, 60 + i) for i, number in enumerate(moved)]
            for i, number in enumerate(high):
                os.dup2(number, 3 + i)

        words = "--headless --no-sandbox --disable-gpu --remote-debugging-pipe --no-first-run"
        with warnings.catch_warnings():  # another test of this process may have used JAX
            warnings.filterwarnings("ignore", r"os\.fork\(\) was called", RuntimeWarning)
            self.process = subprocess.Popen(
                [str(BROWSER), *words.split(), f"--user-data-dir={profile}"],
                preexec_fn=place,
                close_fds=False,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        for number in (command_out, answer_in, *moved):
            os.close(number)
        self.count, self.buffer, self.session = 0, b"", None
        self.session = self.new_tab()

    def new_tab(self) -> str:
        """Open a tab and return its session."""
        target = self.send("Target.createTarget", session=None, url="about:blank")["targetId"]
        found = self.send("Target.attachToTarget", session=None, targetId=target, flatten=True)
        session = str(found["sessionId"])
        for room in ("Page", "Runtime", "DOM"):
            self.send(f"{room}.enable", session=session)
        return session

    def send(self, method: str, session: str | None = "", **parameters: Any) -> dict[str, Any]:
        """Call a method and return its result."""
        self.count += 1
        message: dict[str, Any] = {"id": self.count, "method": method, "params": parameters}
        session = self.session if session == "" else session
        if session:
            message["sessionId"] = session
        os.write(self.command_in, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.read()
            if answer.get("id") == self.count:
                assert "error" not in answer, answer
                return dict(answer["result"])

    def read(self) -> dict[str, Any]:
        """Return the next message."""
        while b"\0" not in self.buffer:
            ready, _, _ = select.select([self.answer_out], [], [], 90)
            assert ready, "the browser does not answer"
            self.buffer += os.read(self.answer_out, 1 << 16)
        message, _, self.buffer = self.buffer.partition(b"\0")
        return dict(json.loads(message))

    def value(self, script: str) -> Any:
        """Return the value of a JavaScript expression; None while a page is loading."""
        found = self.send("Runtime.evaluate", expression=script, returnByValue=True)
        return found["result"].get("value")

    def press(self, key: str, code: int, text: str = "") -> None:
        """Press a key."""
        for kind in ("keyDown", "keyUp"):
            typed = {"text": text} if text and kind == "keyDown" else {}
            self.send(
                "Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code, **typed
            )

    def close(self) -> None:
        """End the browser."""
        self.process.terminate()
        self.process.wait()
        for number in (self.command_in, self.answer_out):
            os.close(number)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of a studio that is served in a process of its own."""
    folder = tmp_path_factory.mktemp("served") / "state"
    words = ["studio", "--no-browse", "--port", "0", "--folder", str(folder)]
    process = subprocess.Popen(
        [sys.executable, "-m", "lookalike", *words], stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    line = process.stderr.readline()
    assert "http://127.0.0.1:" in line, line
    yield line.split()[-1]
    process.terminate()
    process.wait()
    process.stderr.close()


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Return a browser."""
    found = Browser(tmp_path_factory.mktemp("profile"))
    yield found
    found.close()


def text(browser: Browser) -> str:
    """Return the words of the page."""
    return str(browser.value("document.body ? document.body.innerText : ''"))


def fits(browser: Browser) -> bool:
    """Return whether the page fits into the width of the window."""
    return bool(browser.value("document.documentElement.scrollWidth <= innerWidth"))


def test_a_file_becomes_rows(
    browser: Browser, address: str, csv: Path, tmp_path: Path, wait: Callable[..., None]
) -> None:
    # A bad file is an error on the page.
    browser.send("Page.navigate", url=address)
    wait(lambda: "Open a table" in text(browser))
    assert browser.value("document.cookie") == "", "scripts can read the token"
    bad = tmp_path / "bad.csv"
    bad.write_bytes(b"")
    give_file(browser, bad, wait)
    wait(lambda: browser.value("document.getElementById('said').className") == "error")
    assert "bad.csv" in text(browser)
    # A good one leads to its columns.
    give_file(browser, csv, wait)
    wait(lambda: "What to do" in text(browser))
    assert "2 distinct values in 60 rows" in text(browser)
    # On a phone nothing is wider than the page.
    browser.send(
        "Emulation.setDeviceMetricsOverride",
        width=390,
        height=844,
        deviceScaleFactor=1,
        mobile=True,
    )
    assert fits(browser)
    # By the keyboard alone: the model by its first letters, then the button.
    browser.value("document.getElementById('model').value = 'independent'")
    browser.value("document.querySelector('button.main').focus()")
    browser.press("Enter", 13, "\r")
    wait(lambda: "/runs/" in str(browser.value("location.pathname")))
    # Reloaded in the middle, and in a second tab, the page shows the same run.
    browser.send("Page.reload")
    here = str(browser.value("location.href"))
    first, browser.session = browser.session, browser.new_tab()
    browser.send("Page.navigate", url=here)
    wait(lambda: "Independent" in text(browser))
    browser.session = first
    wait(lambda: browser.value("document.getElementById('word')?.textContent") == "done")
    wait(lambda: "More rows" in text(browser))
    assert fits(browser)
    assert "report.html" in text(browser)
    wait(lambda: browser.value("document.querySelectorAll('li.done').length") == 4)
    folder = tmp_path / "downloads"
    folder.mkdir()
    browser.send(
        "Browser.setDownloadBehavior", session=None, behavior="allow", downloadPath=str(folder)
    )
    browser.value("document.getElementById('conditions').value = 'town=b'")
    browser.value("document.querySelector('form[action$=\"/rows\"] button').click()")
    wait(lambda: (folder / "rows.csv").is_file())
    rows = (folder / "rows.csv").read_text().splitlines()
    assert len(rows) == 1001
    assert all(row.endswith(",b") for row in rows[1:])


def give_file(browser: Browser, path: Path, wait: Callable[..., None]) -> None:
    """Choose a file, as a user does, once the page is there with its script."""
    wait(lambda: browser.value("document.readyState") == "complete")
    root = browser.send("DOM.getDocument")["root"]["nodeId"]
    node = browser.send("DOM.querySelector", nodeId=root, selector="#file")["nodeId"]
    browser.send("DOM.setFileInputFiles", nodeId=node, files=[str(path)])


def test_a_report_sorts_finds_and_tells_without_an_error(
    browser: Browser, tmp_path: Path, wait: Callable[..., None]
) -> None:
    import lookalike as la

    penguins = la.datasets.load("penguins")
    model = la.Independent(random_state=0).fit(penguins)
    path = tmp_path / "report.html"
    la.evaluate(penguins, model.sample(344), metrics=["shape", "trend"]).to_html(path)
    browser.send("Emulation.clearDeviceMetricsOverride")
    browser.send("Page.navigate", url=path.as_uri())
    wait(lambda: browser.value("document.querySelectorAll('button.sort').length > 0"))
    first = "document.querySelector('section[aria-labelledby=table] tbody tr td').innerText"
    button = "document.querySelector('section[aria-labelledby=table] button.sort')"
    assert browser.value(first) == "species"
    browser.value(f"{button}.click()")
    assert browser.value(first) == "bill_depth_mm"
    assert browser.value(f"{button}.parentElement.getAttribute('aria-sort')") == "ascending"
    field = "document.getElementById('find')"
    browser.value(f"{field}.value = 'bill'; {field}.dispatchEvent(new Event('input'))")
    shown = "[...document.querySelectorAll('[data-name]')].filter((p) => !p.hidden)"
    assert browser.value(f"{shown}.every((p) => p.dataset.name.includes('bill'))") is True
    browser.value("document.querySelector('figure[data-bins]:not([hidden])').focus()")
    browser.press("ArrowRight", 39)
    told = browser.value("document.activeElement.querySelector('.tip').textContent")
    assert "real" in told
    assert "synthetic" in told
