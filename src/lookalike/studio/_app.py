"""The pages and the actions of the studio, as one application."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import (
    FileResponse,
    HTMLResponse,
    JSONResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Route

from lookalike._core.errors import InputError
from lookalike.studio._commands import (
    FAMILIES,
    Plan,
    audit_plan,
    boost_plan,
    compare_plan,
    fit_plan,
    function_plan,
    sample_words,
)
from lookalike.studio._forms import Form, as_json, fit_choice, target_of
from lookalike.studio._guard import Guard
from lookalike.studio._pages import asset, render
from lookalike.studio._processes import BROKEN, begin, stop, word_of
from lookalike.studio._runner import DONE, FAILED, STOPPED
from lookalike.studio._store import RunFolder, Store, TableFolder, write_json

__all__ = ["studio_app"]

KINDS = (
    *("continuous", "integer", "categorical", "boolean", "datetime", "date", "time", "duration"),
    *("identifier", "text", "constant"),
)
_EXAMPLES = ("penguins", "flights")
_MOST_FORM = 4_000_000
#: Seconds between two looks at the files of a run.
_LOOK = 0.25
#: The results of runs that may be opened or saved, and their types.
_RESULTS = {
    "report.html": "text/html",
    "training.gif": "image/gif",
    "rotation.gif": "image/gif",
    "points.png": "image/png",
    "model.lookalike": "application/zip",
    "evaluation.json": "application/json",
    **{f"{part}.csv": "text/csv" for part in ("synthetic", "train", "test", "rows", "points")},
    **{
        f"{part}.parquet": "application/octet-stream"
        for part in ("synthetic", "train", "test", "rows")
    },
}
_ENDED = (DONE, FAILED, STOPPED)


class _Studio:
    """The state behind the pages: a store, and what the command line offers."""

    def __init__(self, store: Store, most_bytes: int) -> None:
        self.store = store
        self.most_bytes = most_bytes
        self._presets: list[str] | None = None

    async def presets(self) -> list[str]:
        """Return the names of the published systems."""
        if self._presets is None:
            code, out, _ = await command(["info", "--presets", "--json"], self.store.folder)
            self._presets = list(json.loads(out)) if code == 0 else []
        return self._presets

    # --- tables ----------------------------------------------------------------------------------

    async def home(self, _request: Request) -> Response:
        """Show the tables and the runs."""
        runs = [(run, word_of(run)) for run in self.store.runs()]
        page = render(
            "home",
            title="Studio",
            tables=self.store.tables(),
            runs=runs,
            examples=_EXAMPLES,
            most=self.most_bytes,
        )
        return HTMLResponse(page)

    async def upload(self, request: Request) -> Response:
        """Take a file, and read it; the answer is JSON for the page's script."""
        table = self.store.new_table(request.query_params.get("name", ""))
        if table is None:
            return _wrong("A table is a .csv, .csv.gz or .parquet file.")
        size = 0
        with table.data.open("wb") as file:
            async for part in request.stream():
                size += len(part)
                if size > self.most_bytes:
                    break
                await asyncio.to_thread(file.write, part)
        if size > self.most_bytes:
            table.data.unlink()
            return _wrong(f"A file may have {self.most_bytes / 1e6:,.0f} MB at most.", 413)
        return await self._read(table)

    async def example(self, request: Request) -> Response:
        """Take a bundled table."""
        name = Form(await _body(request)).choice("name", _EXAMPLES) or _EXAMPLES[0]
        table = self.store.new_table(f"{name}.csv")
        assert table is not None
        await command(["example", name, "-o", table.data.name], table.path)
        await self._read(table)
        return RedirectResponse(f"/tables/{table.id}", 303)

    async def _read(self, table: TableFolder) -> Response:
        wrong = await read_schema(table)
        return _wrong(wrong) if wrong else JSONResponse({"at": f"/tables/{table.id}"})

    async def table(self, request: Request) -> Response:
        """Show a table's schema, and what can be done with it."""
        table = self.store.table(request.path_params["id"])
        if table is None or not table.schema:
            return _missing()
        return await self._table_page(table)

    async def _table_page(self, table: TableFolder, error: str = "") -> Response:
        runs = [run for run in self.store.runs() if run.plan["facts"].get("table") == table.id]
        page = render(
            "table",
            title=table.name,
            table=table,
            schema=table.schema,
            kinds=KINDS,
            families=FAMILIES,
            presets=await self.presets(),
            runs=[(run, word_of(run)) for run in runs],
            error=error,
        )
        return HTMLResponse(page, 400 if error else 200)

    async def start(self, request: Request) -> Response:
        """Begin a fit, a comparison or a study of a table."""
        table = self.store.table(request.path_params["id"])
        if table is None or not table.schema:
            return _missing()
        try:
            plan = await self._plan(table, Form(await _body(request)))
        except InputError as error:
            return await self._table_page(table, str(error))
        return self._begun(plan)

    async def _plan(self, table: TableFolder, form: Form) -> Plan:
        schema, name = table.schema, table.name
        data, facts = f"../../tables/{table.id}/{table.data.name}", {"table": table.id}
        columns = {column["name"]: column for column in schema["columns"]}
        seed, sort = form.number("seed", 0, 10**9) or 0, form.text("do")
        if sort == "compare":
            seconds = form.number("seconds", 5, 86_400) or 120
            return compare_plan(name, data, target_of(form, columns), seconds, seed, facts)
        if sort == "boost":
            target = target_of(form, columns)
            if target is None:
                raise InputError("“Does it help?” needs a target: choose the column to predict.")
            return boost_plan(name, data, target, seed, facts)
        choice = fit_choice(form, schema, KINDS, await self.presets())
        rows = max(int(schema.get("rows", 0)), 1)
        return fit_plan(choice, name, data, rows, {**facts, "label": choice.label})

    def _begun(self, plan: Plan) -> Response:
        run = self.store.new_run(plan.to_dict())
        begin(run)
        return RedirectResponse(f"/runs/{run.id}", 303)

    # --- runs ------------------------------------------------------------------------------------

    async def run(self, request: Request) -> Response:
        """Show a run: live, or its results."""
        run = self.store.run(request.path_params["id"])
        return _missing() if run is None else self._run_page(run)

    def _run_page(self, run: RunFolder, error: str = "") -> Response:
        plan, word = run.plan, word_of(run)
        table = self.store.table(str(plan["facts"].get("table", "")))
        page = render(
            "run",
            title=plan["title"],
            run=run,
            plan=plan,
            word=word,
            broken=word in (BROKEN, FAILED, STOPPED),
            live=word not in (*_ENDED, BROKEN),
            state=run.state,
            table=table,
            results=[name for name in _RESULTS if (run.path / name).is_file()],
            error=error,
        )
        return HTMLResponse(page, 400 if error else 200)

    async def events(self, request: Request) -> Response:
        """Stream what happens in a run, from the beginning or from where a page has been."""
        run = self.store.run(request.path_params["id"])
        if run is None:
            return _missing()
        seen = request.headers.get("last-event-id", "0")
        begin_at = int(seen) if seen.isascii() and seen.isdigit() else 0
        stream = _follow(run, begin_at, request)
        return StreamingResponse(stream, media_type="text/event-stream")

    async def stop(self, request: Request) -> Response:
        """Stop a run; a fit keeps its best state."""
        run = self.store.run(request.path_params["id"])
        if run is None:
            return _missing()
        stop(run)
        return RedirectResponse(f"/runs/{run.id}", 303)

    async def resume(self, request: Request) -> Response:
        """Go on with a run that was stopped, failed or broken off."""
        run = self.store.run(request.path_params["id"])
        if run is None:
            return _missing()
        if word_of(run) != DONE:
            state = run.path / "state.json"
            write_json(state, {**run.state, "word": "", "error": ""})
            begin(run)
        return RedirectResponse(f"/runs/{run.id}", 303)

    async def rows(self, request: Request) -> Response:
        """Generate rows from a run's model, with conditions, as a file to save."""
        run = self.store.run(request.path_params["id"])
        if run is None or not (run.path / "model.lookalike").is_file():
            return _missing()
        form = Form(await _body(request))
        try:
            count = form.number("rows", 1, 10_000_000) or 1_000
            seed = form.number("seed", 0, 10**9) or 0
        except InputError as error:
            return self._run_page(run, str(error))
        words = sample_words(count, form.lines("conditions"), seed, "rows.csv")
        code, _, messages = await command(words, run.path)
        if code != 0:
            return self._run_page(run, _short(messages))
        return FileResponse(run.path / "rows.csv", media_type="text/csv", filename="rows.csv")

    async def audit(self, request: Request) -> Response:
        """Begin a privacy audit of a run's rows."""
        run = self.store.run(request.path_params["id"])
        found = None if run is None else next(run.path.glob("synthetic.*"), None)
        if run is None or found is None:
            return _missing()
        facts = {**run.plan["facts"], "of": run.id}
        return self._begun(audit_plan(run.plan["title"], f"../{run.id}", found.suffix, 0, facts))

    async def result(self, request: Request) -> Response:
        """Return a result of a run."""
        run, name = self.store.run(request.path_params["id"]), request.path_params["name"]
        if run is None or name not in _RESULTS or not (run.path / name).is_file():
            return _missing()
        inline = name.endswith((".html", ".gif", ".png"))
        # A report has a policy of its own; here it is kept apart from the studio's pages.
        headers = {"content-security-policy": "sandbox allow-scripts"} if inline else {}
        return FileResponse(
            run.path / name,
            media_type=_RESULTS[name],
            filename=name,
            content_disposition_type="inline" if inline else "attachment",
            headers=headers,
        )

    async def compare(self, _request: Request) -> Response:
        """Show the scores of all runs side by side."""
        runs = [run for run in self.store.runs() if run.scores()]
        names = list(dict.fromkeys(name for run in runs for name in run.scores()))
        return HTMLResponse(render("compare", title="Runs side by side", runs=runs, names=names))

    # --- functions -------------------------------------------------------------------------------

    async def functions(self, request: Request) -> Response:
        """Show the form for functions, or begin to learn one."""
        error, presets = "", await self.presets()
        if request.method == "POST":
            try:
                form = Form(await _body(request))
                plan = function_plan(
                    form.text("expression") or "spiral",
                    form.choice("preset", presets),
                    form.number("steps", 10, 1_000_000),
                    (form.number("noise", 0, 100) or 0) / 100,
                    form.number("seed", 0, 10**9) or 0,
                )
                return self._begun(plan)
            except InputError as wrong:
                error = str(wrong)
        page = render("functions", title="Functions", presets=presets, error=error)
        return HTMLResponse(page, 400 if error else 200)


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
    studio = _Studio(store, most_bytes)
    routes = [
        Route("/", studio.home),
        Route("/upload", studio.upload, methods=["POST"]),
        Route("/example", studio.example, methods=["POST"]),
        Route("/tables/{id}", studio.table),
        Route("/tables/{id}/runs", studio.start, methods=["POST"]),
        Route("/runs/{id}", studio.run),
        Route("/runs/{id}/events", studio.events),
        Route("/runs/{id}/stop", studio.stop, methods=["POST"]),
        Route("/runs/{id}/resume", studio.resume, methods=["POST"]),
        Route("/runs/{id}/rows", studio.rows, methods=["POST"]),
        Route("/runs/{id}/audit", studio.audit, methods=["POST"]),
        Route("/runs/{id}/files/{name}", studio.result),
        Route("/compare", studio.compare),
        Route("/functions", studio.functions, methods=["GET", "POST"]),
        Route("/assets/{name}", _asset),
    ]
    guard = Middleware(Guard, token=store.token, hosts=hosts)
    return Starlette(routes=routes, middleware=[guard])


async def read_schema(table: TableFolder) -> str:
    """Infer the schema of a table and keep it; return the error where it cannot be read."""
    code, out, messages = await command(["info", table.data.name, "--json"], table.path)
    if code != 0:
        table.data.unlink(missing_ok=True)
        return _short(messages).replace(table.data.name, table.name)
    cautions = [line for line in messages.splitlines() if line.startswith("warning: ")]
    write_json(table.path / "schema.json", {**json.loads(out), "cautions": cautions})
    return ""


async def command(words: list[str], folder: Path) -> tuple[int, str, str]:
    """Run a command of lookalike in a folder; return its exit code, its output and messages."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "lookalike", *words),
        cwd=folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, messages = await process.communicate()
    code = process.returncode or 0
    return code, out.decode("utf-8", "replace"), messages.decode("utf-8", "replace")


async def _follow(run: RunFolder, place: int, request: Request) -> AsyncIterator[str]:
    """Yield events of a run as a stream, each with the place after it as its id."""
    while True:
        word = word_of(run)  # before the file is read: nothing is written after the end
        if run.events.exists():
            with run.events.open("rb") as file:
                file.seek(place)
                for line in file:
                    if not line.endswith(b"\n"):
                        break  # it is being written
                    place += len(line)
                    yield f"id: {place}\ndata: {line.decode('utf-8').strip()}\n\n"
        state = {"word": word, "done": run.state.get("done", 0)}
        yield f"event: state\ndata: {as_json(state)}\n\n"
        if word in (*_ENDED, BROKEN) or await request.is_disconnected():
            return
        await asyncio.sleep(_LOOK)


async def _asset(request: Request) -> Response:
    found = asset(request.path_params["name"])
    return _missing() if found is None else Response(found[0], media_type=found[1])


async def _body(request: Request) -> bytes:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _MOST_FORM:
            raise InputError("The form is too large.")
    return body


def _wrong(messages: str, code: int = 400) -> Response:
    return JSONResponse({"error": _short(messages)}, code)


def _short(messages: str) -> str:
    """Return the error among the messages of a command, without its prefix."""
    lines = [line for line in messages.strip().splitlines() if line]
    errors = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    return (errors or lines or ["It did not work, and there is no message."])[-1]


def _missing() -> Response:
    return HTMLResponse(render("missing", title="Not found"), 404)
