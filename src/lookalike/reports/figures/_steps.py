"""Parts of figures over the steps of training: curves, their axes, and marks of events."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator

from lookalike._core.numerics import Floats
from lookalike.reports._summary import Curves, Mark
from lookalike.reports.figures._style import GRID, INK, MUTED, REAL, SYNTHETIC

__all__ = [
    "PARTIES",
    "colour_of",
    "curve",
    "label",
    "legend",
    "marks",
    "nothing",
    "over_steps",
    "party_of",
]


#: The parties in the names of quantities, and their colours.
PARTIES = {
    "generator": SYNTHETIC,
    "discriminator": INK,
    "critic": INK,
    "real": REAL,
    "fake": SYNTHETIC,
    "synthetic": SYNTHETIC,
}
#: Colours of networks that are no party.
_FURTHER = ("#1b7837", "#8c510a", "#4d4d4d")
#: The drawing of each kind of event: its colour, line, width, and words in a legend. The
#: end of a run is where its curves end.
EVENTS = {
    "rate": (MUTED, "-", 0.7, "rate changed"),
    "remedy": ("#762a83", "--", 1.1, "remedy"),
    "copying": ("#b2182b", ":", 1.4, "copying"),
}
#: A curve whose extremes are this many times as far out as the width of its middle half is drawn on
#: a logarithmic axis: else a run that diverges would be one spike over a flat line.
FAR_OUT = 60.0


def curve(
    axes: Axes, drawn: Curves, name: str, colour: str, *, width: float = 1.2, line: str = "-"
) -> None:
    """Draw one recorded quantity; a few values are marked, so that a single one is seen.

    The part before a run went back is drawn faintly.
    """
    values, steps = np.array(drawn.series[name], dtype=float), np.array(drawn.steps)
    attempts = drawn.attempts()
    for part in attempts:
        finite = np.isfinite(values[part])
        mark = "" if finite.sum() > 30 else "."
        axes.plot(
            steps[part][finite],
            values[part][finite],
            line,
            marker=mark,
            color=colour,
            lw=width,
            ms=4,
            alpha=1.0 if part is attempts[-1] else 0.35,
        )


def colour_of(name: str, names: Sequence[str]) -> str:
    """Return the colour of one of some networks; of one alone, that of ink."""
    if len(names) == 1:
        return INK
    further = [other for other in names if other not in PARTIES]
    return PARTIES.get(name) or _FURTHER[further.index(name) % len(_FURTHER)]


def party_of(name: str) -> tuple[str, str]:
    """Split a recorded name into its quantity and its party, if any."""
    words = [word for word in re.split(r"[_\s]+", name) if word]
    party = next((word for word in words if word in PARTIES), "")
    return " ".join(word for word in words if word != party) or name, party


def over_steps(axes: Axes, drawn: Curves, names: Sequence[str], title: str) -> None:
    """Make axes of steps, with a title and few ticks; stretch what would hide all else."""
    axes.set_title(title, loc="left")
    axes.grid(axis="y", color=GRID, linewidth=0.5)
    axes.set_xlabel("step", labelpad=1)
    axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}"))
    if drawn.steps:
        first, last = min(drawn.steps), max(drawn.steps)
        room = 0.015 * (last - first) or 1.0
        axes.set_xlim(first - room, last + room)
    values = np.array([v for n in names for v in drawn.series[n] if v is not None], dtype=float)
    scale = _stretch(values)
    if scale is None:
        axes.yaxis.set_major_locator(MaxNLocator(4))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:.4g}"))
    else:
        # The ordinary part, where most values are, gets a good share of the height.
        decades = math.log10(np.abs(values).max() / scale)
        axes.set_yscale("symlog", linthresh=scale, linscale=max(1.0, 0.5 * decades))
        axes.set_yticks(*_decades(values, scale))
        axes.yaxis.set_minor_locator(NullLocator())


def _stretch(values: Floats) -> float | None:
    """Return the start of a logarithmic axis, or None where an ordinary one shows everything."""
    if len(values) < 8:
        return None
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    if high <= low or np.abs(values - middle).max() <= FAR_OUT * (high - low):
        return None
    return float(max(abs(low), abs(high)))


def _decades(values: Floats, scale: float) -> tuple[list[float], list[str]]:
    """Return zero, the largest power of ten on each side, and one half way to it."""
    found = {0}
    for sign, reach in ((1, values.max()), (-1, -values.min())):
        top, low = (math.floor(math.log10(x)) for x in (max(reach, 1e-300), scale))
        if reach > 3 * scale and top > low:
            found |= {sign * (top + 400), sign * ((top + low + 1) // 2 + 400)}
    exponents = [(math.copysign(1, e), abs(e) - 400) for e in sorted(found) if e]
    ticks = [sign * 10.0**e for sign, e in exponents]
    return [0.0, *ticks], ["0", *(f"{'−' if s < 0 else ''}1e{e:d}" for s, e in exponents)]


def marks(axes: Axes, events: Sequence[Mark], *, rates: bool = True) -> None:
    """Draw events at their steps; a changed rate is a short tick at the foot, if drawn at all.

    Some strategies change a rate at every interval, so ticks are not lines.
    """
    for event in events:
        if event.kind not in EVENTS or (event.kind == "rate" and not rates):
            continue
        colour, line, width, _ = EVENTS[event.kind]
        top = 0.06 if event.kind == "rate" else 1.0
        axes.axvline(event.step, 0, top, color=colour, ls=line, lw=width, zorder=1)


def legend(figure: Figure, events: Sequence[Mark], *, rates: bool = True) -> None:
    """Explain the marks at the lower right edge of a figure, if there are any."""
    lines = {"-": "—", "--": "- -", ":": "···"}
    right = 1 - 0.15 / figure.get_figwidth()
    for kind in reversed(EVENTS):
        if not any(event.kind == kind for event in events) or (kind == "rate" and not rates):
            continue
        colour, line, _, words = EVENTS[kind]
        text = f"{'ı' if kind == 'rate' else lines[line]} {words}"
        figure.text(right, 0.06 / figure.get_figheight(), text, color=colour, ha="right")
        right -= (0.068 * len(text) + 0.12) / figure.get_figwidth()


def label(axes: Axes, words: Sequence[tuple[str, str]], size: float = 8) -> None:
    """Write a legend of colours above the right end of axes, from the right."""
    across = axes.bbox.width / axes.figure.dpi
    right = 1.0
    for text, colour in reversed(words):
        axes.text(
            right, 1.04, text, color=colour, ha="right", fontsize=size, transform=axes.transAxes
        )
        right -= size / 8 * (0.066 * len(text) + 0.1) / across


def nothing(axes: Axes, words: str) -> None:
    """Name in empty axes the quantities that were not recorded."""
    axes.set_xticks([])
    axes.set_yticks([])
    for side in axes.spines.values():
        side.set_visible(False)
    axes.text(0.5, 0.5, words, ha="center", va="center", color=MUTED, transform=axes.transAxes)
