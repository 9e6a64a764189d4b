"""The studio over HTTP: who may ask, what is refused, and a table on its whole way."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette", reason="the extra studio is not installed")

from lookalike.studio._app import studio_app
from lookalike.studio._processes import BROKEN, begin, word_of
from lookalike.studio._runner import is_running
from lookalike.studio._store import RunFolder, Store, write_json


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the studio."""
    return tmp_path_factory.mktemp("studio") / "state"


@pytest.fixture(scope="module")
def stranger(browse: Any, folder: Path) -> Any:
    """Return a function that makes a client who does not know the token."""
    return lambda **options: browse(studio_app(folder, hosts={"127.0.0.1"}, **options))


@pytest.fixture(scope="module")
def client(stranger: Any, folder: Path) -> Any:
    """Return a client of a studio."""
    found = stranger()
    assert found.get(f"/?token={Store(folder).token}").status_code == 200
    return found


@pytest.fixture(scope="module")
def table(client: Any, csv: Path) -> str:
    """Return the address of an uploaded table."""
    answer = client.post("/upload?name=../people.csv", content=csv.read_bytes())
    assert answer.status_code == 200, answer.text
    return str(answer.json()["at"])


@pytest.fixture(scope="module")
def run(client: Any, folder: Path, table: str, wait: Callable[..., None]) -> RunFolder:
    """Return a finished run of a model that is fitted at once."""
    form = {"do": "fit", "model": "independent", "kind-0": "continuous", "seed": "3"}
    answer = client.post(f"{table}/runs", data=form, follow=False)
    found = Store(folder).run(answer.headers["location"].rpartition("/")[2])
    assert found is not None
    wait(lambda: word_of(found) in ("done", "failed"))
    assert word_of(found) == "done", found.state
    return found


# --- who may ask


def test_nobody_may_ask_without_the_token(stranger: Any) -> None:
    stranger = stranger()
    for path in ("/", "/assets/studio.js", "/compare", "/?token=wrong"):
        assert stranger.get(path).status_code == 403
    assert stranger.post("/upload?name=a.csv", content=b"a\n1\n").status_code == 403


def test_the_token_becomes_a_cookie_that_scripts_cannot_read(stranger: Any, folder: Path) -> None:
    stranger = stranger()
    answer = stranger.get(f"/compare?token={Store(folder).token}", follow=False)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/compare"
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert "samesite=strict" in answer.headers["set-cookie"].casefold()
    assert stranger.get("/").status_code == 200


def test_other_sites_and_other_names_are_refused(client: Any) -> None:
    assert client.get("/", headers={"host": "evil.example:8765"}).status_code == 400
    for origin in ("http://evil.example", "null", "http://127.0.0.1:1", "https://127.0.0.1:8765"):
        assert client.post("/example", headers={"origin": origin}).status_code == 403
    own = {"origin": "http://127.0.0.1:8765"}
    assert client.get("/", headers=own).status_code == 200
    assert client.get("/").headers["referrer-policy"] == "same-origin"  # or forms come from "null"


def test_pages_load_nothing_from_elsewhere(client: Any, table: str) -> None:
    for path in ("/", table, "/functions", "/compare"):
        answer = client.get(path)
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "http" not in answer.text.replace("http-equiv", "")
        assert "onclick" not in answer.text


def test_the_token_is_for_its_owner_alone(folder: Path) -> None:
    assert (folder / "token").stat().st_mode & 0o077 == 0
    assert folder.stat().st_mode & 0o077 == 0


# --- what is refused


@pytest.mark.parametrize("name", ["notes.txt", "", "csv", "a.csv/../../b"])
def test_other_files_are_no_tables(client: Any, name: str) -> None:
    answer = client.post("/upload", params={"name": name}, content=b"a\n1\n")
    assert answer.status_code == 400
    assert ".parquet" in answer.json()["error"]


def test_a_bad_file_is_named_and_forgotten(client: Any, folder: Path) -> None:
    answer = client.post("/upload?name=broken.csv", content=b"")
    assert answer.status_code == 400
    assert "broken.csv" in answer.json()["error"]
    assert not [one for one in Store(folder).tables() if one.name == "broken.csv"]


def test_uploads_are_bounded(stranger: Any, client: Any) -> None:
    small = stranger(most_bytes=1_000_000)
    small.cookies = client.cookies
    answer = small.post("/upload?name=a.csv", content=b"a\n" + b"1\n" * 600_000)
    assert answer.status_code == 413
    assert "1 MB at most" in answer.json()["error"]


@pytest.mark.parametrize(
    "path",
    [
        "/runs/../../token",
        "/runs/%2e%2e",
        "/runs/0123456789ab",
        "/runs/0123456789ab/files/report.html",
        "/tables/..%2f..%2ftoken",
        "/assets/..%2f_app.py",
        "/nothing",
    ],
)
def test_paths_are_never_taken_from_a_page(client: Any, path: str) -> None:
    assert client.get(path).status_code == 404


def test_files_that_are_no_results_stay_where_they_are(client: Any, run: RunFolder) -> None:
    for name in ("run.json", "messages.txt", "..%2frun.json", "lock"):
        assert client.get(f"/runs/{run.id}/files/{name}").status_code == 404


def test_a_wrong_form_is_an_error_on_its_page(client: Any, table: str) -> None:
    for form, words in (
        ({"do": "fit", "target": "agee"}, "Did you mean"),
        ({"do": "boost"}, "choose the column to predict"),
    ):
        answer = client.post(f"{table}/runs", data=form)
        assert answer.status_code == 400
        assert words in answer.text


def test_errors_of_forms_are_pages(client: Any) -> None:
    for body in (b"name=other", b"x" * 5_000_000):
        answer = client.post("/example", content=body)
        assert answer.status_code == 400
        assert 'role="alert"' in answer.text


# --- a table on its way


def test_the_table_has_kinds_with_reasons(client: Any, table: str) -> None:
    page = client.get(table).text
    assert "people.csv" in page
    assert "../" not in page
    assert "distinct values in 60 rows" in page
    assert "<option>leitner-wgan-gp</option>" in page  # the published systems are offered
    assert "<option>dcgan</option>" not in page  # but for those of images
    assert page.count('<select name="kind-') == 2


def test_a_run_shows_its_command_lines_and_results(client: Any, run: RunFolder) -> None:
    page = client.get(f"/runs/{run.id}").text
    assert "--kind=age=continuous" in page
    assert "la.Independent(random_state=3)" in page
    for name in ("report.html", "model.lookalike", "synthetic.csv"):
        assert f"/runs/{run.id}/files/{name}" in page
        assert client.get(f"/runs/{run.id}/files/{name}").status_code == 200
    report = client.get(f"/runs/{run.id}/files/report.html")
    assert report.headers["content-security-policy"] == "sandbox allow-scripts"
    assert "Fidelity" in report.text


def test_events_are_streamed_and_taken_up_again(client: Any, run: RunFolder) -> None:
    whole = client.get(f"/runs/{run.id}/events").text
    ids = [int(line[4:]) for line in whole.splitlines() if line.startswith("id: ")]
    assert ids == sorted(ids)
    assert '"title": "evaluating"' in whole
    assert whole.rstrip().endswith('data: {"word": "done", "done": 4}')
    rest = client.get(f"/runs/{run.id}/events", headers={"last-event-id": str(ids[-2])}).text
    assert rest.count("id: ") == 1


def test_rows_are_generated_with_conditions(client: Any, run: RunFolder) -> None:
    form = {"rows": "7", "conditions": "town=a\nage=30..40"}
    answer = client.post(f"/runs/{run.id}/rows", data=form)
    lines = answer.text.splitlines()
    assert lines[0] == "age,town"
    assert len(lines) == 8
    assert all(line.endswith(",a") for line in lines[1:])
    wrong = client.post(f"/runs/{run.id}/rows", data={"rows": "7", "conditions": "tonw=a"})
    assert wrong.status_code == 400
    assert "Did you mean" in wrong.text


def test_runs_stand_side_by_side(client: Any, run: RunFolder) -> None:
    page = client.get("/compare").text
    assert f"/runs/{run.id}" in page
    assert "c2st" in page


def test_another_studio_in_the_folder_knows_all_of_it(
    stranger: Any, client: Any, run: RunFolder
) -> None:
    again = stranger()
    again.cookies = client.cookies  # the page that was open before
    assert run.plan["title"] in again.get("/").text
    assert word_of(run) == "done"


# --- runs that are stopped, killed, or fail


def plan_of(store: Store, *commands: list[str]) -> RunFolder:
    """Return a run of some commands that has not begun."""
    plan = {"sort": "fit", "title": "t", "shown": "", "python": "", "facts": {}}
    return store.new_run({**plan, "commands": list(commands)})


def test_a_killed_run_goes_on_with_the_next_command(
    client: Any, folder: Path, csv: Path, wait: Callable[..., None]
) -> None:
    pipe = folder / "pipe.csv"
    os.mkfifo(pipe)  # the second command waits for it
    run = plan_of(
        Store(folder),
        ["example", "penguins", "-o", "first.csv"],
        ["split", str(pipe), "--train", "train.csv", "--test", "test.csv"],
    )
    begin(run)
    wait(lambda: run.state.get("done") == 1)
    begin(run)  # a second tab: nothing happens
    os.kill(int(run.state["pid"]), signal.SIGKILL)
    wait(lambda: not is_running(run.path))
    os.close(os.open(pipe, os.O_RDWR))
    (run.path / "begun").unlink()
    assert word_of(run) == BROKEN
    assert "was killed" in client.get(f"/runs/{run.id}").text
    pipe.unlink()
    pipe.write_bytes(csv.read_bytes())
    (run.path / "first.csv").unlink()
    client.post(f"/runs/{run.id}/resume")
    wait(lambda: word_of(run) == "done")
    assert (run.path / "train.csv").is_file()
    assert not (run.path / "first.csv").exists(), "a finished command was done again"


def test_a_failed_run_says_why(client: Any, folder: Path, wait: Callable[..., None]) -> None:
    run = plan_of(Store(folder), ["example", "pengins"])
    begin(run)
    wait(lambda: word_of(run) == "failed")
    page = client.get(f"/runs/{run.id}").text
    assert "Did you mean" in page
    assert "Go on" in page


@pytest.mark.slow
def test_a_stopped_run_is_stopped(client: Any, folder: Path, wait: Callable[..., None]) -> None:
    pipe = folder / "other.csv"
    os.mkfifo(pipe)
    run = plan_of(Store(folder), ["info", str(pipe)])
    begin(run)
    wait(lambda: run.state.get("word") == "running")
    held = os.open(pipe, os.O_WRONLY)  # opened once the command reads it
    client.post(f"/runs/{run.id}/stop")
    wait(lambda: not is_running(run.path))
    os.close(held)
    assert word_of(run) == "stopped"


def test_a_damaged_state_is_no_state(client: Any, folder: Path) -> None:
    run = plan_of(Store(folder), ["example"])
    (run.path / "state.json").write_text("{")
    assert word_of(run) == BROKEN
    assert client.get(f"/runs/{run.id}").status_code == 200
    write_json(run.path / "run.json", {})
    assert json.loads((run.path / "run.json").read_text()) == {}
    assert client.get("/").status_code == 200


# --- histories, series and databases


def finished(
    client: Any, folder: Path, wait: Callable[..., None], at: str, form: dict[str, str]
) -> RunFolder:
    """Return a run that was begun from a page, at its end."""
    answer = client.post(f"{at}/runs", data=form, follow=False)
    run = Store(folder).run(answer.headers["location"].rpartition("/")[2])
    assert run is not None
    wait(lambda: word_of(run) in ("done", "failed"))
    assert word_of(run) == "done", run.state
    return run


@pytest.fixture(scope="module")
def visits(client: Any) -> str:
    """Return the address of a table of 25 histories of two visits each."""
    lines = [f"p{k // 2},{1 + k % 2},{k % 7 * 0.5}" for k in range(50)]
    content = "\n".join(["patient,visit,weight", *lines, ""]).encode()
    return str(client.post("/upload?name=visits.csv", content=content).json()["at"])


def test_histories_are_learned_held_out_and_generated(
    client: Any, folder: Path, wait: Callable[..., None], visits: str
) -> None:
    form = {"do": "fit", "model": "sequences", "entity": "patient", "time": "visit"}
    run = finished(client, folder, wait, visits, form)
    made = (run.path / "synthetic.csv").read_text().splitlines()
    assert len({line.split(",")[0] for line in made[1:]}) == 20
    page = client.get(f"/runs/{run.id}").text
    assert "More histories" in page
    assert "Audit" not in page
    rows = client.post(f"/runs/{run.id}/rows", data={"rows": "3"})
    assert rows.headers["content-type"].startswith("text/csv")
    assert len({line.split(",")[0] for line in rows.text.splitlines()[1:]}) == 3


@pytest.mark.slow
def test_a_series_is_learned_and_continued(
    client: Any, folder: Path, wait: Callable[..., None]
) -> None:
    content = "\n".join(["day,x", *(f"{k},{k * 7 % 11}" for k in range(80)), ""]).encode()
    at = str(client.post("/upload?name=series.csv", content=content).json()["at"])
    form = {"do": "fit", "model": "sequences", "time": "day"}
    run = finished(client, folder, wait, at, form)
    assert len((run.path / "synthetic.csv").read_text().splitlines()) == 81
    rows = client.post(f"/runs/{run.id}/rows", data={"rows": "30"})
    assert len(rows.text.splitlines()) == 31


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return a database of two tables as a file."""
    path = tmp_path_factory.mktemp("shop") / "shop.db"
    with closing(sqlite3.connect(path)) as db:
        db.executescript(
            "create table customer(id integer primary key, city text);"
            "create table orders(id integer primary key,"
            " customer integer references customer(id), amount real);"
        )
        cities, orders = ("Rome", "Oslo"), range(90)
        db.executemany("insert into customer values(?, ?)", [(k, cities[k % 2]) for k in range(40)])
        rows = [(k, k * 7 % 40, float(k % 9)) for k in orders]
        db.executemany("insert into orders values(?, ?, ?)", rows)
        db.commit()
    return path.read_bytes()


def test_a_database_is_learned_and_generated(
    client: Any, folder: Path, wait: Callable[..., None], shop: bytes
) -> None:
    at = str(client.post("/upload?name=shop.db", content=shop).json()["at"])
    page = client.get(at).text
    assert "130 rows in 2 tables" in page
    assert "orders.customer -&gt; customer.id" in page
    assert "130 rows in 2 tables" in client.get("/").text
    assert client.post(f"{at}/rules").status_code == 404
    refused = client.post(f"{at}/runs", data={"scale": "lots"})
    assert refused.status_code == 400
    assert "scale must be a number" in refused.text
    run = finished(client, folder, wait, at, {"do": "fit", "scale": "0.5"})
    page = client.get(f"/runs/{run.id}").text
    assert "lookalike fit sqlite:///shop.db" in page
    assert "Another database" in page
    assert "Numbers of children" in client.get(f"/runs/{run.id}/files/report.html").text
    for answer, customers in (
        (client.get(f"/runs/{run.id}/files/synthetic.sqlite"), 20),
        (client.post(f"/runs/{run.id}/rows", data={"scale": "2"}), 80),
    ):
        assert answer.headers["content-type"] == "application/vnd.sqlite3"
        made = folder / "made.sqlite"
        made.write_bytes(answer.content)
        with closing(sqlite3.connect(made)) as db:
            assert db.execute("select count(*) from customer").fetchone() == (customers,)
    assert "cardinality" in client.get("/compare").text


def test_a_file_that_is_no_database_is_named(client: Any) -> None:
    answer = client.post("/upload?name=shop.sqlite3", content=b"not a database at all" * 50)
    assert answer.status_code == 400
    assert "shop.sqlite3" in answer.json()["error"]
