"""Figures of training: drawn from whatever was recorded, old records included."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from lookalike.reports import Curves, Mark, Quantity, figures
from lookalike.reports.figures._steps import party_of
from lookalike.reports.figures._style import GOOD

STEPS = tuple(float(step) for step in range(0, 1000, 50))
GAME = (
    "loss_discriminator",
    "loss_generator",
    "loss_real",
    "loss_fake",
    "accuracy",
    "accuracy_real",
    "accuracy_fake",
    "accuracy_generator",
    "probability_real",
    "probability_fake",
    "gradient_discriminator",
    "gradient_generator",
    "rate_generator",
    "rate_discriminator",
)
MARKS = (
    Mark(100, "rate", "…"),
    Mark(200, "remedy", "…"),
    Mark(900, "copying", "…"),
    Mark(950, "stop", "…"),
)
DRAWING = {
    "losses": figures.losses,
    "players": figures.players,
    "rates": figures.rates,
    "monitors": figures.monitors,
}


def record(names: tuple[str, ...] = GAME, **series: Any) -> Curves:
    plain = {name: tuple(np.linspace(0.1, 0.9, len(STEPS)).tolist()) for name in names}
    return Curves(STEPS, {**plain, **series}, marks=MARKS)


def svg(figure: Figure) -> str:
    text = figures.to_svg(figure, label="a figure", salt="test")
    assert "http" not in text
    return text


@pytest.mark.parametrize("name", DRAWING)
@pytest.mark.parametrize(
    "drawn",
    [
        Curves((), {}),
        Curves((1.0,), {"loss_generator": (0.5,), "rate_generator": (0.0,)}),
        Curves((1.0, 2.0), {"loss_generator": (None, None), "rate_generator": (None, None)}),
        Curves((1.0, 2.0), {"loss_generator": (0.5, 0.4), "loss_critic": (0.5, None)}),
        Curves((1.0, 2.0), {f"quantity {i}": (0.0, 1e-9 * i) for i in range(10)}),
        record(),
    ],
)
def test_any_record_is_drawn(name: str, drawn: Curves) -> None:
    svg(DRAWING[name](drawn))


def test_what_was_not_recorded_is_said_in_its_place() -> None:
    old = Curves((1.0, 2.0), {"loss_generator": (0.5, 0.4)})
    assert "no probabilities were recorded" in svg(figures.players(old))
    assert "no learning rates were recorded" in svg(figures.rates(old))
    assert "no losses were recorded" in svg(figures.losses(Curves((), {})))
    assert "nothing was recorded" in svg(figures.monitors(Curves((), {})))


def test_quantities_of_both_players_share_a_panel() -> None:
    names = ("loss_generator", "loss_discriminator", "accuracy", "probability_real")
    assert len(figures.monitors(record((*names, "probability_fake"))).axes) == 3
    assert party_of("accuracy_real") == ("accuracy", "real")
    assert party_of("real") == ("real", "real")


def test_players_and_rows_of_one_colour_differ_by_their_lines() -> None:
    axes = figures.monitors(record(), ["accuracy_generator", "accuracy_fake"]).axes[0]
    generator, fake = axes.lines[:2]  # after them, events
    assert generator.get_color() == fake.get_color()
    assert (generator.get_linestyle(), fake.get_linestyle()) == ("-", ":")
    axes = figures.monitors(record(), ["probability_real", "probability_fake"]).axes[0]
    assert {line.get_linestyle() for line in axes.lines[:2]} == {"-"}


def test_only_chosen_quantities_are_drawn() -> None:
    figure = figures.monitors(record(), ["accuracy", "gradient_generator"])
    assert [axes.get_title(loc="left") for axes in figure.axes] == [
        "Accuracy",
        "Generator’s gradient",
    ]


def test_good_ranges_are_shaded_where_they_are_known() -> None:
    own = {"mine": Quantity("My own", "Something.", (0.4, 0.6))}
    values = tuple([0.1] * len(STEPS))
    drawn = record((), mine=values, other=values)
    shaded = [
        [patch for patch in axes.patches if to_hex(patch.get_facecolor()) == GOOD]
        for axes in figures.monitors(drawn, quantities=own).axes
    ]
    assert [len(patches) for patches in shaded] == [1, 0]
    box = shaded[0][0].get_extents().transformed(shaded[0][0].axes.transData.inverted())
    assert (round(box.y0, 6), round(box.y1, 6)) != (0.1, 0.1)
    # The range is in view although no value is in it.
    low, high = shaded[0][0].axes.get_ylim()
    assert low <= 0.4
    assert high >= 0.4


def test_questions_are_answered_in_words() -> None:
    axes = figures.monitors(record((), collapsed=(0.0, 1.0) * (len(STEPS) // 2))).axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["no", "yes"]


def test_events_are_marked_and_explained() -> None:
    text = svg(figures.losses(record()))
    for words in ("rate changed", "remedy", "copying"):
        assert words in text
    assert "rate changed" not in svg(figures.monitors(record()))
    assert "remedy" not in svg(figures.losses(Curves(STEPS, record().series)))


def test_what_a_run_took_back_is_drawn_faintly() -> None:
    drawn = Curves((1.0, 2.0, 3.0, 2.0, 3.0), {"loss_generator": (1.0, 9.0, 99.0, 2.0, 1.0)})
    lines = figures.losses(drawn).axes[0].lines
    assert [line.get_xdata().tolist() for line in lines] == [[1, 2, 3], [2, 3]]
    assert lines[0].get_alpha() < lines[1].get_alpha()


def test_a_run_that_diverges_does_not_hide_how_it_began() -> None:
    wild = tuple(float(x) for x in [*np.linspace(1, 2, 17), 1e3, 1e6, 1e9])
    axes = figures.losses(record((), loss_generator=wild)).axes[0]
    assert axes.get_yscale() == "symlog"
    low, high = (axes.transData.transform((0, y))[1] for y in (1.0, 2.0))
    whole = axes.get_window_extent().height
    assert high - low > 0.03 * whole
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels[0] == "0"
    assert "1e9" in labels
    assert figures.losses(record()).axes[0].get_yscale() == "linear"


def test_rates_over_decades_have_a_logarithmic_axis() -> None:
    narrow = figures.rates(record((), rate_generator=tuple(np.linspace(1e-3, 2e-3, 20).tolist())))
    wide = figures.rates(record((), rate_generator=tuple(np.geomspace(1e-6, 1e-3, 20).tolist())))
    assert narrow.axes[0].get_yscale() == "linear"
    assert wide.axes[0].get_yscale() == "log"


def test_runs_stand_below_each_other() -> None:
    both = [
        figures.DrawnRun("first", "settled", record()),
        figures.DrawnRun("failed", "no rows", None),
    ]
    text = svg(figures.runs(both))
    for words in ("first", "settled", "failed", "nothing was recorded"):
        assert words in text
    svg(figures.runs([]))


def test_runs_of_two_settings_are_a_table() -> None:
    cells = {
        ("narrow", "small"): figures.DrawnRun("", "oscillates", record()),
        ("wide", "large"): figures.DrawnRun("", "settled", record(("accuracy",))),
    }
    figure = figures.run_table(["narrow", "wide"], ["small", "large"], cells)
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["oscillates", "settled"]
    low, high = (axes.get_position() for axes in (figure.axes[1], figure.axes[0]))
    assert low.y1 < high.y0
    assert low.x0 > high.x1
    svg(figures.run_table([], [], {}))
