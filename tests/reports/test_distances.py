"""Distances to the nearest learned row, and repeated cells: copies are seen, chance is not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import lookalike as la
from lookalike.reports import Evaluation, evaluate


def rows(seed: int, count: int = 400) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    town = rng.choice(["Bonn", "Ulm"], count)
    return pd.DataFrame({"x": rng.normal(size=count), "y": rng.normal(size=count), "town": town})


def found(synthetic: pd.DataFrame, holdout: pd.DataFrame | None = None) -> Evaluation:
    return evaluate(rows(0), synthetic, holdout=holdout, metrics=["shape"])


def test_another_sample_is_as_near_as_held_out_rows() -> None:
    distances = found(rows(1), rows(2)).summary.distances
    assert distances is not None
    assert distances.reference == "held_out"
    assert 0.02 < distances.near < 0.1
    histogram = distances.shares.histogram
    assert histogram is not None
    assert sum(histogram.real) == pytest.approx(1, abs=0.05)
    assert all(share == 0 or share > 1 / 400 for share in histogram.real)


def test_rows_that_were_learned_are_seen_to_be_near() -> None:
    copied = pd.concat([rows(0).head(200), rows(1).head(200)])
    distances = found(copied, rows(2)).summary.distances
    assert distances is not None
    assert distances.near > 0.5
    bars = {bar.label: bar for bar in distances.shares.bars}
    assert bars["0: a learned row"].synthetic == pytest.approx(0.5)
    assert bars["0: a learned row"].real == 0


def test_without_held_out_rows_learned_ones_are_the_reference() -> None:
    distances = found(rows(1)).summary.distances
    assert distances is not None
    assert distances.reference == "learned"
    assert 0.02 < distances.near < 0.1


def test_few_rows_have_no_picture() -> None:
    evaluation = evaluate(rows(0, 12), rows(1, 12), metrics=["shape"])
    assert evaluation.summary.distances is None
    assert "Distance to the nearest" not in evaluation.to_html()


def test_cells_are_counted_beside_those_of_held_out_rows() -> None:
    evaluation = found(pd.concat([rows(0).head(100), rows(1).head(300)]), rows(2))
    shares = {one.column: (one.repeated, one.usual) for one in evaluation.summary.origins}
    assert shares == {"x": (0.25, 0.0), "y": (0.25, 0.0), "town": (1.0, 1.0)}
    page = evaluation.to_html()
    assert "May I share this? Column by column" in page
    assert "values are" not in page.split('id="share"')[1].split("</section>")[0].split("<p>")[0]


def test_the_page_says_what_the_model_says() -> None:
    model = la.Independent(random_state=0).fit(rows(0))
    evaluation = evaluate(
        rows(0), model.sample(400), holdout=rows(2), model=model, metrics=["shape"]
    )
    page = evaluation.to_html()
    assert "pooled: x, y; repeated verbatim: town" in page
    again = Evaluation.from_json(evaluation.to_json())
    assert again.summary.distances == evaluation.summary.distances
    assert again.summary.origins == evaluation.summary.origins
    assert again.to_html() == page


def test_rows_of_few_levels_are_as_near_as_real_ones() -> None:
    def drawn(seed: int) -> pd.DataFrame:
        rng = np.random.default_rng(seed)
        return pd.DataFrame({name: rng.choice(["x", "y"], 200) for name in "abc"})

    evaluation = evaluate(drawn(0), drawn(1), holdout=drawn(2), metrics=["shape"])
    distances = evaluation.summary.distances
    assert distances is not None
    assert distances.near == distances.usually == 1.0
