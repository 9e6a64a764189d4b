"""The guard of the studio: only who knows the token, and only pages of this server, may ask."""

from __future__ import annotations

import hashlib
import hmac
from ipaddress import ip_address
from urllib.parse import parse_qs, urlsplit

from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["Guard"]

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-src 'self'; "
    "base-uri 'none'; "
    "frame-ancestors 'self'"
)
_HEADERS = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    # With "no-referrer", browsers would send forms from the origin "null", which is refused.
    "referrer-policy": "same-origin",
    "cache-control": "no-store",
}


class Guard:
    """Let requests pass that hold the token, and come from pages of this server.

    Parameters
    ----------
    app : ASGI application
    token : str
        The secret of the address; a cookie holds it afterwards.
    hosts : set of str
        The names by which the server may be addressed: others would be another site's, whose name
        was turned to this machine.
    """

    def __init__(self, app: ASGIApp, token: str, hosts: set[str]) -> None:
        self.app = app
        self.token = token
        self.hosts = {host.lower() for host in hosts}
        # All ports of a host share cookies: each studio has a name of its own.
        self.cookie = f"lookalike_{hashlib.sha256(token.encode()).hexdigest()[:12]}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if refusal is not None:
            await refusal(scope, receive, send)
            return

        async def with_headers(message: dict[str, object]) -> None:
            if message["type"] == "http.response.start":
                headers: list[tuple[bytes, bytes]] = list(message.get("headers", []))  # type: ignore[call-overload]
                known = {name.lower() for name, _ in headers}
                for name, value in _HEADERS.items():
                    if name.encode() not in known:
                        headers.append((name.encode(), value.encode()))
                message = {**message, "headers": headers}
            await send(message)

        await self.app(scope, receive, with_headers)  # type: ignore[arg-type]

    def _refusal(self, scope: Scope) -> Response | None:
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        host = _host_of(headers.get("host", ""))
        if host not in self.hosts and not _is_address(host):
            return PlainTextResponse("This server has another name.", 400)
        origin = headers.get("origin")
        if origin is not None and origin != f"{scope['scheme']}://{headers.get('host', '')}":
            return PlainTextResponse("Only pages of this server may ask.", 403)
        asked = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
        if asked and hmac.compare_digest(asked.encode(), self.token.encode()):
            answer = RedirectResponse(scope["path"], 303)
            answer.set_cookie(self.cookie, self.token, httponly=True, samesite="strict", path="/")
            return answer
        if not hmac.compare_digest(
            cookie_parser(headers.get("cookie", "")).get(self.cookie, "").encode(),
            self.token.encode(),
        ):
            words = "Open the address that lookalike studio printed: it holds a token."
            return PlainTextResponse(words, 403)
        return None


def _is_address(host: str) -> bool:
    """Return whether a host is an address: only a name can be turned to this machine."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _host_of(header: str) -> str:
    try:
        return urlsplit(f"//{header}").hostname or ""
    except ValueError:
        return ""
