"""Every monitor by its name: the one place where a new one is entered."""

from __future__ import annotations

from collections.abc import Iterable

from lookalike._core.errors import ParameterError, nearest
from lookalike.training.monitors._base import Monitor
from lookalike.training.monitors.collapse import Collapse
from lookalike.training.monitors.convergence import Convergence
from lookalike.training.monitors.detector import Detector
from lookalike.training.monitors.diversity import Diversity
from lookalike.training.monitors.memorisation import Memorisation
from lookalike.training.monitors.players import Players

__all__ = ["MONITORS", "monitors"]

#: Monitors by the names that a user can choose. Enter your own here.
MONITORS: dict[str, type[Monitor]] = {
    kind.name: kind for kind in (Players, Diversity, Collapse, Convergence, Detector, Memorisation)
}


def monitors(names: Iterable[str | Monitor]) -> list[Monitor]:
    """Return fresh monitors for one run.

    Parameters
    ----------
    names : iterable of str or Monitor
        Names of `MONITORS`; monitors of your own are taken as they are.

    Returns
    -------
    list of Monitor

    Raises
    ------
    ParameterError
        If there is no monitor of a name.

    Examples
    --------
    >>> [monitor.name for monitor in monitors(["players"])]
    ['players']
    """
    names = [names] if isinstance(names, str) else list(names)
    wrong = [n for n in names if not (isinstance(n, Monitor) or _is_known(n))]
    if wrong:
        raise ParameterError(
            f"A monitor must be one of {', '.join(map(repr, MONITORS))}; "
            f"got {', '.join(map(repr, wrong))}.{nearest(str(wrong[0]), MONITORS)}"
        )
    return [n if isinstance(n, Monitor) else MONITORS[n]() for n in names]


def _is_known(name: object) -> bool:
    # What is no string may not be hashable.
    return isinstance(name, str) and name in MONITORS
