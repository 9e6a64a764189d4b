"""Generated databases: keys, families, files, and what cannot be learned."""

from __future__ import annotations

import zipfile
from datetime import date, timedelta
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pytest
from scipy.stats import spearmanr

import lookalike as la
from lookalike.cli import main
from lookalike.databases import Database
from lookalike.errors import (
    DataError,
    LookalikeWarning,
    ModelFileError,
    NotFittedError,
    ParameterError,
)
from lookalike.metrics.relational import relational_scores
from lookalike.relational import relational
from lookalike.relational._degrees import Degrees
from lookalike.relational._distinct_keys import with_distinct_keys
from lookalike.reports import DatabaseEvaluation, evaluate_databases


def school(seed: int = 0) -> Database:
    """Return tables with two keys to one table, a bridge, a self-reference and a 1:1 table."""
    rng = np.random.default_rng(seed)
    n = 60
    boss = [None if i < 4 else int(rng.integers(0, min(i, 20))) for i in range(n)]
    person = pa.table(
        {
            "id": pa.array(range(n)),
            "boss": pa.array(boss, pa.int64()),
            "age": rng.integers(20, 60, n),
            "sex": rng.choice(["f", "m"], n),
        }
    )
    # Older persons have more rows, and their rows have larger sums.
    count = rng.poisson(person["age"].to_numpy() / 12)
    payer = np.repeat(np.arange(n), count)
    paid = pa.table(
        {
            "number": [f"P-{k:04}" for k in range(len(payer))],
            "payer": payer,
            "receiver": pa.array(rng.integers(0, n, len(payer)), mask=rng.random(len(payer)) < 0.2),
            "sum": (person["age"].to_numpy()[payer] * 10 + rng.integers(0, 20, len(payer))) / 1.0,
        }
    )
    pairs = np.unique(rng.integers(0, [n, 6], (150, 2)), axis=0)
    clubs = pa.table({"club": ["a", "b", "c", "d", "e", "f"], "fee": [1, 2, 3, 4, 5, 6]})
    member = pa.table({"person": pairs[:, 0], "club": clubs["club"].take(pa.array(pairs[:, 1]))})
    card = pa.table({"person": rng.permutation(n)[:25], "kind": rng.choice(["x", "y"], 25)})
    return Database(
        {"person": person, "paid": paid, "club": clubs, "member": member, "card": card},
        primary_keys={
            "person": "id",
            "paid": "number",
            "club": "club",
            "member": ["person", "club"],
            "card": "person",
        },
        foreign_keys=[
            "person.boss -> person.id",
            "paid.payer -> person.id",
            "paid.receiver -> person.id",
            "member.person -> person.id",
            "member.club -> club.club",
            "card.person -> person.id",
        ],
    )


@pytest.fixture(scope="module")
def model() -> la.Relational:
    return la.Relational(random_state=0).fit(school())


def test_every_key_leads_to_a_row_and_none_occurs_twice(model: la.Relational) -> None:
    db = model.sample()  # a Database checks both
    for key in db.foreign_keys:
        rows = db.rows_of(key)
        assert rows.max() >= 0
        assert (rows >= 0).all() or db.is_nullable(key)
    old = set(school().arrow("paid")["number"].to_pylist())
    assert not old & set(db.arrow("paid")["number"].to_pylist())
    assert all(len(word) == 6 for word in db.arrow("paid")["number"].to_pylist())


def test_families_have_the_sizes_of_real_ones(model: la.Relational) -> None:
    real, made = school(), model.sample()
    scores = {score.name: score for score in relational_scores(real, made)}
    parts = {part.name: part.value for part in scores["cardinality"].parts}
    assert parts["paid.payer -> person.id"] > 0.95
    assert parts["card.person -> person.id"] > 0.95
    assert abs(len(made.arrow("paid")) - len(real.arrow("paid"))) <= 1


def test_children_resemble_their_parents(model: la.Relational) -> None:
    db = model.sample(scale=2)
    key = next(key for key in db.foreign_keys if key.columns == ("payer",))
    age = np.asarray(db.arrow("person")["age"])[db.rows_of(key)]
    assert np.corrcoef(age, db.arrow("paid")["sum"])[0, 1] > 0.5


def test_a_hierarchy_has_no_circle(model: la.Relational) -> None:
    db = model.sample(scale=3)
    rows = db.rows_of(db.foreign_keys[0])
    for _ in range(60):
        rows = np.where(rows >= 0, db.rows_of(db.foreign_keys[0])[rows], -1)
    assert (rows < 0).all()


def test_the_same_seed_gives_the_same_from_a_file_too(model: la.Relational, tmp_path: Path) -> None:
    path = tmp_path / "school.lookalike"
    model.save(path)
    again = la.load(path)
    for seed in (None, 5):
        ours, theirs = (m.sample(random_state=seed) for m in (model, again))
        assert all(ours.arrow(name).equals(theirs.arrow(name)) for name in ours)
    assert not ours.arrow("paid").equals(model.sample().arrow("paid"))


def test_damaged_files_are_refused(model: la.Relational, tmp_path: Path) -> None:
    path, changed = tmp_path / "a.lookalike", tmp_path / "b.lookalike"
    model.save(path)
    for old, new in ((b'"family": 1', b'"family": 9'), (b'"matched": [2]', b'"matched": [1]')):
        with zipfile.ZipFile(path) as source, zipfile.ZipFile(changed, "w") as target:
            for info in source.infolist():
                content = source.read(info)
                if info.filename == "manifest.json":
                    assert old in content
                    content = content.replace(old, new)
                target.writestr(info, content)
        with pytest.raises(ModelFileError):
            la.load(changed)


def test_names_of_tables_and_columns_may_be_anything() -> None:
    odd = pa.table({"children 0": [1, 2, 3, 4] * 5, "": range(20)}).rename_columns(
        ["children 0", "k"]
    )
    other = pa.table({"to": [k % 20 for k in range(50)], "rows/\n": [0.5, 1.0] * 25})
    db = Database({"a/b 0": odd, "é": other}, foreign_keys=["é.to -> a/b 0.k"])
    made = la.Relational(random_state=0).fit(db).sample()
    assert made.arrow("é").column_names == ["to", "rows/\n"]
    assert len(made.arrow("é")) == 50


def test_tables_of_one_row_and_of_keys_alone() -> None:
    one = pa.table({"id": [1], "name": ["x"]})
    keys = pa.table({"one": [1, 1, 1]})
    db = Database({"one": one, "keys": keys}, foreign_keys=["keys.one -> one.id"])
    assert len(la.Relational(random_state=0).fit(db).sample(scale=2).arrow("keys")) == 6


def test_composite_keys_of_parents_are_kept_together() -> None:
    orders = pa.table({"shop": np.repeat([1, 2, 3], 10), "number": [*range(1, 11)] * 3})
    lines = pa.table({"shop": np.repeat([1, 2, 3], 30), "number": [*range(1, 11)] * 9})
    shops = pa.table({"shop": [1, 2, 3], "size": [5, 6, 7]})
    keys = ["orders.shop -> shops.shop", "lines(shop, number) -> orders(shop, number)"]
    db = Database(
        {"shops": shops, "orders": orders, "lines": lines},
        primary_keys={"shops": "shop", "orders": ["shop", "number"]},
        foreign_keys=keys,
    )
    made = la.Relational(random_state=0).fit(db).sample()
    assert len(made.arrow("lines")) == 90
    assert sorted(set(made.arrow("orders")["number"].to_pylist())) == list(range(1, 11))


def grid(days: list[Any]) -> Database:
    sold = np.random.default_rng(0).normal(size=3 * len(days))
    store = np.repeat(["north", "south", "east"], len(days))
    table = pa.table({"store": store, "day": days * 3, "sold": sold})
    return Database({"t": table}, primary_keys={"t": ["store", "day"]})


def test_columns_of_a_composite_key_that_are_numbered_in_have_the_learned_values() -> None:
    made = la.Relational(random_state=0).fit(grid([*range(1, 41)])).sample(2).arrow("t")
    assert set(made["store"].to_pylist()) == {"north", "south", "east"}
    assert len(made) == 240  # the days go on
    assert len(set(zip(*(made[c].to_pylist() for c in ("store", "day")), strict=True))) == 240


def test_a_composite_key_that_nothing_numbers_is_learned_and_never_repeated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(relational, "_BLOCK_ROWS", 120)
    for days in (
        [date(2020, 1, 1) + timedelta(k) for k in range(40)],
        [f"2020-{m:02d}-{d:02d}" for m in range(1, 5) for d in range(1, 11)],
    ):
        with pytest.warns(LookalikeWarning, match="'store', 'day'.*may have fewer rows"):
            model = la.Relational(random_state=0).fit(grid(days))
        assert len(list(model._blocks(4.0, None))) == 1  # keys of blocks would repeat
        for scale in (1, 4):  # the grid is full: no key is left for more rows
            made = model.sample(scale).arrow("t")
            assert set(made["store"].to_pylist()) == {"north", "south", "east"}
            pairs = set(zip(made["store"].to_pylist(), made["day"].to_pylist(), strict=True))
            assert 110 < len(made) == len(pairs) <= 130


def test_repeated_keys_get_the_nearest_value_that_is_free() -> None:
    rng = np.random.default_rng(0)
    table = pa.table({"a": ["x", "x", "x", "y"], "n": [3, 3, 5, 9], "of": [1, 2, 3, 4]})
    found = with_distinct_keys(table, ["a", "n"], ["n"], ["n"], rng)
    assert found.to_pydict() == {**table.to_pydict(), "n": [3, 7, 5, 9]}
    full = pa.table({"a": [1, 1, 1, 2, 2], "b": [1, 1, 2, 1, 1]})
    found = with_distinct_keys(full, ["a", "b"], ["a", "b"], ["a", "b"], rng)
    assert len(set(zip(*found.to_pydict().values(), strict=True))) == 4  # of 2 × 2 combinations
    assert with_distinct_keys(full, ["a", "b"], [], [], rng).equals(full)


def test_free_values_are_the_nearest_of_each_group() -> None:
    rng = np.random.default_rng(0)
    group, number = rng.integers(0, 6, 500), rng.integers(0, 70, 500) ** 2 // 70
    table = pa.table({"a": group, "n": np.r_[0, 69, number[2:]]})
    found = with_distinct_keys(table, ["a", "n"], ["n"], ["n"], rng)["n"].to_numpy()
    expected, taken = table["n"].to_numpy().copy(), [set[int]() for _ in range(6)]
    for g, n in zip(group, expected, strict=True):
        taken[g].add(int(n))
    seen: set[tuple[int, int]] = set()
    for row, g in enumerate(group):
        own = int(expected[row])
        free = sorted(set(range(70)) - taken[g], key=lambda n: (abs(n - own), n))
        if (int(g), own) in seen and free:
            expected[row] = free[0]
            taken[g].add(free[0])
        seen.add((int(g), own))
    assert found.tolist() == expected.tolist()
    assert sum(len(each) == 70 for each in taken) > 0  # of a full group, rows stay


def test_many_repeated_keys_are_moved_in_time() -> None:
    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(30_000), 4)
    number = np.r_[0, 100_000, rng.integers(0, 100_000, 119_998)]
    number[1::2] = number[::2]
    table = pa.table({"a": group, "n": number})
    before = process_time()
    found = with_distinct_keys(table, ["a", "n"], ["n"], ["n"], rng)
    assert process_time() - before < 10  # not that of all values for each group
    assert len(found.group_by(["a", "n"]).aggregate([])) == len(table)
    same = pa.table({"a": np.zeros(60_000, int), "n": np.r_[0, 99_999, np.full(59_998, 500)]})
    found = with_distinct_keys(same, ["a", "n"], ["n"], ["n"], rng)
    assert process_time() - before < 10
    assert len(set(found["n"].to_pylist())) == 60_000


@pytest.mark.parametrize("numeric", [["n"], []])
def test_only_numbers_get_values_between_their_own(numeric: list[str]) -> None:
    table = pa.table({"a": [1, 1, 1], "n": [10, 10, 13]})
    rng = np.random.default_rng(0)
    found = with_distinct_keys(table, ["a", "n"], ["n"], numeric, rng)
    assert set(found["n"].to_pylist()) <= {10, 13}
    table = pa.table({"a": [1, 1, 1, 2], "n": [10, 10, 13, 14]})
    found = with_distinct_keys(table, ["a", "n"], ["n"], numeric, rng)
    assert found["n"].to_pylist() == [10, 11 if numeric else 14, 13, 14]


@pytest.mark.filterwarnings("ignore:The primary key:lookalike.errors.LookalikeWarning")
@pytest.mark.parametrize("kind", ["categorical", "integer"])
def test_declared_categories_in_a_key_get_no_other_values(kind: str) -> None:
    codes = [k * k for k in range(2, 42)]
    model = la.Relational(random_state=0).fit(grid(codes), kinds={"t": {"day": kind}})
    made = model.sample(3).arrow("t")
    assert (set(made["day"].to_pylist()) <= set(codes)) == (kind == "categorical")


def test_working_days_get_no_weekends_and_other_days_their_neighbours() -> None:
    days = np.arange("2024-01-01", "2024-02-05", dtype="datetime64[D]")
    rng = np.random.default_rng(0)
    for some in (days[np.is_busday(days)], np.delete(days, 9)):
        twice = pa.table({"a": [1] * 10 + [2] * len(some), "n": np.r_[some[8:9].repeat(10), some]})
        found = with_distinct_keys(twice, ["a", "n"], ["n"], ["n"], rng)["n"].to_numpy()
        new = set(found[:10]) - set(some)
        assert len(set(found[:10])) == 10
        assert new == (set() if len(some) == 25 else {days[9]})


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (pa.uint64(), [0, 2**63 + 8, 2**64 - 1]),
        (pa.uint64(), [2**64 - 9, 2**64 - 3, 2**64 - 1]),
        (pa.int64(), [-(2**63), 5, 2**63 - 1]),
    ],
)
def test_the_largest_numbers_are_no_range(kind: pa.DataType, values: list[int]) -> None:
    table = pa.table({"a": [1, 1, 2, 2], "n": pa.array([values[1], *values[1:], values[0]], kind)})
    found = with_distinct_keys(table, ["a", "n"], ["n"], ["n"], np.random.default_rng(0))
    assert set(found["n"].to_pylist()) <= set(values)
    assert len(found.group_by(["a", "n"]).aggregate([])) == 4


def test_free_text_in_a_composite_key_is_new() -> None:
    title = [f"{a} of the {b} and some more {k}" for k, (a, b) in enumerate([("x", "y")] * 60)]
    table = pa.table({"shelf": ["a", "b", "c"] * 20, "title": title})
    db = Database({"t": table}, primary_keys={"t": ["shelf", "title"]})
    made = la.Relational(random_state=0).fit(db, kinds={"t": {"title": "text"}}).sample()
    assert set(made.arrow("t")["shelf"].to_pylist()) == {"a", "b", "c"}
    assert len(set(made.arrow("t")["title"].to_pylist())) == 60


def test_what_cannot_be_learned_is_said() -> None:
    empty = Database({"t": pa.table({"x": pa.array([], pa.int64())})})
    with pytest.raises(DataError, match="no table has any"):
        la.Relational().fit(empty)
    with pytest.raises(NotFittedError):
        la.Relational().sample()
    with pytest.raises(ParameterError, match="trees"):
        la.Relational(trees=0).fit(empty)
    fitted = la.Relational(random_state=0).fit({"t": pa.table({"x": [1.5, 2.5, 1.5, 2.5]})})
    with pytest.raises(ParameterError, match="scale"):
        fitted.sample(0)


def test_degrees_have_the_learned_sum_and_follow_what_rows_ask_for() -> None:
    learned = np.repeat([0, 0, 1, 1, 2, 3, 5, 40], 10)
    drawn = Degrees.fit(learned).drawn(np.arange(160.0), np.zeros(160), np.random.default_rng(0))
    assert drawn.sum() == 1040
    assert (np.diff(drawn) >= 0).all()
    assert (drawn == 0).mean() == pytest.approx(0.25, abs=0.02)


def test_no_stored_degree_is_that_of_one_row() -> None:
    rng = np.random.default_rng(0)
    for learned in (
        np.array([7]),
        np.array([0, 0, 0, 0, 0, 0, 0, 1_000]),
        rng.geometric(0.02, 300),
        np.concatenate([np.zeros(4_000, int), rng.integers(300, 600, 22)]),
    ):
        degrees = Degrees.fit(learned)
        assert degrees.counts.sum() == len(learned)
        assert degrees.counts.min() >= min(3, len(learned))
        assert degrees.counts @ degrees.means == pytest.approx(learned.sum())
        drawn = degrees.drawn(np.zeros(len(learned)), rng.random(len(learned)), rng)
        assert drawn.sum() == learned.sum()
        # No group of rows in order has the greatest degree alone.
        assert len(learned) == 1 or degrees.means[-1] < learned.max()
    assert abs((drawn == 0).mean() - (learned == 0).mean()) < 0.001
    assert drawn[drawn > 0].min() > 250


def test_degrees_of_zero_and_one_never_become_two() -> None:
    learned = np.array([0] + [1] * 8)
    drawn = Degrees.fit(learned).drawn(np.zeros(900), np.zeros(900), np.random.default_rng(0))
    assert drawn.max() == 1


def test_numbers_of_children_follow_the_attributes_of_parents() -> None:
    found = []
    for seed in range(2):
        rng = np.random.default_rng(seed)
        age = rng.integers(20, 60, 600)
        parent = np.repeat(np.arange(600), rng.poisson(age / 12))
        total = age[parent] * 10.0 + rng.integers(0, 20, len(parent))
        parents = pa.table({"id": range(600), "age": age, "sex": rng.choice(["f", "m"], 600)})
        children = pa.table({"to": parent, "sum": total})
        db = Database(
            {"a": parents, "b": children},
            primary_keys={"a": "id"},
            foreign_keys=["b.to -> a.id"],
        )
        model = la.Relational(random_state=seed).fit(db)
        for k in range(3):
            made = model.sample(random_state=k)
            count = np.bincount(made.rows_of(made.foreign_keys[0]), minlength=600)
            found.append(spearmanr(made.arrow("a")["age"], count).statistic)
    assert np.mean(found) > 0.38  # .49 in the training tables
    assert min(found) > 0.33


def test_summaries_are_there_exactly_for_rows_with_children() -> None:
    rng = np.random.default_rng(0)
    parent = np.repeat(np.arange(15), 20)  # of 1,000 rows
    sort = np.array(["x", "y", "z"])[parent % 3]
    children = pa.table({"to": parent, "sort": sort, "sum": parent * 10.0 + rng.random(300)})
    parents = pa.table({"id": range(1_000), "size": rng.integers(0, 9, 1_000)})
    db = Database({"a": parents, "b": children}, foreign_keys=["b.to -> a.id"])
    table = la.Relational(random_state=0).fit(db)._models["a"]
    assert table.summaries
    sizes, alone = np.ones(1_000, np.int64), np.ones(1_000, bool)
    own, degrees = table.drawn(sizes, None, alone, 0, lambda _: None)
    (degree,) = degrees.values()
    cells = table.cells(own, 0)
    assert cells is not None
    for name in set(cells.column_names) - {"size"}:
        assert (cells[name].is_null().to_numpy() == (degree == 0)).all()


def test_scores_tell_real_from_random_keys() -> None:
    real = school()
    same = evaluate_databases(real, school())
    assert {name: score.value for name, score in same.scores.items() if name != "aggregates"} == (
        dict.fromkeys(("cardinality", "trends", "hop_1"), pytest.approx(1.0))
    )
    assert same.scores["hop_1"].floor < 0.95
    assert DatabaseEvaluation.from_json(same.to_json()).to_html() == same.to_html()
    assert same.failures({"hop_1": 0.9}) == []
    with pytest.raises(ParameterError, match="Did you mean 'hop_1'"):
        same.failures({"hop1": 0.9})


def test_orphans_are_counted() -> None:
    real = school()
    tables = {name: real.arrow(name) for name in real}
    paid = tables["paid"]
    at = paid.column_names.index("payer")
    wrong = pa.array([999, *paid["payer"].to_pylist()[1:]])
    tables["paid"] = paid.set_column(at, "payer", wrong)
    broken = Database(tables, primary_keys={}, foreign_keys=[])
    assert sum(evaluate_databases(real, broken).orphans.values()) == 1


def test_a_missing_folder_and_tables_that_are_there_are_told_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file, taken = tmp_path / "m.lookalike", f"sqlite:///{tmp_path / 'taken.db'}"
    assert main(["fit", str(tmp_path / "missing"), "-o", str(file)]) == 2
    error = capsys.readouterr().err
    assert "There is no folder or file" in error
    assert error.count("\n") <= 3
    model = la.Relational(random_state=0).fit({"t": pa.table({"x": [1.5, 2.5, 1.5, 2.5]})})
    model.save(file)
    Database({"T": pa.table({"x": [1.0]})}).write(taken)
    monkeypatch.setattr(la.Relational, "sample", lambda *_, **__: pytest.fail("sampled in vain"))
    assert main(["sample", str(file), "-o", taken]) == 2
    assert "has a table 't' already" in capsys.readouterr().err


def test_an_interrupted_fit_leaves_the_last_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pa_csv.write_csv(pa.table({"x": [1.5, 2.5, 1.5, 2.5]}), tmp_path / "t.csv")
    file = tmp_path / "m.lookalike.zip"
    file.write_bytes(b"the last one")

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("lookalike.relational.relational.fit_database", interrupted)
    assert main(["fit", str(tmp_path), "-o", str(file), "--quiet"]) == 130
    assert file.read_bytes() == b"the last one"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.lookalike.zip", "t.csv"]


def test_the_command_line_from_sqlite_to_a_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    real, fake, file = (str(tmp_path / name) for name in ("real.db", "fake", "m.lookalike"))
    school().write(f"sqlite:///{real}")
    assert main(["fit", f"sqlite:///{real}", "-o", file, "--seed", "1", "--quiet"]) == 0
    assert main(["sample", file, "-o", fake, "--scale", "1"]) == 0
    assert main(["sample", file, "-o", fake]) == 2
    assert "not empty" in capsys.readouterr().err
    assert main(["sample", file, "-o", fake, "-n", "5"]) == 2
    assert main(["info", file]) == 0
    assert "├─ paid" in capsys.readouterr().out
    page = str(tmp_path / "page.html")
    command = ["evaluate", f"sqlite:///{real}", fake, "--html", page]
    assert main([*command, "--fail-under", "cardinality=0.5"]) == 0
    assert main([*command, "--fail-under", "cardinality=1.01"]) == 1
    assert "<svg" in Path(page).read_text()
    assert main(["fit", f"sqlite:///{real}", "-o", file, "--target", "x"]) == 2
    assert main(["fit", f"sqlite:///{tmp_path}/no.db", "-o", file]) == 2
