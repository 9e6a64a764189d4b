"""The design of a study: the sets of rows that are compared, and the number of splits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lookalike._core.errors import ParameterError
from lookalike._core.jobs import JOBS
from lookalike._core.parameters import AnyOf, Flag, Instance, Number, check_parameters
from lookalike.models import Synthesizer

__all__ = ["QUICK_MODELS", "Design", "check_options"]

#: Rows added for each real one, and shares of the real rows alone, if none are given.
_FACTORS, _CURVE, _REPEATS = (0.2, 1.0, 2.0), (0.3, 0.6), 5
#: The same where the answer should come quickly.
_QUICK_FACTORS, _QUICK_CURVE, _QUICK_REPEATS = (0.2, 1.0), (0.5,), 3
#: The models of a quick study: a linear one, one tree and many trees, by their names in either sort
#: of target.
QUICK_MODELS = {
    True: ("logistic regression", "decision tree", "boosted trees"),
    False: ("ridge regression", "decision tree", "boosted trees"),
}


@dataclass(frozen=True)
class Design:
    """The sets of training rows of a study, and the number of its splits.

    Parameters
    ----------
    factors : tuple of float
        The numbers of synthetic rows added for each real one.
    shares : tuple of float
        The shares of the training rows at which everything is compared.
    curve : tuple of float
        Further shares, at which models are trained on real rows alone.
    repeats : int
        The number of splits.
    """

    factors: tuple[float, ...]
    shares: tuple[float, ...]
    curve: tuple[float, ...]
    repeats: int

    @classmethod
    def of(
        cls,
        factors: Sequence[float] | None,
        shares: Sequence[float],
        curve: Sequence[float] | None,
        repeats: int | None,
        *,
        quick: bool,
    ) -> Design:
        """Return a design, with the defaults of what is None.

        Parameters
        ----------
        factors, shares, curve, repeats : optional
            See `boost`.
        quick : bool
            Whether the answer should come quickly.

        Raises
        ------
        ParameterError
            If a number breaks its rule.
        """
        usual = (_QUICK_FACTORS, _QUICK_CURVE) if quick else (_FACTORS, _CURVE)
        kept = _distinct("shares", shares, Number(0, 1, open_low=True))
        if not kept:
            raise ParameterError("shares must name one share at least, such as 1.0.")
        if curve is None:  # whoever names factors or shares has a design of their own
            curve = usual[1] if kept == (1.0,) and factors is None else ()
        drawn = _distinct("curve", curve, Number(0, 1, open_low=True))
        if drawn and 1.0 not in kept:
            raise ParameterError(
                f"A curve ends at all training rows, but shares is {list(kept)}. Add 1.0 to "
                "shares, or give no curve."
            )
        return cls(
            _distinct(
                "factors", usual[0] if factors is None else factors, Number(0, 1000, open_low=True)
            ),
            kept,
            tuple(sorted(share for share in drawn if share not in kept)),
            (_QUICK_REPEATS if quick else _REPEATS) if repeats is None else repeats,
        )


def check_options(
    flags: Mapping[str, bool],
    repeats: int,
    test_size: float,
    n_jobs: int | None,
    progress: bool | None,
    synthesizer: Synthesizer | None,
) -> None:
    """Check the options of `boost` that are no lists.

    Parameters
    ----------
    flags : mapping of str to bool
        Those that are true or false.
    repeats, test_size, n_jobs, progress, synthesizer
        See `boost`.

    Raises
    ------
    ParameterError
        If one breaks its rule.
    """
    check_parameters(
        "boost",
        {
            **dict.fromkeys(flags, Flag()),
            "repeats": Number(2, 10_000, integer=True),
            "test_size": Number(0.01, 0.9),
            "n_jobs": JOBS,
            "progress": AnyOf((Flag(),), none=True),
            "synthesizer": Instance((Synthesizer,), "a synthesizer of lookalike", optional=True),
        },
        {
            **flags,
            "repeats": repeats,
            "test_size": test_size,
            "n_jobs": n_jobs,
            "progress": progress,
            "synthesizer": synthesizer,
        },
    )
    if synthesizer is not None:
        synthesizer._check_parameters()  # before any work, not at the first fit


def _distinct(name: str, values: Sequence[float], rule: Number) -> tuple[float, ...]:
    if isinstance(values, str) or not isinstance(values, Sequence):
        raise ParameterError(f"{name} must be a sequence of numbers; got {values!r}.")
    for value in values:
        check_parameters("boost", {name: rule}, {name: value})
    return tuple(dict.fromkeys(float(value) for value in values))
