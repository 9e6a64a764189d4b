"""A run of training as one page, and as a section of an evaluation's page."""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from markupsafe import Markup

from lookalike._core.files import saved
from lookalike.reports._curves import HistoryLike, curves
from lookalike.reports._summary import Curves, Mark
from lookalike.reports._training_verdict import judge, last_values
from lookalike.reports._training_words import Quantity, quantity_of

__all__ = ["training_page", "training_parts"]

_TITLE = "How training went"
_FILM = "Images drawn from the same noise at several steps, the first step on top"
#: Shown in figures of their own.
_HALVES = ("loss_real", "loss_fake")
_PROBABILITIES = ("probability_real", "probability_fake")
_RATES = ("rate", "learning_rate")
#: The number of events that are listed; of a strategy with many changes, the first and the last.
MOST_EVENTS = 40


def training_page(
    history: HistoryLike | Sequence[Mapping[str, Any]],
    path: str | os.PathLike[str] | None = None,
    *,
    title: str = _TITLE,
    facts: Mapping[str, object] | None = None,
    quantities: Mapping[str, Quantity] | None = None,
    film: bytes | None = None,
    date: str | None = None,
) -> str:
    """Return a page about a training run, and write it to a file where one is given.

    Parameters
    ----------
    history : HistoryLike or sequence of dict
        A model's ``history_``, or its rows.
    path : str or path-like, optional
        The file; it is whole or absent.
    title : str
        The page's heading.
    facts : mapping of str to object, optional
        Further facts to print on top, such as the number of rows.
    quantities : mapping of str to Quantity, optional
        Titles, meanings and good ranges of quantities that `lookalike` does not know, such as
        those of monitors of your own.
    film : bytes, optional
        A PNG file of what the model drew during training, as of `Images.film_sheet`.
    date : str, optional
        A date to print. There is none by default, so that the same history is the same page.

    Returns
    -------
    str
        HTML that refers to nothing outside of itself.

    Raises
    ------
    OutputError
        If the file cannot be written.

    Examples
    --------
    >>> from lookalike.reports import training_page
    >>> rows = [{"step": 50, "loss_generator": 0.9}, {"step": 100, "loss_generator": 0.7}]
    >>> "How training went" in training_page(rows)
    True
    """
    # matplotlib takes half a second to import: only drawing needs it.
    from lookalike.reports._template import embedded, environment  # noqa: PLC0415

    drawn = curves(history)
    template = environment().get_template("training.html.j2")
    page = template.render(
        title=title,
        date=date,
        facts=_watching(history) | dict(facts or {}),
        judgement=judge(drawn, quantities),
        curves=drawn,
        training=None if drawn is None else training_parts(drawn, quantities),
        film=None if film is None else embedded(b64encode(film).decode(), _FILM),
    )
    return saved(page, path)


def _watching(history: object) -> dict[str, str]:
    """Return the share of the time that monitors took, where it was measured."""
    share = getattr(history, "monitor_share", None)
    return {} if share is None else {"monitors": f"{100 * share:.0f} % of the time"}


def training_parts(
    drawn: Curves, quantities: Mapping[str, Quantity] | None = None
) -> dict[str, Any]:
    """Return the parts that both pages show of a run: figures, a table of quantities, events.

    Parameters
    ----------
    drawn : Curves
        The recorded curves.
    quantities : mapping of str to Quantity, optional
        Quantities that `lookalike` does not know.

    Returns
    -------
    dict of str to object
        By the names that the template uses.
    """
    own = {*_loss_names(drawn), *_HALVES, *_PROBABILITIES, *_rate_names(drawn)}
    others = [name for name in drawn.series if name not in own]
    return {
        "players": _players(drawn),
        "losses": _losses(drawn),
        "adversarial": _adversarial(drawn),
        "rates": _rates(drawn),
        "monitors": _monitors(drawn, others, quantities),
        "shaded": any(quantity_of(name, quantities).good for name in others),
        "recorded": _recorded(drawn, quantities),
        "missing": _missing(drawn),
        "events": _events(drawn.marks),
        "unlisted": max(0, len(drawn.marks) - MOST_EVENTS),
    }


def _loss_names(drawn: Curves) -> list[str]:
    return [f"loss_{name}" for name in drawn.networks if f"loss_{name}" in drawn.series]


def _rate_names(drawn: Curves) -> list[str]:
    return [name for name in drawn.series if name.startswith("rate_") or name in _RATES]


def _adversarial(drawn: Curves) -> bool:
    """Return whether a discriminator is part of a run, according to the record."""
    return not drawn.optimisers or "discriminator" in drawn.optimisers


def _svg(draw: Callable[[], Any], label: str, salt: str) -> Markup:
    from lookalike.reports._template import picture  # noqa: PLC0415 - it imports matplotlib

    return picture(draw, label, f"training-{salt}")


def _players(drawn: Curves) -> Markup | None:
    from lookalike.reports import figures  # noqa: PLC0415

    recorded = _loss_names(drawn) or any(name in drawn.series for name in _PROBABILITIES)
    if not (recorded and _adversarial(drawn)):
        return None
    label = "Losses of both networks, and the discriminator’s probabilities for both kinds of rows"
    return _svg(partial(figures.players, drawn), label, "players")


def _losses(drawn: Curves) -> Markup | None:
    from lookalike.reports import figures  # noqa: PLC0415

    if not _adversarial(drawn):
        draw = partial(figures.losses, drawn)
        return _svg(draw, "Losses of all networks", "losses") if _loss_names(drawn) else None
    if not all(name in drawn.series for name in _HALVES):
        return None
    return _svg(
        partial(figures.losses, drawn),
        "Losses, and the shares of real and generated rows in the discriminator’s",
        "losses",
    )


def _rates(drawn: Curves) -> Markup | None:
    from lookalike.reports import figures  # noqa: PLC0415

    if not _rate_names(drawn):
        return None
    return _svg(partial(figures.rates, drawn), "Learning rates of all networks", "rates")


def _monitors(
    drawn: Curves, names: Sequence[str], quantities: Mapping[str, Quantity] | None
) -> Markup | None:
    from lookalike.reports import figures  # noqa: PLC0415

    if not names:
        return None
    draw = partial(figures.monitors, drawn, names, quantities)
    return _svg(draw, "All other quantities that were recorded, by step", "monitors")


def _recorded(drawn: Curves, quantities: Mapping[str, Quantity] | None) -> list[dict[str, Any]]:
    """Return a row of the table for each quantity: words, its value at the end, its good range."""
    ends = last_values(drawn)
    return [
        {
            "name": name,
            "words": quantity_of(name, quantities),
            "end": ends.get(name),
            "good": _range(quantity_of(name, quantities)),
        }
        for name in drawn.series
    ]


def _range(quantity: Quantity) -> str:
    if quantity.good is None:
        return "–"
    low, high = (f"{value:g}".replace("-", "−") for value in quantity.good)
    if quantity.good[0] == -float("inf"):
        return f"up to {high}"
    return f"{low} or more" if quantity.good[1] == float("inf") else f"{low} to {high}"


def _missing(drawn: Curves) -> list[str]:
    """Name the quantities of the page that older or other runs did not record."""
    groups = {
        "losses": _loss_names(drawn),
        "the discriminator’s losses on real and on generated rows": _HALVES,
        "probabilities": _PROBABILITIES,
        "learning rates": _rate_names(drawn),
    }
    if not _adversarial(drawn):
        groups = {words: groups[words] for words in ("losses", "learning rates")}
    return [words for words, names in groups.items() if not any(n in drawn.series for n in names)]


def _events(events: Sequence[Mark]) -> list[Mark]:
    if len(events) <= MOST_EVENTS:
        return list(events)
    rare = [event for event in events if event.kind != "rate"][: MOST_EVENTS // 2]
    rates = [event for event in events if event.kind == "rate"]
    room = MOST_EVENTS - len(rare)
    kept = [*rates[: room // 2], *rates[len(rates) - (room - room // 2) :]] if rates else []
    return sorted([*rare, *kept], key=lambda event: event.step)
