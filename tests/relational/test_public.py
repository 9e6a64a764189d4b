"""Public tables: kept as they are, and the rows that refer to them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import lookalike as la
from lookalike.cli import main
from lookalike.databases import Database
from lookalike.errors import ModelFileError, ParameterError
from lookalike.relational import relational
from lookalike.relational._degrees import Degrees
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
    # A small number alone, or beside rows without children, is shared with the next larger one.
    assert PublicRows.pooled(np.array([9, 1, 20]), 2).tolist() == [5, 5, 20]
    assert PublicRows.pooled(np.array([3, 0, 9, 20]), 5).tolist() == [4, 4, 4, 20]
    assert PublicRows.pooled(np.array([0, 9, 0]), 2).tolist() == [0, 9, 0]  # nobody is told of
    assert PublicRows.pooled(np.array([1]), 2).tolist() == [1]  # the size of the whole table
    assert not len(PublicRows.pooled(np.array([], int), 2))


def test_the_states_of_public_rows_tell_no_more_than_their_degrees() -> None:
    rng = np.random.default_rng(0)
    counts = np.r_[rng.integers(0, 4, 20), 30, 40]  # fewer than 4 are small
    words = pa.table({"word": [f"w{k:02}" for k in range(22)]})
    texts = pa.table({"n": range(counts.sum()), "word": np.repeat(words["word"], counts)})
    db = Database(
        {"words": words, "texts": texts},
        primary_keys={"words": "word", "texts": "n"},
        foreign_keys=["texts.word -> words.word"],
    )
    made = la.Relational(min_category_count=4, random_state=0).fit(db, public=["words"])
    model = made._models["words"]
    assert model.public is not None
    (degrees,) = model.public.degrees.values()
    assert np.ptp(degrees[:20]) == 0
    assert degrees[20:].tolist() == [30, 40]
    others = [v for v, mark in enumerate(model.marks) if mark.sort != "row"]
    assert not others
    assert len(np.unique(model.public.states[:20, 1:], axis=0)) == 1  # all but the row's number
    (stored,) = model.degrees.values()
    assert stored.means.tolist() == Degrees.fit(np.rint(degrees)).means.tolist()


def test_children_follow_the_rows_of_a_large_public_table(tmp_path: Path) -> None:
    rng, count = np.random.default_rng(0), 300  # too many for a mark of each row
    level = rng.permutation(count) * 100.0 / count  # nothing in the rows tells it
    towns = pa.table({"town": [f"t{k:03}" for k in range(count)]})
    of = np.repeat(np.arange(count), np.where(np.arange(count) < count - 5, 10, 3))
    pay = (level[of] + rng.normal(0, 1, len(of))).round(2)
    persons = pa.table({"n": range(len(of)), "town": towns["town"].take(pa.array(of)), "pay": pay})
    db = Database(
        {"towns": towns, "persons": persons},
        primary_keys={"towns": "town", "persons": "n"},
        foreign_keys=["persons.town -> towns.town"],
    )
    model = la.Relational(random_state=0).fit(db, public=["towns"])
    made = model.sample()
    means = [
        np.bincount(d.rows_of(key), d.arrow("persons")["pay"].to_numpy(), count)
        / np.bincount(d.rows_of(key), minlength=count)
        for d in (db, made)
        for key in d.foreign_keys
    ]
    some = slice(0, count - 5)
    assert np.corrcoef(means[0][some], means[1][some])[0, 1] > 0.9
    public = model._models["towns"].public
    assert public is not None
    # Nothing is stored of what is typical of three children.
    assert len(np.unique(public.states[-5:], axis=0)) == 1
    model.save(tmp_path / "m.lookalike")
    again = la.load(tmp_path / "m.lookalike").sample()
    assert again.arrow("persons").equals(made.arrow("persons"))


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


KEYED = {
    "numbered": ({"country": np.repeat(["AT", "DE"], 40), "no": [*range(1, 41)] * 2}, ()),
    "1:1": ({"country": [f"{k:03}" for k in range(80)]}, ()),
    "bridge": ({"country": np.repeat([*"abcdefgh"], 10), "good": [*"0123456789"] * 8}, ("good",)),
}


@pytest.mark.parametrize("name", KEYED)
def test_keys_that_lead_to_public_rows_never_repeat_between_blocks(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns, more = KEYED[name]
    child = pa.table({**columns, "pay": np.arange(80) % 7})
    tables, public = {"child": child}, ["country", *more]
    for parent in public:
        values = sorted(set(child[parent].to_pylist()))
        tables[parent] = pa.table({parent: values, "size": range(len(values))})
    db = Database(
        tables,
        primary_keys={"child": [*columns], **{parent: parent for parent in public}},
        foreign_keys=[f"child.{parent} -> {parent}.{parent}" for parent in public],
    )
    model = la.Relational(random_state=0).fit(db, public=public)
    monkeypatch.setattr(relational, "_BLOCK_ROWS", 80)
    rows = model.sample_to(tmp_path / "out", 3)["child"]
    found = Database.read(tmp_path / "out").arrow("child").select([*columns])
    assert len(found.group_by([*columns]).aggregate([])) == rows
    assert len(model.sample(3).arrow("child")) == rows
    assert rows == (240 if name == "numbered" else 80)  # each other key is there once already


def test_numbers_of_children_of_parts_are_never_negative_and_add_up() -> None:
    (key,) = world().foreign_keys[:1]
    degrees = np.random.default_rng(0).choice([0.3, 0.3, 2.0, 7.0], 500)
    public = PublicRows(pa.table({"x": range(500)}), np.zeros((500, 0), int), {}, {key: degrees})
    edges = np.linspace(0, 3.7, 12)
    found = np.zeros(500, np.int64)
    for begin, end in pairwise(edges):
        part = public.children(key, begin, end, np.random.default_rng(5))
        assert part.min() >= 0
        found += part
    assert abs(found.sum() - 3.7 * degrees.sum()) <= 1
    assert np.abs(found - 3.7 * degrees).max() <= 11
    none = PublicRows(pa.table({"x": []}), np.zeros((0, 0), int), {}, {key: np.zeros(0)})
    assert not len(none.children(key, 0.0, 1.0, np.random.default_rng(0)))


def test_public_rows_make_no_blocks_and_progress_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    words = pa.table({"word": [f"w{k:04}" for k in range(2_000)]})
    texts = pa.table({"n": range(100), "word": [f"w{k % 50:04}" for k in range(100)]})
    db = Database(
        {"words": words, "texts": texts},
        primary_keys={"words": "word", "texts": "n"},
        foreign_keys=["texts.word -> words.word"],
    )
    model = la.Relational(trees=1, random_state=0).fit(db, public=["words"])
    monkeypatch.setattr(relational, "_BLOCK_ROWS", 500)
    seen: list[tuple[int, int]] = []

    @contextmanager
    def watched(_what: str, total: int, **_kwargs: object) -> Iterator[object]:
        yield lambda done, _more: seen.append((done, total))

    monkeypatch.setattr(relational, "progress", watched)
    assert len(list(model._blocks(20.0, None))) == 4  # of 500 rows that are made
    assert seen[-1] == (4_000, 4_000)
