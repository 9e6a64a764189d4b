"""The addresses of the studio, as one application."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from lookalike._core.errors import InputError
from lookalike.studio._commands import function_plan
from lookalike.studio._forms import Form
from lookalike.studio._guard import Guard
from lookalike.studio._http import begun, body_of, missing
from lookalike.studio._pages import asset, render
from lookalike.studio._run_pages import RunPages
from lookalike.studio._store import Store
from lookalike.studio._table_pages import TablePages

__all__ = ["studio_app"]


def studio_app(folder: Path, *, hosts: set[str], most_bytes: int = 500_000_000) -> Starlette:
    """Return the application.

    Parameters
    ----------
    folder : Path
        The folder of tables and runs.
    hosts : set of str
        The names by which the server may be addressed.
    most_bytes : int
        The largest file that may be uploaded.

    Returns
    -------
    Starlette
    """
    store = Store(folder)
    tables, runs = TablePages(store, most_bytes), RunPages(store)
    routes = [
        Route("/", tables.home),
        Route("/upload", tables.upload, methods=["POST"]),
        Route("/example", tables.example, methods=["POST"]),
        Route("/tables/{id}", tables.table),
        Route("/tables/{id}/rules", tables.rules, methods=["POST"]),
        Route("/tables/{id}/runs", tables.start, methods=["POST"]),
        Route("/runs/{id}", runs.run),
        Route("/runs/{id}/events", runs.events),
        Route("/runs/{id}/stop", runs.stop, methods=["POST"]),
        Route("/runs/{id}/resume", runs.resume, methods=["POST"]),
        Route("/runs/{id}/rows", runs.rows, methods=["POST"]),
        Route("/runs/{id}/audit", runs.audit, methods=["POST"]),
        Route("/runs/{id}/files/{name}", runs.result),
        Route("/compare", runs.compare),
        Route("/functions", partial(_functions, tables), methods=["GET", "POST"]),
        Route("/assets/{name}", _asset),
    ]
    guard = Middleware(Guard, token=store.token, hosts=hosts)
    refused = {InputError: _refused}
    return Starlette(routes=routes, middleware=[guard], exception_handlers=refused)


async def _functions(tables: TablePages, request: Request) -> Response:
    """Show the form for functions, or begin to learn one."""
    error, presets = "", await tables.presets()
    if request.method == "POST":
        try:
            form = Form(await body_of(request))
            plan = function_plan(
                form.text("expression") or "spiral",
                form.choice("preset", presets),
                form.number("steps", 10, 1_000_000),
                (form.number("noise", 0, 100) or 0) / 100,
                form.number("seed", 0, 10**9) or 0,
            )
            return begun(tables.store, plan)
        except InputError as wrong:
            error = str(wrong)
    page = render("functions", title="Functions", presets=presets, error=error)
    return HTMLResponse(page, 400 if error else 200)


async def _refused(_request: Request, error: Exception) -> Response:
    """Show an error of the input that no page has shown."""
    return HTMLResponse(render("error", title="This does not work", error=str(error)), 400)


async def _asset(request: Request) -> Response:
    found = asset(request.path_params["name"])
    return missing() if found is None else Response(found[0], media_type=found[1])
