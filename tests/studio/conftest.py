"""A studio in a folder of its own, asked without a network."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlencode, urlsplit

import pytest

CSV = "age,town\n" + "\n".join(f"{20 + i % 40},{'ab'[i % 2]}" for i in range(60)) + "\n"


@pytest.fixture(scope="session")
def wait() -> Callable[..., None]:
    """Return a function that waits until something is true, and fails after a minute or two."""

    def until(true: Callable[[], object], seconds: float = 150) -> None:
        end = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < end, "it never came true"
            time.sleep(0.05)

    return until


@pytest.fixture(scope="session")
def csv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a small table."""
    path = tmp_path_factory.mktemp("data") / "people.csv"
    path.write_text(CSV)
    return path


@dataclass
class Answer:
    """What the studio answers."""

    status_code: int
    headers: dict[str, str]
    content: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.content.decode()

    def json(self) -> Any:
        """Return the body as JSON values."""
        return json.loads(self.content)


class Client:
    """Asks an application as a browser would: with cookies, after redirections."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.cookies: dict[str, str] = {}

    def get(self, path: str, **options: Any) -> Answer:
        """Ask for a page."""
        return self.ask("GET", path, b"", **options)

    def post(
        self, path: str, data: Mapping[str, str] | None = None, content: bytes = b"", **options: Any
    ) -> Answer:
        """Send a form, or bytes."""
        return self.ask("POST", path, urlencode(data).encode() if data else content, **options)

    def ask(
        self,
        method: str,
        path: str,
        body: bytes,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        follow: bool = True,
    ) -> Answer:
        """Ask, and follow where the answer leads."""
        where = urlsplit(path)
        query = urlencode(params) if params else where.query
        jar = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        said = {"host": "127.0.0.1:8765", "cookie": jar, **(headers or {})}
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(where.path),
            "raw_path": where.path.encode(),
            "root_path": "",
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in said.items()],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 8765),
        }
        answer = asyncio.run(self._ask(scope, body))
        for name, one in SimpleCookie(answer.headers.get("set-cookie", "")).items():
            self.cookies[name] = one.value
        if follow and answer.status_code == 303:
            return self.get(answer.headers["location"])
        return answer

    async def _ask(self, scope: dict[str, Any], body: bytes) -> Answer:
        parts = [body[i : i + 65_536] for i in range(0, len(body), 65_536)] or [b""]
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            if not parts:
                await asyncio.Event().wait()  # the browser stays
            part = parts.pop(0)
            return {"type": "http.request", "body": part, "more_body": bool(parts)}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await self.app(scope, receive, send)
        headers = {n.decode().casefold(): v.decode() for n, v in sent[0]["headers"]}
        content = b"".join(message.get("body", b"") for message in sent[1:])
        return Answer(sent[0]["status"], headers, content)


@pytest.fixture(scope="session")
def browse() -> type[Client]:
    """Return the class of clients."""
    return Client
