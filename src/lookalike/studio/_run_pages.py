"""The pages of runs: live, stopped, taken up again, and their results."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import (
    FileResponse,
    HTMLResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)

from lookalike._core.errors import InputError
from lookalike.studio._calls import command, error_of
from lookalike.studio._commands import audit_plan, database_words, sample_words
from lookalike.studio._forms import Form, as_json
from lookalike.studio._http import begun, body_of, missing
from lookalike.studio._pages import render
from lookalike.studio._processes import BROKEN, begin, stop, word_of
from lookalike.studio._runner import DONE, FAILED, RUNNING, STOPPED
from lookalike.studio._store import RunFolder, Store, write_json

__all__ = ["RunPages"]

#: Seconds between two looks at the files of a run.
_LOOK = 0.25
#: The results of runs that may be opened or saved, and their types.
_RESULTS = {
    "report.html": "text/html",
    "training.gif": "image/gif",
    "rotation.gif": "image/gif",
    "points.png": "image/png",
    "model.lookalike": "application/zip",
    **dict.fromkeys(
        ("audit.json", "comparison.json", "evaluation.json", "verdict.json"), "application/json"
    ),
    "rules.txt": "text/plain",
    **dict.fromkeys(("synthetic.sqlite", "rows.sqlite"), "application/vnd.sqlite3"),
    **{f"{part}.csv": "text/csv" for part in ("synthetic", "train", "test", "rows", "points")},
    **{
        f"{part}.parquet": "application/octet-stream"
        for part in ("synthetic", "train", "test", "rows")
    },
}
_ENDED = (DONE, FAILED, STOPPED)


class RunPages:
    """The pages of runs.

    Parameters
    ----------
    store : Store
    """

    def __init__(self, store: Store) -> None:
        self.store = store

    async def run(self, request: Request) -> Response:
        """Show a run: live, or its results."""
        run = self.store.run(request.path_params["id"])
        return missing() if run is None else self._run_page(run)

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
            return missing()
        seen = request.headers.get("last-event-id", "0")
        begin_at = int(seen) if seen.isascii() and seen.isdigit() else 0
        stream = _follow(run, begin_at, request)
        return StreamingResponse(stream, media_type="text/event-stream")

    async def stop(self, request: Request) -> Response:
        """Stop a run; a fit keeps its best state."""
        run = self.store.run(request.path_params["id"])
        if run is None:
            return missing()
        await asyncio.to_thread(stop, run)
        return RedirectResponse(f"/runs/{run.id}", 303)

    async def resume(self, request: Request) -> Response:
        """Go on with a run that was stopped, failed or broken off."""
        run = self.store.run(request.path_params["id"])
        if run is None:
            return missing()
        if word_of(run) not in (DONE, RUNNING):
            state = run.path / "state.json"
            write_json(state, {"word": "", "error": "", "done": run.state.get("done", 0)})
            begin(run)
        return RedirectResponse(f"/runs/{run.id}", 303)

    async def rows(self, request: Request) -> Response:
        """Generate rows from a run's model, with conditions, as a file to save."""
        run = self.store.run(request.path_params["id"])
        if run is None or not (run.path / "model.lookalike").is_file():
            return missing()
        form = Form(await body_of(request))
        unit = run.plan["facts"].get("unit", "rows")
        name = "rows.sqlite" if unit == "database" else "rows.csv"
        try:
            count = form.number("rows", 1, 10_000_000) or 1_000
            seed, scale = form.number("seed", 0, 10**9) or 0, form.factor("scale")
        except InputError as error:
            return self._run_page(run, str(error))
        if unit == "database":
            words = database_words(scale, seed, f"sqlite:///{name}")
        else:
            words = sample_words(count, form.lines("conditions"), seed, name, unit)
        code, _, messages = await command(words, run.path)
        if code != 0:
            return self._run_page(run, error_of(messages))
        return FileResponse(run.path / name, media_type=_RESULTS[name], filename=name)

    async def audit(self, request: Request) -> Response:
        """Begin a privacy audit of a run's rows."""
        run = self.store.run(request.path_params["id"])
        found = None if run is None else next(run.path.glob("synthetic.*"), None)
        if run is None or found is None:
            return missing()
        facts = {**run.plan["facts"], "of": run.id}
        return begun(
            self.store, audit_plan(run.plan["title"], f"../{run.id}", found.suffix, 0, facts)
        )

    async def result(self, request: Request) -> Response:
        """Return a result of a run."""
        run, name = self.store.run(request.path_params["id"]), request.path_params["name"]
        if run is None or name not in _RESULTS or not (run.path / name).is_file():
            return missing()
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
