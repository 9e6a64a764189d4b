"""Attacks with control groups: nothing where nothing leaks, a ladder where rows are copied."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest

import lookalike as la
from lookalike.errors import DataError, NotFittedError, ParameterError, SchemaError
from lookalike.privacy import PrivacyAudit, audit


def people(rows: int, seed: int) -> pa.Table:
    """Return rows whose columns depend on each other, with missing cells and odd letters."""
    rng = np.random.default_rng(seed)
    age = rng.integers(18, 90, rows)
    pay = np.exp(rng.normal(7 + age / 60, 0.6)).round(2)
    town = rng.choice(["Ülm", "Kiel", "北京", "a b"], rows, p=[0.5, 0.3, 0.19, 0.01])
    ill = rng.random(rows) < age / 150
    return pa.table(
        {
            "age": pa.array(age, mask=rng.random(rows) < 0.1),
            "pay": pay,
            "town": town,
            "ill": ill,
            "height": (rng.normal(172, 9, rows)).round(1),
        }
    )


TRAIN, CONTROL, OTHERS = people(600, 1), people(600, 2), people(600, 3)


def copied(share: float) -> pa.Table:
    """Return synthetic rows of which a share are learned rows."""
    count = round(share * len(TRAIN))
    return pa.concat_tables([TRAIN.slice(0, count), OTHERS.slice(count)])


@pytest.fixture(scope="module")
def ladder() -> list[PrivacyAudit]:
    return [audit(TRAIN, copied(p), CONTROL, secrets=["town"]) for p in (0, 0.2, 0.6, 1)]


def test_real_rows_of_the_same_population_give_nothing_away(ladder):
    honest = ladder[0]
    assert not honest.leaks
    assert honest.strongest.low < 0.5 < honest.strongest.high
    assert honest.copies.value == honest.copies_of_others.value == 0
    assert "no proof of privacy" in honest.answer
    assert "anonym" not in repr(honest).casefold()


def test_the_more_is_copied_the_more_is_found(ladder):
    areas = [one.strongest.area for one in ladder]
    found = [one.strongest.rates[0].found.value for one in ladder]
    shares = [one.copies.value for one in ladder]
    risks = [[risk.residual for risk in one.risks] for one in ladder]
    for rising in (areas, found, shares, *zip(*risks, strict=True)):
        assert list(rising) == sorted(rising)
    assert areas[-1] > 0.99
    assert shares == pytest.approx([0, 0.2, 0.6, 1])
    assert found[1] == pytest.approx(0.2, abs=0.1)
    assert ladder[1].leaks
    assert min(risks[-1]) > 0.8


@pytest.mark.slow
def test_alarms_are_as_rare_as_stated():
    audits = []
    for seed in range(6):
        tables = [people(160, 100 + 3 * seed + part) for part in range(3)]
        audits.append(audit(*tables, secrets=["ill"], random_state=seed))
    areas = [one.strongest.area for one in audits]
    assert np.mean(areas) == pytest.approx(0.5, abs=0.08)
    inside = [one.strongest.low <= 0.5 <= one.strongest.high for one in audits]
    assert sum(inside) >= 4
    assert sum(one.leaks for one in audits) <= 2


def test_independent_columns_give_nothing_away():
    model = la.Independent(random_state=0).fit(TRAIN)
    found = audit(TRAIN, model.sample(600), CONTROL, model=model, secrets=["town"])
    assert not found.leaks


def test_copies_of_a_few_outliers_are_found_in_their_group():
    pay = TRAIN["pay"].to_numpy()
    far = np.argsort(-pay)[:60]
    synthetic = pa.concat_tables([OTHERS.slice(0, 540), TRAIN.take(far)])
    found = audit(TRAIN, synthetic, CONTROL, secrets=["town"])
    assert found.group is not None
    assert found.leaks


def test_the_most_exposed_group_has_no_rows_and_no_distances(ladder):
    values = json.loads(ladder[2].to_json())
    assert set(values["group"]) == {"group", "members", "others", "area", "low", "high"}
    assert len(ladder[2].to_json()) < 20_000


def test_shadow_models_find_a_copying_model():
    learned, control = TRAIN.slice(0, 200), CONTROL.slice(0, 200)
    model = la.Smote(refine={"correct": False}, random_state=0).fit(learned)
    report = audit(learned, model.sample(400), control, model=model, level=2, secrets=["town"])
    names = {one.attack for one in report.membership}
    assert {"RMIA", "shadow z-score", "stack"} < names
    assert report.strongest.area > 0.7
    assert "shadow models" in report.knowledge


def test_shadow_models_are_the_same_from_any_processes():
    learned, control = TRAIN.slice(0, 120), CONTROL.slice(0, 120)
    model = la.Independent(random_state=0).fit(learned)
    given = {"model": model, "level": 2, "secrets": ["town"]}
    texts = [
        audit(learned, model.sample(120), control, n_jobs=jobs, **given).to_json()
        for jobs in (None, 2)
    ]
    assert texts[0] == texts[1]
    with pytest.raises(ParameterError, match="n_jobs"):
        audit(learned, model.sample(120), control, n_jobs=0)


def test_json_and_page_come_back(ladder, tmp_path):
    found = ladder[1]
    again = PrivacyAudit.from_json(found.to_json(tmp_path / "audit.json"))
    assert again == found
    page = found.to_html(tmp_path / "audit.html")
    assert page == again.to_html()
    assert "What was not attacked" in page
    assert "anonym" not in page.casefold()
    with pytest.raises(DataError, match="format 1 or less"):
        PrivacyAudit.from_json('{"format": 9}')


def test_rows_of_both_tables_are_refused():
    mixed = pa.concat_tables([CONTROL.slice(0, 500), TRAIN.slice(0, 100)])
    with pytest.raises(DataError, match="100 of 600 control rows are training rows"):
        audit(TRAIN, OTHERS, mixed)


def test_rows_that_are_equal_by_chance_are_no_overlap():
    def flags(seed: int) -> pa.Table:
        drawn = np.random.default_rng(seed).integers(0, 2, (300, 3))
        return pa.table({name: drawn[:, i].astype(str) for i, name in enumerate("abc")})

    assert not audit(flags(1), flags(2), flags(3)).leaks


@pytest.mark.parametrize(
    ("tables", "options", "error", "words"),
    [
        ((TRAIN, OTHERS, CONTROL.slice(0, 59)), {}, DataError, "at least 60 rows"),
        ((TRAIN.slice(0, 9), OTHERS, CONTROL), {}, DataError, "train must have at least"),
        ((TRAIN, OTHERS.slice(0, 0), CONTROL), {}, DataError, "synthetic has none"),
        ((TRAIN, OTHERS.select(["age"]), CONTROL), {}, SchemaError, "table synthetic"),
        ((TRAIN, OTHERS, CONTROL), {"level": 3}, ParameterError, "level must be 1"),
        ((TRAIN, OTHERS, CONTROL), {"level": 2}, ParameterError, "give the fitted model"),
        ((TRAIN, OTHERS, CONTROL), {"secrets": ["twon"]}, ParameterError, "'town'"),
        ((TRAIN, OTHERS, CONTROL), {"secrets": "town"}, ParameterError, "must be a list"),
        ((TRAIN, OTHERS, CONTROL), {"model": la.Independent()}, NotFittedError, "call fit"),
    ],
)
def test_bad_input_is_one_clear_error(tables, options, error, words):
    with pytest.raises(error, match=words):
        audit(*tables, **options)


@pytest.mark.parametrize("rows", [1, 4])
def test_very_few_synthetic_rows(rows):
    found = audit(TRAIN, OTHERS.slice(0, rows), CONTROL, secrets=["age", "town"])
    assert 0 <= found.strongest.area <= 1


def test_ugly_columns():
    rng = np.random.default_rng(0)

    def ugly(rows: int) -> pa.Table:
        return pa.table(
            {
                "constant": ["x"] * rows,
                "wide": rng.integers(0, 30_000, rows).astype(str),
                "huge": rng.normal(0, 1e300, rows),
                "absent": pa.array([None] * rows, pa.float64()),
                "rare": pa.array([1.5 if i % 50 == 0 else None for i in range(rows)]),
            }
        )

    found = audit(ugly(200), ugly(200), ugly(200), kinds={"wide": "categorical"})
    assert found.facts["columns"] >= 2
    assert not found.leaks
