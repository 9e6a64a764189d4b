"""The checks that every synthesizer must pass."""

from __future__ import annotations

from functools import partial

from lookalike.models import Synthesizer
from lookalike.testing import _conditions, _estimator, _files, _frames, _rules, _sampling
from lookalike.testing._checks import Check, named, run
from lookalike.testing._learning import learning
from lookalike.testing._subject import Subject

__all__ = ["check_synthesizer", "synthesizer_checks"]

_CONTRACT = (
    *_estimator.CHECKS,
    *_sampling.CHECKS,
    *_conditions.CHECKS,
    *_frames.CHECKS,
    *_files.CHECKS,
    *_rules.CHECKS,
)


def synthesizer_checks(
    synthesizer: Synthesizer, *, contract: bool = True, learns: bool = True
) -> list[Check]:
    """Return the checks of a synthesizer, for use as test parameters.

    Parameters
    ----------
    synthesizer : Synthesizer
        An unfitted estimator; it is cloned. Training that is short is enough for the contract.
    contract : bool
        True to check the contract that every synthesizer fulfils.
    learns : bool
        True to check that it learns: on a correlated Gaussian, a mixture, dependent categories and
        cells that are missing together, the error of the joint tables of its columns must be at
        most half of that of independent columns.

    Returns
    -------
    list of (str, callable)
        The name of each check, and a function without arguments that raises AssertionError with a
        plain message if it fails.

    Examples
    --------
    >>> from lookalike.models import Independent
    >>> checks = dict(synthesizer_checks(Independent(), learns=False))
    >>> checks["constructor_stores_only"]()
    """
    subject = Subject(synthesizer)
    checks: list[Check] = []
    if contract:
        checks += [(check.__name__, partial(check, subject)) for check in _CONTRACT]
    if learns:
        checks += learning(subject)
    return named(subject.name, checks)


def check_synthesizer(synthesizer: Synthesizer, *, learns: bool = True) -> None:
    """Check all that a synthesizer must do; see `synthesizer_checks`.

    Parameters
    ----------
    synthesizer : Synthesizer
        An unfitted estimator; it is cloned.
    learns : bool
        True to check that it learns how columns depend on each other.

    Raises
    ------
    AssertionError
        At the first check that fails, with its name and the reason.
    """
    run(synthesizer_checks(synthesizer, learns=learns))
