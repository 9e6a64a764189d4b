"""Differential privacy: mechanisms that are audited, a ledger that refuses, nothing for free."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from dataclasses import replace
from math import erfc, log

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import lookalike as la
from lookalike._core.intervals import clopper_pearson
from lookalike.errors import DataError, ModelFileError, ParameterError
from lookalike.models import _private_aim
from lookalike.models._ledger import PrivacyLedger, delta_of, rho_of
from lookalike.models._private_aim import errors_beyond_noise
from lookalike.models._private_domain import find_range, measure_levels
from lookalike.models._private_entities import clipped
from lookalike.models._private_graph import MarkovNetwork, NoisyTable, eliminated, margin
from lookalike.models._private_noise import (
    Entropy,
    choose_privately,
    noisy,
    standard_deviation,
    surpassed_by_noise,
)
from lookalike.testing import synthesizer_checks

#: The δ of the audits of Gaussian noise: the part of the probabilities that ε need not bound.
DELTA = 0.02
RHO = 0.5


def epsilon_at(rho: float) -> float:
    """Return the ε that a ledger states for ρ at `DELTA`."""
    low, high = 0.0, 50.0
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if delta_of(rho, middle) > DELTA else (low, middle)
    return high


def counts(rho: float) -> tuple[np.ndarray, np.ndarray]:
    """Return whether a noisy count is twelve or more, for ten rows and for eleven."""
    entropy = Entropy(1)
    return tuple(noisy(np.full(100_000, n), rho, entropy) >= 12 for n in (10, 11))


def ranges(rho: float) -> tuple[np.ndarray, np.ndarray]:
    """Return whether a range reaches to a few large numbers, of which one table has one more."""
    entropy, few = Entropy(3), round(4 * standard_deviation(rho)) - 1
    tables = [np.repeat([3.0, 1000.0], [20, n]) for n in (few, few + 1)]
    return tuple(
        np.array([find_range(table, rho, entropy)[1] > 100 for _ in range(2_500)])
        for table in tables
    )


def levels(rho: float) -> tuple[np.ndarray, np.ndarray]:
    """Return whether a rare level is released, of which one table has one more row."""
    entropy, delta = Entropy(4), 1e-6
    few = surpassed_by_noise(rho, delta)
    tables = [pa.array(["a"] * 5 + ["b"] * n) for n in (few, few + 1)]
    return tuple(
        np.array(
            [
                "b" in measure_levels("x", table, None, rho, delta, entropy).levels
                for _ in range(2_500)
            ]
        )
        for table in tables
    )


def choices(rho: float) -> tuple[np.ndarray, np.ndarray]:
    """Return whether one of many is chosen; a row changes its score and all others by one."""
    entropy = Entropy(2)
    pairs = np.zeros(21), np.array([1.0] + [-1.0] * 20)
    return tuple(
        np.array([choose_privately(scores, rho, entropy) == 0 for _ in range(5_000)])
        for scores in pairs
    )


def owners(rho: float) -> tuple[np.ndarray, np.ndarray]:
    """Return whether a noisy count is large; one table has one owner with three more rows."""
    entropy, each = Entropy(5), rho / 3**2
    limit = 10 + round(2 * standard_deviation(each)) + 3
    return tuple(noisy(np.full(100_000, n), each, entropy) >= limit for n in (10, 13))


def owned_levels(rho: float) -> tuple[np.ndarray, np.ndarray]:
    """Return whether a level is released, of which one owner has all three rows."""
    entropy, each, delta = Entropy(6), rho / 3**2, 1e-6
    few = surpassed_by_noise(each, delta / 3)
    tables = [pa.array(["a"] * 5 + ["b"] * n) for n in (few, few + 3)]
    return tuple(
        np.array(
            [
                "b" in measure_levels("x", table, None, each, delta, entropy, 3).levels
                for _ in range(2_500)
            ]
        )
        for table in tables
    )


def proved(one: np.ndarray, other: np.ndarray, delta: float) -> float:
    """Return the ε that an event proves on two neighbouring tables, with 99 % confidence."""
    (a, _), (_, b) = (clopper_pearson(int(x.sum()), len(x), 0.99) for x in (other, one))
    return log((a - delta) / b) if a > delta else 0.0


# --- mechanisms -----------------------------------------------------------------------------------

#: Each mechanism with its δ and the ε that is stated for ρ.
AUDITS = {
    "counts": (counts, DELTA, epsilon_at(RHO)),
    "ranges": (ranges, DELTA, epsilon_at(RHO)),
    "levels": (levels, DELTA, epsilon_at(RHO)),
    "owners of three rows": (owners, DELTA, epsilon_at(RHO)),
    "levels of owners": (owned_levels, DELTA, epsilon_at(RHO)),
    "choices": (choices, 0.0, np.sqrt(8 * RHO)),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", list(AUDITS))
def test_no_more_is_proved_than_is_stated_and_half_the_noise_is_found(name):
    mechanism, delta, stated = AUDITS[name]
    assert proved(*mechanism(RHO), delta) <= stated
    # Half of the noise is four times ρ.
    assert proved(*mechanism(4 * RHO), delta) > stated


def test_noise_has_the_stated_distribution():
    drawn = noisy(np.zeros(40_000), 0.02, Entropy(6))
    assert drawn.dtype == np.int64
    assert drawn.mean() == pytest.approx(0, abs=0.1)
    assert drawn.std() == pytest.approx(5, rel=0.02)
    assert (np.bincount(np.abs(drawn))[1] / (drawn == 0).sum()) == pytest.approx(
        2 * np.exp(-0.02), rel=0.1
    )


def test_noise_is_of_the_operating_system_unless_asked():
    assert (Entropy().bits(8) != Entropy().bits(8)).all()
    assert (Entropy(1).bits(8) == Entropy(1).bits(8)).all()


@pytest.mark.parametrize("rho", [20.0, 0.5, 0.01])
def test_the_limit_of_noise_is_exact(rho):
    limit = surpassed_by_noise(rho, 0.01)
    drawn = noisy(np.zeros(200_000), rho, Entropy(7))
    assert (drawn > limit).mean() <= 0.0115
    assert (drawn > limit - 1).mean() > 0.0085


@pytest.mark.parametrize("delta", [1e-9, 1e-22, 1e-24, 1e-30, 1e-300])
def test_the_limit_of_noise_holds_for_any_delta(delta):
    limit, sigma = surpassed_by_noise(0.005, delta), standard_deviation(0.005)
    assert 0.5 * erfc((limit + 0.5) / sigma / 2**0.5) <= 1.1 * delta
    assert 0.5 * erfc((limit - 0.5) / sigma / 2**0.5) >= 0.9 * delta


def test_no_tiny_delta_releases_unique_names():
    names = pa.array([f"name {i}" for i in range(300)])
    for rows in (1, 10**6):  # δ is divided by the rows of an owner
        assert measure_levels("x", names, None, 0.01, 1e-30, Entropy(0), rows).levels == ()
    with pytest.raises(ParameterError, match="Some δ is needed"):
        measure_levels("x", names, None, 0.01, 5e-324, Entropy(0), 3)


def test_a_level_of_one_row_is_almost_never_released():
    values = pa.array(["common"] * 500 + ["secret"])
    released = [
        "secret" in measure_levels("x", values, None, 0.05, 1e-6, Entropy(i)).levels
        for i in range(300)
    ]
    assert sum(released) == 0


# --- the ledger -----------------------------------------------------------------------------------


def test_conversion_of_zcdp():
    # Known bounds: ε = ρ + 2 √(ρ log 1/δ) holds, and is not tight (Bun and Steinke 2016).
    for epsilon, delta in ((0.1, 1e-9), (1, 1e-6), (10, 1e-5)):
        rho = rho_of(epsilon, delta)
        assert delta_of(rho, epsilon) <= delta * 1.0001
        loose = rho + 2 * np.sqrt(rho * log(1 / delta))
        assert epsilon <= loose <= 1.5 * epsilon


def test_a_spent_ledger_refuses():
    ledger = PrivacyLedger.of(1.0, 1e-6)
    ledger.spend("first", 0.7 * ledger.rho, 4e-7)
    with pytest.raises(ParameterError, match="second needs"):
        ledger.spend("second", 0.4 * ledger.rho)
    with pytest.raises(ParameterError, match="spent"):
        ledger.spend("third", 0.0, 2e-7)
    with pytest.raises(ParameterError, match="spent"):
        ledger.spend("negative", -0.1)
    assert PrivacyLedger.from_dict(ledger.to_dict()) == ledger
    more = ledger.to_dict()
    more["entries"].append(["forged", ledger.rho, 0.0])
    with pytest.raises(ParameterError, match="forged"):
        PrivacyLedger.from_dict(more)


# --- the synthesizer ------------------------------------------------------------------------------


#: Promises of other synthesizers that a private one cannot make, and why.
EXCLUDED = {
    "fit_returns_itself": "the number of training rows is noisy",
    "bad_tables_are_refused": "an error would tell of a row: infinite numbers count as missing",
    "conditions_are_met": "the ends of ranges are noisy, and values may lie beyond them",
    "rare_conditions_are_met_or_refused": "the ends of ranges are noisy",
    "target_is_learned": "a level that occurs once must not be learned",
    "known_cells_are_kept": "relations are those of the drawn rows",
    "pandas_comes_back": "the categories of a dtype could tell of rows",
    "polars_comes_back": "the categories of a dtype could tell of rows",
    "identifiers_are_new": "the pattern of identifiers is not learned",
    "text_is_not_learned": "free text has no level that many rows have",
    "declared_rules_hold_on_every_row": "a rule may name a level that the noise has hidden",
}


@pytest.mark.parametrize(
    "check",
    [
        pytest.param(check, id=name)
        for name, check in synthesizer_checks(
            la.Private(epsilon=30, noise_seed=0, random_state=0), learns=False
        )
        if name not in EXCLUDED
    ],
)
def test_contract(check: Callable[[], None]) -> None:
    check()


def people(rows: int = 4_000) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    age = rng.integers(18, 90, rows)
    gain = np.where(rng.random(rows) < 0.9, 0, rng.lognormal(8, 1, rows).astype(int))
    frame = pd.DataFrame(
        {
            "age": age,
            "old": np.where(age > 50, "yes", "no"),
            "town": rng.choice(["Ülm", "Kiel", "北京"], rows),
            "gain": gain,
            "weight": rng.normal(70, 10, rows).round(1),
            "born": pd.Timestamp("2024-01-01") - pd.to_timedelta(age * 365, "D"),
        }
    )
    frame.loc[rng.random(rows) < 0.2, "weight"] = np.nan
    return frame


METHODS = ("mst", "aim", "bayesian-network", "independent")


@pytest.fixture(scope="module")
def fitted() -> dict[str, la.Private]:
    domain = {"age": (18, 90), "old": ["no", "yes"]}
    methods = METHODS
    return {
        method: la.Private(
            epsilon=5, method=method, domain=domain, noise_seed=1, random_state=0
        ).fit(people())
        for method in methods
    }


@pytest.mark.parametrize("method", METHODS)
def test_rows_are_like_the_table(fitted, method):
    real, drawn = people(), fitted[method].sample(4_000)
    assert list(drawn.columns) == list(real.columns)
    assert drawn["age"].between(18, 90).all()
    assert drawn["age"].mean() == pytest.approx(real["age"].mean(), abs=3)
    assert set(drawn["town"].dropna()) == {"Ülm", "Kiel", "北京"}
    assert drawn["weight"].isna().mean() == pytest.approx(0.2, abs=0.05)
    assert (drawn["gain"] < 10).mean() == pytest.approx(0.9, abs=0.06)
    assert fitted[method].n_rows_ == pytest.approx(4_000, rel=0.05)
    wrong = ((drawn["age"] > 50) != (drawn["old"] == "yes")).mean()
    assert wrong < 0.12 if method != "independent" else wrong > 0.3


def test_the_whole_budget_is_spent_and_no_more(fitted):
    for model in fitted.values():
        assert model.ledger_.spent == pytest.approx(model.ledger_.rho, rel=1e-6)
        assert model.ledger_.spent <= model.ledger_.rho


def test_the_ledger_is_in_the_file(fitted, tmp_path):
    model = fitted["mst"]
    model.save(tmp_path / "m.lookalike")
    again = la.load(tmp_path / "m.lookalike")
    assert again.ledger_ == model.ledger_
    assert again.sample(50).equals(model.sample(50))
    assert not again.ledger_.guaranteed
    assert "noise follows from a seed" in str(again.ledger_)


@pytest.mark.parametrize("column", [["x"] * 50, pa.array([None] * 50, pa.string())])
def test_the_ledger_is_kept_where_nothing_is_learned(column, tmp_path):
    model = la.Private(noise_seed=0, random_state=0).fit(pa.table({"c": column}))
    assert not model.encoder_.layout_.blocks
    model.save(tmp_path / "m.lookalike")
    assert la.load(tmp_path / "m.lookalike").ledger_ == model.ledger_
    model.ledger_ = None
    model.save(tmp_path / "lost.lookalike")
    with pytest.raises(ModelFileError, match="privacy"):
        la.load(tmp_path / "lost.lookalike")


def test_a_forged_ledger_is_refused(fitted, tmp_path, monkeypatch):
    model = fitted["mst"]
    monkeypatch.setattr(model.ledger_, "rho", model.ledger_.rho / 2)
    model.save(tmp_path / "m.lookalike")
    with pytest.raises(ModelFileError, match="ledger is spent"):
        la.load(tmp_path / "m.lookalike")


def test_conditions_are_met(fitted):
    drawn = fitted["mst"].sample(200, given={"town": "Kiel", "age": (30, 40)})
    assert set(drawn["town"]) == {"Kiel"}
    assert drawn["age"].between(30, 40).all()


@pytest.mark.parametrize("random_state", [None, 7, np.random.default_rng(0)])
def test_a_fit_changes_no_parameter(random_state):
    model = la.Private(noise_seed=0, random_state=random_state)
    before = model.get_params()
    first = model.fit(people(200)).seed_
    assert model.get_params() == before
    again = model.fit(people(200)).seed_
    assert (first == again) is (random_state == 7)


def test_rules_hold_and_training_rows_are_not_checked_for_them():
    frame = people(500)
    frame.loc[3, ["age", "gain"]] = 20, 10**6
    rules = ["age >= 18", "gain <= 500000"]
    model = la.Private(domain={"gain": (0, 10**6)}, noise_seed=0, random_state=0)
    for broken in ("refuse", "repair"):
        drawn = model.fit(frame, rules=rules, broken=broken).sample(2_000)
        assert drawn["gain"].dropna().max() <= 500_000
    schema = replace(la.Schema.infer(frame), rules=tuple(rules))
    assert model.fit(frame, schema=schema).sample(2_000)["gain"].dropna().max() <= 500_000
    for broken in ("drop", "keep"):
        with pytest.raises(ParameterError, match="does not look for training rows"):
            model.fit(frame, rules=rules, broken=broken)


def test_two_fits_differ_in_their_noise():
    one, other = (la.Private(random_state=0).fit(people(300)) for _ in range(2))
    assert one.ledger_.guaranteed
    assert not one.sample(100).equals(other.sample(100))


def test_canaries_do_not_come_out(tmp_path):
    frame = people(1_000)
    frame.loc[7, "town"] = "Zz-canary-Q"
    frame.loc[8, "weight"] = 987654.25
    model = la.Private(epsilon=1, noise_seed=2, random_state=0).fit(frame)
    drawn = model.sample(20_000)
    assert "Zz-canary-Q" not in set(drawn["town"].dropna())
    assert drawn["weight"].max() < 900_000
    model.save(tmp_path / "m.lookalike")
    content = (tmp_path / "m.lookalike").read_bytes()
    assert b"Zz-canary" not in content


def test_categories_that_no_row_has_stay_inside(tmp_path):
    frame = people(500)
    frame["town"] = pd.Categorical(frame["town"], [*frame["town"].unique(), "Zz-canary-Q"])
    model = la.Private(epsilon=5, noise_seed=1, random_state=0).fit(frame)
    model.save(tmp_path / "m.lookalike")
    with zipfile.ZipFile(tmp_path / "m.lookalike") as archive:
        assert all(b"Zz-canary" not in archive.read(name) for name in archive.namelist())
    town = model.sample(10)["town"].astype("category")
    assert "Zz-canary-Q" not in town.cat.categories


def test_ends_of_ranges_are_powers_of_two_and_levels_are_sorted():
    low, high = find_range(np.full(500, 37.31), 0.5, Entropy(0))
    assert (low, high) == (32.0, 64.0)
    rows = pa.array(["c"] * 300 + ["a"] * 200 + ["b"] * 250)
    assert measure_levels("x", rows, None, 0.5, 1e-6, Entropy(0)).levels == ("a", "b", "c")


def test_noise_does_not_follow_from_the_seed_of_a_file():
    one, other = (la.Private(random_state=5).fit(people(200)) for _ in range(2))
    assert one.seed_ == other.seed_
    assert one.n_rows_ != other.n_rows_ or not one.sample(50).equals(other.sample(50))


def test_nothing_of_the_table_is_kept_but_through_noise(fitted):
    model = fitted["mst"]
    assert model.fingerprint_ != la.Independent(random_state=0).fit(people()).fingerprint_
    assert model.n_rows_ != 4_000


def test_ugly_tables():
    tables = [
        {"x": [1.0]},
        {"x": pa.array([None, None], pa.float64()), "c": ["a", "b"]},
        {"c": ["x"] * 50},
        {"x": [np.inf, -np.inf, np.nan, 1e300], "b": [True, False, None, True]},
        {"wide": [str(i) for i in range(3_000)]},
        {"d": pa.array([1, 2, 3], pa.date32()), "t": pa.array([5, 6, None], pa.time64("us"))},
    ]
    for columns in tables:
        model = la.Private(noise_seed=0, random_state=0).fit(pa.table(columns))
        assert model.sample(20).column_names == list(columns)


def test_text_with_a_range_is_a_number(tmp_path):
    path = tmp_path / "people.csv"
    people(2_000)[["age", "old", "weight"]].to_csv(path, index=False)
    model = la.Private(epsilon=5, domain={"age": (18, 90)}, noise_seed=0, random_state=0).fit(
        path, kinds={"weight": "continuous"}
    )
    drawn = model.sample(500, as_="pandas")
    assert pd.to_numeric(drawn["age"]).dropna().between(18, 90).all()
    assert pd.to_numeric(drawn["weight"]).mean() == pytest.approx(70, abs=8)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"epsilon": 0}, "epsilon"),
        ({"epsilon": -1}, "epsilon"),
        ({"delta": 0.5}, "delta"),
        ({"delta": 1e-30}, "delta"),
        ({"method": "pgm"}, "method"),
        ({"entity": "age"}, "go together"),
        ({"rows_per_entity": 2}, "go together"),
        ({"entity": "agge", "rows_per_entity": 2}, "'age'"),
        ({"entity": "age", "rows_per_entity": 0}, "rows_per_entity"),
        ({"domain": {"agge": (0, 1)}}, "'age'"),
        ({"domain": {"age": (5, 1)}}, "finite and increasing"),
        ({"domain": {"age": 5}}, "a range"),
        ({"domain": {"old": []}}, "a range"),
        ({"domain": 3}, "domain"),
    ],
)
def test_bad_parameters(options, words):
    with pytest.raises(ParameterError, match=words):
        la.Private(**options).fit(people(50))


def test_two_numbers_are_levels_where_the_column_is_categorical():
    frame = pd.DataFrame({"code": [1, 5] * 300, "x": np.arange(600.0)})
    model = la.Private(epsilon=5, domain={"code": [5, 1]}, noise_seed=0, random_state=0)
    drawn = model.fit(frame, kinds={"code": "categorical"}).sample(300)
    assert set(drawn["code"].dropna().astype(int)) == {1, 5}


def test_no_rows():
    with pytest.raises(DataError, match="must have rows"):
        la.Private().fit(people(0))


# --- owners of several rows -----------------------------------------------------------------------


def visits(rows: int = 3_000) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    return people(rows).assign(who=rng.integers(0, rows // 6, rows))


def test_owners_are_clipped_and_not_learned(tmp_path):
    model = la.Private(
        epsilon=5, entity="who", rows_per_entity=2, noise_seed=0, random_state=0
    ).fit(visits())
    drawn = model.sample(500)
    assert list(drawn.columns) == list(people(1).columns)
    # Of some 500 owners with six rows on average, two each are used.
    assert model.n_rows_ == pytest.approx(1_000, rel=0.1)
    assert "one 'who' with at most 2 rows" in str(model.ledger_)
    assert model.ledger_.rho == pytest.approx(rho_of(5, 5e-10) / 4)
    model.save(tmp_path / "m.lookalike")
    assert la.load(tmp_path / "m.lookalike").ledger_ == model.ledger_


def test_the_rows_of_an_owner_do_not_depend_on_other_owners():
    table = pa.table({"who": ["a"] * 5 + ["b"] * 5 + [None] * 3, "x": range(13)})
    one = clipped(table, "who", 2, Entropy(1))
    other = clipped(table.slice(0, 5), "who", 2, Entropy(1))
    assert one.column_names == ["x"]
    assert one["x"].to_pylist()[:2] == other["x"].to_pylist()
    assert [sum(x < 5 for x in one["x"].to_pylist()), len(one)] == [2, 4]
    with pytest.raises(ParameterError, match="besides its entity"):
        clipped(table.select(["who"]), "who", 2, Entropy(1))


def test_a_level_of_one_owner_does_not_come_out():
    frame = visits(2_000)
    frame.loc[frame["who"] == 7, "town"] = "Zz-canary-Q"
    options = {"entity": "who", "rows_per_entity": 10, "random_state": 0}
    for seed in range(3):
        model = la.Private(epsilon=3, delta=1e-6, noise_seed=seed, **options).fit(frame)
        assert "Zz-canary-Q" not in set(model.sample(5_000)["town"].dropna())


def test_a_ledger_of_many_rows_cannot_be_forged():
    ledger = PrivacyLedger.of(1.0, 1e-6, entity="who", rows=5)
    assert PrivacyLedger.from_dict(ledger.to_dict()) == ledger
    with pytest.raises(ParameterError, match="of one owner"):
        PrivacyLedger.from_dict({**ledger.to_dict(), "rows": 6})


# --- the network of AIM ---------------------------------------------------------------------------


def cyclic() -> tuple[list[int], dict[tuple[int, ...], np.ndarray], np.ndarray]:
    """Return sizes, factors and the joint distribution of five columns in cycles."""
    rng, sizes = np.random.default_rng(0), [2, 3, 4, 2, 3]
    sets = [(0,), (1,), (2,), (3,), (4,), (0, 1), (1, 2), (2, 3), (0, 3), (1, 3, 4)]
    factors = {one: rng.normal(size=[sizes[k] for k in one]) for one in sets}
    logs = sum(
        own.reshape([sizes[k] if k in one else 1 for k in range(5)]) for one, own in factors.items()
    )
    joint = np.exp(logs)
    return sizes, factors, joint / joint.sum()


def test_marginals_and_conditionals_are_exact():
    sizes, factors, joint = cyclic()
    net, every = MarkovNetwork(sizes, factors), (0, 1, 2, 3, 4)
    for one in factors:
        assert np.allclose(net.marginal(one), margin(joint, every, one))
    product = np.ones(sizes)
    for one, scope in net.elimination.scopes.items():
        order = np.argsort(scope)
        own = net.conditionals[one].transpose(order)
        product = product * own.reshape([sizes[k] if k in scope else 1 for k in every])
    assert np.allclose(product, joint)


def test_a_network_is_fitted_to_tables_that_agree():
    sizes, factors, joint = cyclic()
    every = tuple(range(5))
    tables = [NoisyTable(one, margin(joint, every, one), 1.0) for one in factors]
    net = MarkovNetwork.of([margin(joint, every, (k,)) for k in every])
    for table in tables:
        net = net.moved(table)
    net = net.fitted(tables, 200)
    for one in factors:
        assert np.allclose(net.marginal(one), margin(joint, every, one), atol=1e-3)
    assert net.elimination.cells < np.prod(sizes)


def test_aim_finds_what_three_columns_have_in_common():
    """Two coins and their exclusive or: pairs tell nothing of it."""
    rng = np.random.default_rng(0)
    a, b = rng.random((2, 6_000)) < 0.5
    frame = pd.DataFrame({"a": a, "b": b, "c": a ^ b, "d": rng.random(6_000) < 0.3})
    share = {}
    for method in ("mst", "aim"):
        model = la.Private(epsilon=4, method=method, noise_seed=0, random_state=0).fit(frame)
        drawn = model.sample(2_000).dropna().astype(bool)
        share[method] = ((drawn["a"] ^ drawn["b"]) == drawn["c"]).mean()
        assert model.ledger_.spent == pytest.approx(model.ledger_.rho, rel=1e-6)
    assert share["aim"] > 0.95
    assert share["mst"] < 0.6


def test_a_row_changes_the_scores_of_aim_by_one_at_most():
    rng = np.random.default_rng(0)
    models = [rng.integers(0, 50, 12) for _ in range(200)]
    truth = [rng.integers(0, 50, 12) for _ in models]
    more = [one + (np.arange(12) == rng.integers(12)) for one in truth]
    scores = [errors_beyond_noise(one, models, 0.7, 3.0) for one in (truth, more)]
    assert 0.99 < np.abs(scores[0] - scores[1]).max() <= 1 + 1e-9


def test_aim_on_a_table_of_one_row_and_of_two_columns():
    for table in ({"a": ["x"], "b": [1]}, {"a": ["x", "y"] * 300, "b": [1, 2] * 300}):
        model = la.Private(method="aim", noise_seed=0, random_state=0).fit(pa.table(table))
        assert model.sample(10).num_rows == 10


def test_a_round_of_aim_on_a_wide_table_looks_at_few_tables(monkeypatch):
    rng, sizes, calls = np.random.default_rng(0), [4] * 120, []
    every = _private_aim._candidates(sizes, rng)
    assert len(every) == len(set(every)) <= 4_400
    assert {len(one) for one in every} == {2, 3}
    rounds = [_private_aim._looked_at(every, rng) for _ in range(2)]
    assert rounds[0] != rounds[1]
    assert {len(one) for one in rounds} == {600}

    def counted(*given):
        calls.append(given)
        return eliminated(*given)

    monkeypatch.setattr(_private_aim, "eliminated", counted)
    # What one scope holds is known to be affordable.
    inside = [(0, 1), (0, 2), (1, 2), (0, 1, 2)]
    assert _private_aim._affordable(inside, [(0, 1, 2)], sizes, 0.5) == inside
    assert len(calls) == 1
    # Nothing is affordable: the smallest is.
    assert _private_aim._affordable([(0, 1, 2), (0, 1)], [], sizes, 0.0) == [(0, 1)]


def test_a_few_columns_are_looked_at_whole_in_each_round():
    rng = np.random.default_rng(0)
    every = _private_aim._candidates([4] * 15, rng)
    assert _private_aim._looked_at(every, rng) == every
    assert len(every) == 105 + 400
