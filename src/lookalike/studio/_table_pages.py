"""The pages of tables: a file is taken, its columns are shown, runs are begun."""

from __future__ import annotations

import asyncio
import shutil

from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from lookalike._core.errors import InputError
from lookalike.studio._calls import command, error_of, read_presets, read_schema
from lookalike.studio._commands import (
    FAMILIES,
    RunPlan,
    boost_plan,
    compare_plan,
    database_plan,
    fit_plan,
    history_plan,
)
from lookalike.studio._forms import Form, column_of, fit_choice
from lookalike.studio._http import begun, body_of, missing, wrong
from lookalike.studio._pages import render
from lookalike.studio._processes import word_of
from lookalike.studio._store import SUFFIXES, Store, TableFolder, address_of

__all__ = ["TablePages"]

KINDS = (
    *("continuous", "integer", "categorical", "boolean", "datetime", "date", "time", "duration"),
    *("identifier", "text", "constant"),
)
_EXAMPLES = ("penguins", "flights")


class TablePages:
    """The pages of tables.

    Parameters
    ----------
    store : Store
    most_bytes : int
        The largest file that may be uploaded.
    """

    def __init__(self, store: Store, most_bytes: int) -> None:
        self.store = store
        self.most_bytes = most_bytes
        self._presets: list[str] = []

    async def presets(self) -> list[str]:
        """Return the names of the published systems."""
        if not self._presets:
            self._presets = await read_presets(self.store.folder)
        return self._presets

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
            return wrong(f"A table or a database is one of these files: {', '.join(SUFFIXES)}.")
        size = 0
        try:
            with table.data.open("wb") as file:
                async for part in request.stream():
                    size += len(part)
                    if size > self.most_bytes:
                        break
                    await asyncio.to_thread(file.write, part)
        except (ClientDisconnect, OSError) as error:
            shutil.rmtree(table.path, ignore_errors=True)
            return wrong(f"The file could not be kept: {error or 'it was broken off'}.")
        if size > self.most_bytes:
            shutil.rmtree(table.path, ignore_errors=True)
            return wrong(f"A file may have {self.most_bytes / 1e6:,.0f} MB at most.", 413)
        return await self._read(table)

    async def example(self, request: Request) -> Response:
        """Take a bundled table."""
        name = Form(await body_of(request)).choice("name", _EXAMPLES) or _EXAMPLES[0]
        table = self.store.new_table(f"{name}.csv")
        assert table is not None
        await command(["example", name, "-o", table.data.name], table.path)
        await self._read(table)
        return RedirectResponse(f"/tables/{table.id}", 303)

    async def _read(self, table: TableFolder) -> Response:
        error = await read_schema(table)
        return wrong(error) if error else JSONResponse({"at": f"/tables/{table.id}"})

    async def table(self, request: Request) -> Response:
        """Show a table's schema, and what can be done with it."""
        table = self.store.table(request.path_params["id"])
        if table is None or not table.schema:
            return missing()
        return await self._table_page(table)

    async def _table_page(self, table: TableFolder, error: str = "") -> Response:
        runs = [run for run in self.store.runs() if run.plan["facts"].get("table") == table.id]
        known = {"table": table, "schema": table.schema, "error": error}
        known |= {"title": table.name, "runs": [(run, word_of(run)) for run in runs]}
        if table.is_database:
            page = render("database", **known)
        else:
            presets = await self.presets()
            page = render("table", kinds=KINDS, families=FAMILIES, presets=presets, **known)
        return HTMLResponse(page, 400 if error else 200)

    async def rules(self, request: Request) -> Response:
        """Propose rules that the table obeys, for its owner to read."""
        table = self.store.table(request.path_params["id"])
        if table is None or not table.schema or table.is_database:
            return missing()
        code, out, messages = await command(["rules", table.data.name], table.path)
        return JSONResponse({"rules": out}) if code == 0 else wrong(error_of(messages))

    async def start(self, request: Request) -> Response:
        """Begin a fit, a comparison or a study of a table."""
        table = self.store.table(request.path_params["id"])
        if table is None or not table.schema:
            return missing()
        try:
            plan = await self._plan(table, Form(await body_of(request)))
        except InputError as error:
            return await self._table_page(table, str(error))
        return begun(self.store, plan)

    async def _plan(self, table: TableFolder, form: Form) -> RunPlan:
        schema, name = table.schema, table.name
        data, facts = f"../../tables/{table.id}/{table.data.name}", {"table": table.id}
        seed, sort = form.number("seed", 0, 10**9) or 0, form.text("do")
        if table.is_database:
            return database_plan(name, address_of(data), form.factor("scale"), seed, facts)
        columns = {column["name"]: column for column in schema["columns"]}
        if sort == "compare":
            seconds = form.number("seconds", 5, 86_400) or 120
            return compare_plan(
                name, data, column_of(form, columns, "target"), seconds, seed, facts
            )
        if sort == "boost":
            target = column_of(form, columns, "target")
            if target is None:
                raise InputError("“Does it help?” needs a target: choose the column to predict.")
            return boost_plan(name, data, target, seed, facts)
        choice = fit_choice(form, schema, KINDS, await self.presets())
        rows = max(int(schema.get("rows", 0)), 1)
        facts["label"] = choice.label
        if choice.model != "sequences":
            return fit_plan(choice, name, data, rows, facts)
        if choice.entity is not None:  # as many histories as are learned
            rows = max(round(0.8 * columns[choice.entity]["distinct"]), 1)
        return history_plan(choice, name, data, rows, facts)
