"""Requests and answers in common."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from lookalike._core.errors import InputError
from lookalike.studio._commands import RunPlan
from lookalike.studio._pages import render
from lookalike.studio._processes import begin
from lookalike.studio._store import Store

__all__ = ["begun", "body_of", "missing", "wrong"]

_MOST_FORM = 4_000_000


async def body_of(request: Request) -> bytes:
    """Return the body of a form, which is bounded."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _MOST_FORM:
            raise InputError("The form is too large.")
    return body


def begun(store: Store, plan: RunPlan) -> Response:
    """Begin a run, and lead to its page."""
    run = store.new_run(plan.to_dict(), plan.files)
    begin(run)
    return RedirectResponse(f"/runs/{run.id}", 303)


def wrong(words: str, code: int = 400) -> Response:
    """Return an error for the page's script."""
    return JSONResponse({"error": words}, code)


def missing() -> Response:
    """Return the page of an address where there is nothing."""
    return HTMLResponse(render("missing", title="Not found"), 404)
