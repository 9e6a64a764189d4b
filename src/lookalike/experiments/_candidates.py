"""Models to try: families by name, and settings of one family from its space."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lookalike._core.errors import ParameterError, nearest
from lookalike._core.seeds import generator
from lookalike.experiments._trial import Trial
from lookalike.models import SYNTHESIZERS, Synthesizer, find_synthesizer

__all__ = ["PREFERRED", "QUICK", "Candidate", "check_space", "families", "proposals", "read_model"]

#: Where choosing rows cannot tell models apart, the first of these is chosen.
PREFERRED = ("GAN", "Mixture", "Diffusion", "Autoregressive", "Forest", "BayesianNetwork")
#: Models of at most this cost are tried first, and on few rows of large tables.
QUICK = 2.0


@dataclass(frozen=True)
class Candidate:
    """A model to try.

    Parameters
    ----------
    model : Synthesizer
        Unfitted, with the seed of the comparison.
    settings : dict
        Its parameters that are not the defaults, the seed excepted.
    proposed : bool
        Whether a search has proposed the settings; otherwise the caller has given them.
    """

    model: Synthesizer
    settings: dict[str, Any]
    proposed: bool = False

    @classmethod
    def of(cls, model: Synthesizer, seed: int, *, proposed: bool = False) -> Candidate:
        """Return a candidate with a seed.

        Parameters
        ----------
        model : Synthesizer
            It is left as it is.
        seed : int
            The seed of its fit.
        proposed : bool
            See `Candidate`.
        """
        own = model.get_params(deep=False)
        defaults = type(model)().get_params(deep=False)
        settings = {k: v for k, v in own.items() if v != defaults[k] and k != "random_state"}
        return cls(type(model)(**{**own, "random_state": seed}), settings, proposed)

    @property
    def name(self) -> str:
        """The name of the class."""
        return type(self.model).__name__

    @property
    def quick(self) -> bool:
        """Return whether a fit takes about as long as the quickest families."""
        return self.model.cost <= QUICK

    @property
    def label(self) -> str:
        """The name and the settings, as those of its trial."""
        return self.trial(0).label

    def trial(self, rows: int, reason: str = "") -> Trial:
        """Return its trial before it has any scores.

        Parameters
        ----------
        rows : int
            The number of rows to learn.
        reason : str
            Why there are no scores, if there will be none.
        """
        return Trial(self.name, self.settings, rows, proposed=self.proposed, reason=reason)

    def fresh(self) -> Synthesizer:
        """Return an unfitted copy of the model."""
        return type(self.model)(**self.model.get_params(deep=False))


def read_model(model: str | Synthesizer) -> Synthesizer:
    """Return an unfitted model from its name, or the model itself.

    Parameters
    ----------
    model : str or Synthesizer
        Such as ``"gaussian-copula"``.

    Raises
    ------
    ParameterError
        If it is neither, or there is no such family.
    """
    found = find_synthesizer(model)() if isinstance(model, str) else model
    if not isinstance(found, Synthesizer):
        raise ParameterError(f"A model must be a name or a Synthesizer; got {model!r}.")
    return found


def families(models: Sequence[str | Synthesizer] | None, seed: int) -> list[Candidate]:
    """Return the families to try: quick ones, then those that win most, then by cost.

    Parameters
    ----------
    models : sequence of str or Synthesizer, optional
        Names of families, or unfitted models; by default all that are tried unasked.
    seed : int
        The seed of all models.

    Returns
    -------
    list of Candidate
        `Independent`, the floor, is among them.
    """
    if isinstance(models, str):
        raise ParameterError(f"models must be a list of names or models; got {models!r}.")
    named = _all_families() if models is None else list(models)
    found = [Candidate.of(read_model(one), seed) for one in named]
    if not any(one.name == "Independent" for one in found):
        found.append(Candidate.of(find_synthesizer("Independent")(), seed))
    return sorted(found, key=_turn)


def _all_families() -> list[str]:
    """Return the families that take part unasked, the same ones on every machine."""
    known = {name: SYNTHESIZERS[name] for name in SYNTHESIZERS}
    return [n for n, f in known.items() if not f.EXTRA and not getattr(f, "BY_NAME_ONLY", False)]


def _turn(candidate: Candidate) -> tuple[bool, bool, float]:
    quick = candidate.quick
    return not quick, not quick and candidate.name != PREFERRED[0], candidate.model.cost


def check_space(model: Synthesizer, space: Mapping[str, Sequence[Any]] | None) -> dict[str, Any]:
    """Return the values to try of each parameter, those of the family by default.

    Parameters
    ----------
    model : Synthesizer
        The model to tune.
    space : mapping of str to sequence, optional
        Values to try, by parameter.

    Returns
    -------
    dict of str to tuple

    Raises
    ------
    ParameterError
        If there is nothing to search, a name is no parameter, or a value breaks its rule.
    """
    name, chosen = type(model).__name__, model.SPACE if space is None else space
    known = [one for one in model.get_params() if one != "random_state"]
    if getattr(model, "BY_NAME_ONLY", False):
        raise ParameterError(
            f"{name} cannot be tuned: every fit to the same rows spends privacy anew."
        )
    if not isinstance(chosen, Mapping):
        raise ParameterError(f"space must be a mapping of names to values; got {space!r}.")
    for one, values in chosen.items():
        if one not in known:
            raise ParameterError(f"{name} has no parameter {one!r}.{nearest(str(one), known)}")
        if isinstance(values, str) or not isinstance(values, Sequence) or not values:
            raise ParameterError(f"space must list values of {one}; got {values!r}.")
        for value in values:
            _with(model, {one: value})._check_parameters()
    if not chosen:
        tuned = sorted(one for one in SYNTHESIZERS if SYNTHESIZERS[one].SPACE)
        raise ParameterError(
            f"{name} declares no settings to search. Give a space of your own, or tune one of "
            f"{', '.join(tuned)}."
        )
    return {one: tuple(values) for one, values in chosen.items()}


def proposals(
    model: Synthesizer, space: Mapping[str, Sequence[Any]], count: int, seed: int
) -> list[Candidate]:
    """Return a model as it is, and others with settings drawn from a space.

    Parameters
    ----------
    model : Synthesizer
        The model to tune.
    space : mapping of str to sequence
        Values to try, by parameter.
    count : int
        The greatest number of candidates, the model as it is included.
    seed : int
        The seed of the draw and of all models.

    Returns
    -------
    list of Candidate
        No two with the same settings; the model as it is first.
    """
    given = Candidate.of(model, seed)
    found, labels = [given], {given.label}
    sizes = [len(values) for values in space.values()]
    whole = math.prod(sizes)
    # Distinct places in the product of all values; of a very large one, a few are left to chance.
    rng = generator(seed, "settings")
    places = rng.permutation(whole) if whole <= 100_000 else rng.integers(whole, size=4 * count)
    for place in places:
        settings, rest = {}, int(place)
        for (name, values), size in zip(space.items(), sizes, strict=True):
            rest, which = divmod(rest, size)
            settings[name] = values[which]
        candidate = Candidate.of(_with(model, settings), seed, proposed=True)
        if candidate.label not in labels and len(found) < count:
            labels.add(candidate.label)
            found.append(candidate)
    return found


def _with(model: Synthesizer, settings: Mapping[str, Any]) -> Synthesizer:
    """Return a copy of a model with other settings, groups of parameters included."""
    fresh = type(model)(**model.get_params(deep=False))
    fresh.set_params(**settings)
    return fresh
