"""Relations that hold nearly are found and say why; chance and dependence on others are not."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from lookalike.relations import find_dependencies, infer_schema
from lookalike.tables import Dependency, Schema, conform

N = 2000


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def found(cells, kinds=None):
    table = pa.table(cells)
    schema = infer_schema(table, kinds, dependencies=False)
    return {d.column: d for d in find_dependencies(conform(table, schema), schema)}


def routes(rng, n=N):
    """Return origins, destinations and the distance of each pair."""
    origin, dest = rng.integers(0, 3, n), rng.integers(0, 20, n)
    distance = 100 + 250 * ((origin * 5 + dest) % 8)
    words = [np.char.add(letter, x.astype(str)) for letter, x in (("o", origin), ("d", dest))]
    return {"origin": words[0], "dest": words[1], "distance": distance}


def prices(rng, n=N):
    """Return a low, an opening, a closing and a high price that wander."""
    middle = np.cumsum(rng.normal(size=n)) + 500
    open_, close = middle + rng.normal(0, 0.3, n), middle + rng.normal(0, 0.3, n)
    low = np.minimum(open_, close) - rng.exponential(0.2, n)
    high = np.maximum(open_, close) + rng.exponential(0.2, n)
    cells = {"open": open_, "high": high, "low": low, "close": close}
    return {name: np.round(values, 2) for name, values in cells.items()}


# --- lookups --------------------------------------------------------------------------------------


def test_a_lookup_with_exceptions_is_found_and_says_how_many(rng):
    cells = routes(rng) | {"delay": rng.normal(size=N)}
    cells["distance"][[3, 500, 1500]] += 1
    (dependency,) = found(cells).values()
    assert (dependency.column, dependency.form) == ("distance", "mostly")
    assert set(dependency.on) == {"origin", "dest"}
    assert "all but 3 of 2,000 rows" in dependency.why


def test_a_lookup_on_one_column_is_enough_where_it_will_do(rng):
    city = rng.integers(0, 50, N)
    land = city // 10
    wrong = rng.random(N) < 0.004
    cells = {
        "city": np.char.add("c", city.astype(str)),
        "land": np.char.add("l", np.where(wrong, rng.integers(0, 5, N), land).astype(str)),
        "colour": np.array(["red", "blue"])[rng.integers(0, 2, N)],
    }
    (dependency,) = found(cells).values()
    assert (dependency.column, dependency.on, dependency.form) == ("land", ("city",), "mostly")


def test_exceptions_that_another_column_tells_are_learned(rng):
    cells = routes(rng)
    year = rng.integers(0, 4, N)
    late = (year == 3) & (cells["dest"] == "d7")
    cells["distance"] = cells["distance"] + late
    assert 0 < late.sum() < 0.01 * N * 2
    assert found(cells | {"year": np.char.add("y", year.astype(str))}) == {}


def test_a_second_key_that_tells_little_more_is_none(rng):
    """One of two kinds of exceptions is told by it, the other is not."""
    city, colour = rng.integers(0, 8, N), rng.integers(0, 30, N)
    told = np.flatnonzero((city == 3) & (colour == 7))
    others = np.setdiff1d(rng.permutation(N)[:16], told)
    land = city // 2
    land[told] = 9
    land[others] = (land[others] + 1) % 4
    words = {"city": city, "colour": colour, "land": land}
    cells = {name: np.char.add(name[:2], codes.astype(str)) for name, codes in words.items()}
    assert (len(told) + len(others)) / N > 0.01
    assert len(others) < 0.01 * N
    assert found(cells) == {}


def test_too_many_exceptions_are_no_lookup(rng):
    cells = routes(rng)
    cells["distance"] = cells["distance"] + (rng.random(N) < 0.03)
    assert found(cells) == {}


def test_what_is_constant_anyway_is_no_lookup(rng):
    cells = {
        "many": np.char.add("m", rng.integers(0, 100, N).astype(str)),
        "rare": np.where(rng.random(N) < 0.006, "yes", "no"),
    }
    assert found(cells) == {}


# --- differences ----------------------------------------------------------------------------------


def test_moments_that_follow_each_other_are_told_by_the_time_between(rng):
    start = rng.integers(0, 30 * 86_400, N)
    cells = {"start": start, "end": start + rng.integers(0, 3_600, N)}
    cells = {k: pa.array(v * 10**6).cast(pa.timestamp("us")) for k, v in cells.items()}
    (dependency,) = found(cells).values()
    assert (dependency.form, dependency.coefficients) == ("offset", (1.0,))
    ordered = {"end": ("start", ()), "start": ((), "end")}
    low, high = ordered[dependency.column]
    assert dependency.at_least == ((low,) if low else ())
    assert dependency.at_most == ((high,) if high else ())
    assert "rank correlation" in dependency.why


def test_prices_are_one_tree_with_all_their_orders(rng):
    dependencies = found(prices(rng))
    assert len(dependencies) == 3
    root = ({"open", "high", "low", "close"} - set(dependencies)).pop()
    known = {root}
    orders = set()
    for dependency in dependencies.values():
        assert set(dependency.on) | dependency.needs <= known
        orders |= {(name, dependency.column) for name in dependency.at_least}
        orders |= {(dependency.column, name) for name in dependency.at_most}
        known.add(dependency.column)
    whole = {("low", x) for x in ("open", "close", "high")} | {
        (x, "high") for x in ("open", "close")
    }
    assert orders == whole


def test_a_quotient_is_taken_where_it_is_steadier(rng):
    size = np.exp(rng.normal(0, 2, N))
    cells = {"net": size, "gross": size * (1 + rng.random(N) / 10)}
    (dependency,) = found(cells).values()
    assert dependency.form == "ratio"
    cells["gross"][7] = -1.0
    assert {d.form for d in found(cells).values()} <= {"offset"}


@pytest.mark.parametrize(
    ("parent", "factor", "noise", "decimals"),
    [
        (lambda z: np.round(7_000 + 2_000 * z), 0.00076, 0.02, 3),
        (lambda z: z, -2.0, 0.02, 15),
        (lambda z: z * 1e20, 1e-20, 0.01, 15),
        (lambda z: z, 1e20, 1e18, None),
        (lambda z: np.round(1.6e9 + 1e7 * z), 1000.0, 300.0, 0),
        (lambda z: np.where(z < 0, 0.0, np.round(1_000 * z)), 2.54, 1.0, 1),
    ],
    ids=["steps", "falling", "from 1e20", "to 1e20", "epochs", "zeros"],
)
def test_a_column_of_another_scale_is_told_by_a_factor(rng, parent, factor, noise, decimals):
    x = parent(rng.normal(size=N))
    y = factor * x + 5 + noise * rng.normal(size=N) * (x != 0)
    y = y if decimals is None else np.round(y, decimals)
    (dependency,) = found({"x": x, "y": y}).values()
    named = dict(zip(("column", "on"), (dependency.column, dependency.on[0]), strict=True))
    due = factor if named == {"column": "y", "on": "x"} else 1 / factor
    assert dependency.form == "offset"
    assert dependency.coefficients[0] == pytest.approx(due, rel=0.01)
    rest = {"x": x, "y": y}[dependency.column] - dependency.coefficients[0] * {"x": x, "y": y}[
        dependency.on[0]
    ]
    assert np.std(rest) < 0.2 * np.std({"x": x, "y": y}[dependency.column])


def test_a_curve_is_told_by_no_difference(rng):
    x = np.exp(rng.normal(size=N))
    assert found({"x": x, "y": x**3 * (1 + 0.001 * rng.normal(size=N))}) == {}


def test_one_great_number_that_two_columns_share_makes_neither_of_the_other(rng):
    x, y = rng.normal(size=(2, N))
    x[5] = y[5] = 1e20
    assert found({"x": x, "y": y, "z": rng.normal(size=N)}) == {}


def test_an_order_of_ranges_that_do_not_meet_is_none(rng):
    x = rng.normal(size=N)
    (dependency,) = found({"x": x, "y": x + 100 + 0.01 * rng.random(N)}).values()
    assert dependency.needs == set(dependency.on)


def test_many_columns_that_are_nearly_one_are_one_tree(rng):
    x = np.cumsum(rng.normal(size=200))
    cells = {f"c{i}": x + 0.01 * i + 0.001 * rng.random(200) for i in range(60)}
    dependencies = found(cells)
    assert len(dependencies) == 59
    assert max(len(d.needs) for d in dependencies.values()) <= 17


def test_values_of_its_own_are_not_lost_to_a_difference(rng):
    cost = rng.normal(1000, 300, N)
    price = cost + rng.normal(0, 5, N)
    ninety_nine = np.where(rng.random(N) < 0.8, np.round(price, -1) - 0.01, np.round(price, 2))
    assert "price" not in found({"cost": np.round(cost, 2), "price": ninety_nine})
    # rounding gives these back
    assert "price" in found({"cost": np.round(cost, 2), "price": np.round(price, -1)})


def test_a_column_is_never_told_by_one_that_is_missing_alone(rng):
    start = rng.integers(10**6, 10**9, N)
    end = pa.array(start + rng.integers(0, 1000, N))
    gone = pa.array(start, mask=rng.random(N) < 0.3)
    (dependency,) = found({"start": gone, "end": end}).values()
    assert (dependency.column, dependency.on) == ("start", ("end",))
    other = pa.array(end.to_numpy(), mask=rng.random(N) < 0.3)
    assert found({"start": gone, "end": other}) == {}


def test_related_columns_are_not_nearly_equal(rng):
    x = rng.normal(size=N)
    assert found({"x": x, "y": x + rng.normal(0, 0.3, N)}) == {}
    few = rng.normal(size=40)
    assert found({"x": few, "y": few + rng.normal(0, 0.001, 40)}) == {}


# --- sums -----------------------------------------------------------------------------------------


def test_a_total_with_a_fee_that_is_not_shown(rng):
    fare, tip = rng.integers(250, 9000, N), rng.integers(0, 900, N)
    fee = rng.choice([0, 50, 330], N, p=[0.2, 0.3, 0.5])
    cells = {
        "fare": fare / 100,
        "tip": tip / 100,
        "total": (fare + tip + fee) / 100,
        "distance": fare / 300 + rng.normal(0, 3, N),
    }
    (dependency,) = found(cells).values()
    assert (dependency.column, dependency.form) == ("total", "offset")
    assert dict(zip(dependency.on, dependency.coefficients, strict=True)) == {"fare": 1, "tip": 1}
    assert set(dependency.at_least) == {"fare", "tip"}
    assert "3 distinct values" in dependency.why


def test_a_sum_with_a_rest_of_many_values_is_learned(rng):
    a, b = rng.normal(0, 10, N), rng.normal(0, 10, N)
    assert found({"a": a, "b": b, "c": a + b + rng.normal(0, 4, N)}) == {}


# --- often equal ----------------------------------------------------------------------------------


def test_a_column_that_repeats_another_in_many_rows(rng):
    area = rng.integers(500, 50_000, N)
    around = np.where(rng.random(N) < 0.3, area, rng.integers(500, 50_000, N))
    dependencies = found({"area": area, "around": around, "x": rng.normal(size=N)})
    (dependency,) = dependencies.values()
    assert dependency.form == "equal"
    assert {dependency.column, *dependency.on} == {"area", "around"}
    assert "equal in 3" in dependency.why


def test_a_common_value_makes_no_columns_equal(rng):
    def spiky():
        return np.where(rng.random(N) < 0.5, 0, rng.integers(0, 5_000, N))

    assert found({"gain": spiky(), "loss": spiky()}) == {}


def test_values_that_are_frequent_in_one_of_the_columns_make_them_equal_by_chance(rng):
    n, shared, own = 10_000, np.arange(1, 11), np.arange(100, 400)
    child = np.concatenate([np.repeat(shared, 95), own, np.zeros(n - 950 - 300, int)])
    child = child[rng.permutation(n)]
    parent = np.where(rng.random(n) < 0.1, 0, rng.choice(shared, n))
    at = np.flatnonzero(child >= 100)[:50]
    parent[at] = child[at]
    uncommon = child > 0
    assert np.mean(parent[uncommon] == child[uncommon]) > 0.05  # enough, if chance gave less
    assert found({"parent": parent, "child": child}) == {}


# --- the schema -----------------------------------------------------------------------------------


def test_they_come_back_from_json_and_older_files_are_read(rng):
    schema = infer_schema(pa.table(prices(rng, 500)))
    assert len(schema.dependencies) == 3
    assert Schema.from_json(schema.to_json()) == schema
    old = {"column": "b", "on": ["a"], "form": "linear", "coefficients": [2.0], "constant": 1.0}
    assert Dependency.from_dict(old) == Dependency("b", ("a",), "linear", (2.0,), 1.0)


@pytest.mark.parametrize("seed", range(3))
def test_nothing_is_found_among_independent_columns(seed):
    rng = np.random.default_rng(seed)
    cells = {f"n{i}": rng.normal(size=300) for i in range(6)}
    cells |= {f"i{i}": rng.poisson(40, 300) for i in range(6)}
    cells |= {f"c{i}": np.char.add("l", rng.integers(0, 12, 300).astype(str)) for i in range(6)}
    cells |= {f"r{i}": np.where(rng.random(300) < 0.02, "yes", "no") for i in range(4)}
    assert found(cells) == {}


@pytest.mark.parametrize("size", [1e-300, 1e-100, 1e150, 1e300])
def test_numbers_that_cannot_be_squared_are_no_trouble(rng, size):
    x = rng.normal(size=N) * size
    near = x + rng.normal(size=N) * size * 1e-3
    total = x + near + np.where(rng.random(N) < 0.5, size, 0)
    dependencies = found({"x": x, "near": near, "total": total, "spiky": np.where(x > 0, x, 0)})
    assert all(d.form != "linear" for d in dependencies.values())
