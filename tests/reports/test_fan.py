"""Fans of possible futures: their bands, and how often what came lies within."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest

from lookalike._core.errors import DataError, ParameterError, SchemaError
from lookalike.reports import fans, figures


def futures(count: int = 40, steps: int = 3) -> pd.DataFrame:
    """Return futures whose values at each step are 0, 1, …, one less than their number."""
    number = np.repeat(np.arange(count), steps)
    return pd.DataFrame({"future": number, "load": number.astype(float), "sky": "grey"})


PAST = pd.DataFrame({"load": [1.0, np.nan, 3.0], "sky": "blue"})


def test_bands_are_quantiles_over_futures_and_words_are_left_out() -> None:
    (fan,) = fans(PAST, futures())
    assert fan.column == "load"
    assert fan.past == (1.0, None, 3.0)
    expected = np.quantile(np.arange(40.0), (0.05, 0.25, 0.5, 0.75, 0.95))
    np.testing.assert_allclose(np.array(fan.quantiles), np.tile(expected[:, None], 3))
    assert fan.came == ()
    assert fan.inside is None


def test_what_came_is_counted_where_it_is_known() -> None:
    came = pd.DataFrame({"load": [20.0, np.nan, 39.0, 20.0]})  # the fourth has no future
    (fan,) = fans(PAST, pl.from_pandas(futures()), came, last=2)
    assert fan.past == (None, 3.0)
    assert fan.came == (20.0, None, 39.0)
    assert fan.inside == 0.5


def test_a_step_that_few_futures_know_has_no_band() -> None:
    made = futures()
    made.loc[made["future"].ge(15) & (made.index % 3 == 1), "load"] = np.nan
    (fan,) = fans(PAST, made, pd.DataFrame({"load": [20.0, 20.0, 20.0]}))
    assert [value is None for value in fan.quantiles[0]] == [False, True, False]
    assert fan.inside == 1.0


def test_a_column_of_ones_own_named_future_is_a_column() -> None:
    """`continue_from` then calls its own column ``future'``."""
    made = futures().rename(columns={"future": "future'"}).assign(future=2.5)
    found = fans(PAST.assign(future=1.0), made)
    assert [fan.column for fan in found] == ["load", "future"]


def test_what_is_no_fan_is_refused_in_words() -> None:
    made = futures()
    with pytest.raises(DataError, match="needs 20 futures or more; got 19"):
        fans(PAST, futures(19))
    with pytest.raises(DataError, match="equal numbers of steps"):
        fans(PAST, made[1:])
    with pytest.raises(DataError, match="one after the other"):
        fans(PAST, made.sort_index(ascending=False))
    with pytest.raises(SchemaError, match="begin with a column 'future'"):
        fans(PAST, made.drop(columns="future"))
    with pytest.raises(SchemaError, match="The past must have the column 'load'"):
        fans(PAST[["sky"]], made)
    with pytest.raises(SchemaError, match="What came must have numbers in 'load'"):
        fans(PAST, made, pd.DataFrame({"load": ["much"]}))
    with pytest.raises(ParameterError, match=r"got 'lod'.*'load'"):
        fans(PAST, made, columns=["lod"])
    with pytest.raises(ParameterError, match="1 or more"):
        fans(PAST, made, last=0)


def test_every_column_has_a_panel_that_says_how_much_lies_within() -> None:
    made = futures().assign(wind=1)
    figure = figures.fans(fans(PAST.assign(wind=2), made, PAST.assign(wind=1)))
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles == [
        "load: 50 % of what came lies within the 90 % band",
        "wind: 100 % of what came lies within the 90 % band",
    ]
