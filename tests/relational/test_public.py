"""Public tables: kept as they are, and the rows that refer to them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import lookalike as la
from lookalike.cli import main
from lookalike.databases import Database
from lookalike.errors import ModelFileError, ParameterError
from lookalike.relational import relational
from lookalike.relational._public import PublicRows


def world() -> Database:
    """Return regions, countries (one of them far more frequent) and persons of these."""
    rng = np.random.default_rng(0)
    regions = pa.table({"region": ["north", "süd"], "size": [1.5, 2.5]})
    countries = pa.table(
        {
            "code": ["AT", "DE", "FR", "IT", "XX"],
            "region": ["süd", "north", "north", "süd", "süd"],
            "title": ["Österreich", "Deutschland", "France", "Italia", None],
        }
    )
    at = rng.choice(4, 400, p=[0.1, 0.6, 0.2, 0.1])
    persons = pa.table(
        {
            "id": range(400),
            "country": countries["code"].take(pa.array(at)),
            "pay": (at * 1_000.0 + rng.integers(0, 50, 400)).round(),
        }
    )
    return Database(
        {"regions": regions, "countries": countries, "persons": persons},
        primary_keys={"regions": "region", "countries": "code", "persons": "id"},
        foreign_keys=["countries.region -> regions.region", "persons.country -> countries.code"],
    )


PUBLIC = ["countries", "regions"]


@pytest.fixture(scope="module")
def model() -> la.Relational:
    return la.Relational(random_state=0).fit(world(), public=PUBLIC)


def test_rows_of_public_tables_stay_and_their_children_follow_them(model: la.Relational) -> None:
    real, made = world(), model.sample(scale=2)
    for name in PUBLIC:
        assert made.arrow(name).equals(real.arrow(name).cast(made.arrow(name).schema))
    (key,) = (k for k in made.foreign_keys if k.table == "persons")
    counts = [np.bincount(db.rows_of(key), minlength=5) for db in (real, made)]
    assert counts[1].tolist() == (2 * counts[0]).tolist()
    pay = made.arrow("persons")["pay"].to_numpy()
    assert np.abs(pay // 1_000 - made.rows_of(key)).mean() < 0.1  # learned country by country


def test_blocks_share_the_public_rows(
    model: la.Relational, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relational, "_BLOCK_ROWS", 500)
    assert len(list(model._blocks(4.0, None))) > 1
    made = model.sample(4)
    assert made.arrow("countries")["code"].to_pylist() == ["AT", "DE", "FR", "IT", "XX"]
    assert len(made.arrow("persons")) == 1_600
    written = model.sample_to(f"sqlite:///{tmp_path / 'x.db'}", 4)
    assert written == {"regions": 2, "countries": 5, "persons": 1_600}
    again = Database.read(f"sqlite:///{tmp_path / 'x.db'}")
    assert again.arrow("persons")["pay"].equals(made.arrow("persons")["pay"])


def test_a_saved_model_has_them(model: la.Relational, tmp_path: Path) -> None:
    model.save(tmp_path / "m.lookalike")
    again = la.load(tmp_path / "m.lookalike")
    assert again.public_tables == ("regions", "countries")
    first, second = model.sample(), again.sample()
    assert all(first.arrow(name).equals(second.arrow(name)) for name in first)


def test_damaged_rows_are_refused(model: la.Relational) -> None:
    table = model._models["countries"]
    state = table.public.state()
    types = model._form.tables["countries"].types
    keys = [key for key in model._form.foreign if key.table == "countries"]
    whole = PublicRows.from_state(state, types, table.variables, keys, table.counts)
    assert whole.table.equals(table.public.table)
    for name, change in (
        ("states", lambda a: a + 100),
        ("states", lambda a: a[1:]),
        ("rows 0", lambda a: a - 5),
        ("degrees 0", lambda a: a * np.nan),
        ("degrees 0", lambda a: -a - 1),
    ):
        kept = state.arrays[name]
        state.arrays[name] = change(kept)
        with pytest.raises(ModelFileError, match="public table are damaged"):
            PublicRows.from_state(state, types, table.variables, keys, table.counts)
        state.arrays[name] = kept


def test_small_numbers_of_children_are_not_stored() -> None:
    assert PublicRows.pooled(np.array([0, 1, 0, 1, 7]), 2).tolist() == [0.5, 0.5, 0.5, 0.5, 7]


def test_what_cannot_be_public_is_said() -> None:
    with pytest.raises(ParameterError, match="'countries' refers to 'regions'"):
        la.Relational().fit(world(), public=["countries"])
    with pytest.raises(ParameterError, match="must be a list"):
        la.Relational().fit(world(), public="regions")
    with pytest.raises(la.errors.LookalikeError, match="regions"):
        la.Relational().fit(world(), public=["region"])
    with pytest.raises(ParameterError, match=r"regions\.size > 1' may change"):
        la.Relational().fit(world(), public=["regions"], rules=["regions.size > 1"])


def test_the_command_line_names_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world().write(tmp_path / "in")
    file = str(tmp_path / "m.lookalike")
    options = ["--public", "countries", "--public", "regions", "--seed", "0", "--quiet"]
    assert main(["fit", str(tmp_path / "in"), "-o", file, *options]) == 0
    assert main(["info", file]) == 0
    assert "Public tables" in capsys.readouterr().out
    assert main(["sample", file, "-o", str(tmp_path / "out")]) == 0
    names = [str(tmp_path / folder / "countries.csv") for folder in ("in", "out")]
    assert Path(names[0]).read_text() == Path(names[1]).read_text()
    assert main(["fit", names[0], "-o", file, "--public", "regions"]) == 2
