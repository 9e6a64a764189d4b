"""Every figure can be drawn from any values, without pyplot and without a trace."""

from __future__ import annotations

import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure

from lookalike.metrics import ColumnShare, Score
from lookalike.reports import (
    Associations,
    Bar,
    ColumnRow,
    Evaluation,
    Histogram,
    Marginal,
    figures,
)
from lookalike.reports.figures._heatmaps import worst_columns
from lookalike.reports.figures._marginal import _say
from lookalike.reports.figures._style import REAL, SYNTHETIC, percent

FLAT = Histogram((0.0, 1.0), (0.0,), (0.0,))
MARGINALS = {
    "nothing": Marginal("x"),
    "no rows": Marginal("x", (), FLAT),
    "all missing": Marginal("x", (Bar("missing", 1.0, 1.0, "missing"),)),
    "one level": Marginal("x", (Bar("a", 1.0, 1.0),)),
    "none at all": Marginal("x", (Bar("a", 0.0, 0.0),)),
    "numbers": Marginal("x", (), Histogram((0.0, 1.0, 2.0), (0.5, 0.5), (1.0, 0.0))),
    "huge numbers": Marginal("x", (), Histogram((-1e300, 0.0, 1e300), (0.5, 0.5), (1.0, 0.0))),
    "tiny numbers": Marginal("x", (), Histogram((0.0, 1e-300), (1.0,), (1.0,))),
    "dates": Marginal("x", (), Histogram((0.0, 9e3), (1.0,), (1.0,), axis="date")),
    "all dates": Marginal("x", (), Histogram((-719161.5, 2932895.0), (1.0,), (1.0,), axis="date")),
    "one second": Marginal("x", (), Histogram((0.0, 1e-5), (1.0,), (1.0,), axis="date")),
    "no calendar": Marginal("x", (), Histogram((0.0, 9e8), (1.0,), (1.0,), axis="date")),
    "clock": Marginal("x", (), Histogram((0.0, 24.0), (1.0,), (1.0,), axis="clock")),
    "hours": Marginal("x", (), Histogram((0.0, 500.0), (1.0,), (1.0,), axis="h")),
}


def svg(figure: Figure) -> str:
    assert isinstance(figure, Figure)
    return figures.to_svg(figure, label="a <label>", salt="test")


def square(size: int, value: float | None = 0.5) -> tuple[tuple[float | None, ...], ...]:
    return tuple(tuple(value for _ in range(size)) for _ in range(size))


@pytest.mark.parametrize("name", MARGINALS)
def test_marginals(name: str) -> None:
    assert svg(figures.marginal(MARGINALS[name])).endswith("</svg>")


@pytest.mark.parametrize("size", [0, 1, 2, 15, 60])
@pytest.mark.parametrize("value", [0.5, None])
def test_heatmaps(size: int, value: float | None) -> None:
    names = tuple(f"a rather long name of column {place}" for place in range(size))
    drawn = Associations(names, square(size, value), square(size, -0.5))
    assert svg(figures.heatmaps(drawn)).count("<image") == (0 if size < 2 else 6)


def test_heatmaps_of_many_columns_keep_the_worst_in_order() -> None:
    real = np.zeros((50, 50))
    real[40, 7] = real[7, 40] = 0.9
    cells = tuple(map(tuple, real.tolist()))
    drawn = Associations(tuple(map(str, range(50))), cells, square(50, 0.0))
    assert worst_columns(drawn, 2) == [7, 40]
    assert len(worst_columns(drawn, 30)) == 30


@pytest.mark.parametrize("count", [0, 1, 40])
def test_importances(count: int) -> None:
    svg(figures.importances([ColumnShare(f"column {i}", 1 / (i + 1)) for i in range(count)]))


@pytest.mark.parametrize(
    "score",
    [
        Score("shape", None, None, None, "higher", 0, 1, "why"),
        Score("shape", 0.5, 0.5, 0.5, "higher", 0, 1),
        Score("shape", 0.9, 1.0, 0.5, "higher", 0, 1),
        Score("shape", -7.0, 1.0, 0.5, "higher", 0, 1),
        Score("correlation_difference", 0.0, 0.5, 1.0, "lower", 0, 2),
    ],
)
def test_score_bars(score: Score) -> None:
    svg(figures.score_bar(score))
    svg(figures.score_bars([score, score]))
    svg(figures.score_bars([]))


def test_worst_without_scores_and_with() -> None:
    row = ColumnRow("x", "integer", "", True, {"shape": 0.7}, {"shape": 0.9}, {}, 0, 0, 1, 1)
    bare = ColumnRow("y", "text", "", False, {}, {}, {}, 0, 0, 1, 1)
    svg(figures.worst([], []))
    assert "30.0 %" in svg(figures.worst([row, bare], []))


def test_correlation_differences_list_columns_of_numbers_and_their_mean() -> None:
    def row(name: str, **score: float) -> ColumnRow:
        real = dict.fromkeys(score, 0.01)
        return ColumnRow(name, "continuous", "", True, score, real, {}, 0, 0, 1, 1)

    rows = [row(f"c{i}", correlation_difference=0.1 * i) for i in range(4)] + [row("words")]
    figure = figures.correlation_differences(rows, most=2)
    labels = [tick.get_text() for tick in figure.axes[0].get_yticklabels()]
    assert labels == ["c2", "c3", "mean of all columns"]
    # The mean is that of all columns, also of those that are not drawn.
    assert "0.1500" in svg(figure)
    assert "no two columns of numbers" in svg(figures.correlation_differences([row("words")]))


def test_a_sheet_holds_each_column_as_it_is_drawn_alone() -> None:
    shown = list(MARGINALS.values())
    sheet = figures.marginals(shown)
    assert len(sheet.axes) == sum(len(figures.marginal(one).axes) for one in shown)
    assert len(figures.marginals(shown, most=1).axes) == len(figures.marginal(shown[0]).axes)
    svg(sheet)
    svg(figures.marginals([]))
    boxes = [axes.get_position() for axes in sheet.axes]
    overlaps = [
        (a, b)
        for i, a in enumerate(boxes)
        for b in boxes[i + 1 :]
        if a.x0 < b.x1 and b.x0 < a.x1 and a.y0 < b.y1 - 1e-9 and b.y0 < a.y1 - 1e-9
    ]
    assert not overlaps
    assert all(box.y0 >= 0 and box.y1 <= 1 for box in boxes)


def test_a_figure_is_the_same_on_every_run(evaluation: Evaluation) -> None:
    for drawn in evaluation.summary.marginals:
        assert svg(figures.marginal(drawn)) == svg(figures.marginal(drawn))


def test_figures_use_css_colours_and_no_links() -> None:
    text = svg(figures.marginal(Marginal("x", (Bar("a", 0.4, 0.6),))))
    assert "var(--real)" in text
    assert "var(--synthetic)" in text
    assert REAL not in text
    assert SYNTHETIC not in text
    assert "http" not in text
    assert "<style" not in text
    assert 'aria-label="a &lt;label&gt;"' in text


def test_figures_of_other_salts_have_other_ids() -> None:
    figure = figures.marginal(MARGINALS["numbers"])
    texts = [figures.to_svg(figure, label="", salt=salt) for salt in ("a", "b")]
    assert texts[0] != texts[1]


def test_labels_are_escaped_and_no_mathematics() -> None:
    text = svg(figures.marginal(Marginal("x", (Bar("<b>$x_1$", 0.4, 0.6),))))
    assert "&lt;b&gt;$x_1$" in text


def test_the_users_own_settings_neither_matter_nor_change() -> None:
    plain = svg(figures.marginal(MARGINALS["numbers"]))
    with mpl.rc_context({"axes.facecolor": "black", "font.size": 30, "text.usetex": True}):
        before = dict(mpl.rcParams)
        assert svg(figures.marginal(MARGINALS["numbers"])) == plain
        assert dict(mpl.rcParams) == before


@pytest.mark.parametrize(
    ("value", "span", "words"),
    [
        (0.0, 1.0, "0"),
        (1e-12, 1.0, "0"),
        (1200.0, 2000.0, "1200"),
        (15000.0, 2e4, "15k"),
        (2500000.0, 5e6, "2.5M"),
        (3e9, 5e9, "3G"),
        (-2e300, 1e300, "-2e+300"),
        (2e-300, 5e-300, "2e-300"),
        (0.25, 1.0, "0.25"),
    ],
)
def test_ticks_in_words(value: float, span: float, words: str) -> None:
    assert _say(value, span) == words


@pytest.mark.parametrize("days", [0.002, 0.01, 0.3, 1, 3, 5, 31, 90, 200, 1000, 5000, 99_000])
@pytest.mark.parametrize("start", [-700_000, 18_000.3])
def test_axes_of_dates_have_a_few_different_words(start: float, days: float) -> None:
    drawn = Histogram((start, start + days), (1.0,), (1.0,), axis="date")
    axes = figures.marginal(Marginal("x", (), drawn)).axes[0]
    words = [label.get_text() for label in axes.get_xticklabels()]
    assert 2 <= len(words) <= 6
    assert len(set(words)) == len(words)


def test_what_is_not_nothing_does_not_read_as_nothing() -> None:
    assert [percent(x) for x in (0, 1e-5, 0.1234, 1)] == ["0 %", "< 0.1 %", "12.3 %", "100 %"]


def test_matplotlib_is_imported_by_who_draws_only_and_pyplot_never() -> None:
    code = """
import sys
from lookalike.reports import Marginal
assert "matplotlib" not in sys.modules
from lookalike.reports import figures
figures.to_svg(figures.marginal(Marginal("x")), label="", salt="")
assert "matplotlib.pyplot" not in sys.modules
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
