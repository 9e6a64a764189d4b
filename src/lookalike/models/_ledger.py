"""The privacy ledger: what has been spent, on what, and that no more can be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import exp, log, log1p
from typing import Any, Self

from lookalike._core.errors import ParameterError

__all__ = ["PrivacyLedger", "delta_of", "rho_of"]

#: Sums of shares may exceed the whole by rounding alone.
_ROUNDING = 1e-9


def delta_of(rho: float, epsilon: float) -> float:
    """Return δ of ρ-zCDP at ε (Canonne, Kamath and Steinke 2020, corollary 13).

    Parameters
    ----------
    rho, epsilon : float

    Examples
    --------
    >>> delta_of(0.02, 1.0) < 1e-5
    True
    """

    # The least over α > 1 of exp((α − 1)(α ρ − ε)) / (α − 1) · (1 − 1 / α)^α.
    def at(alpha: float) -> float:
        return (alpha - 1) * (alpha * rho - epsilon) - log(alpha - 1) + alpha * log1p(-1 / alpha)

    # In t = log(α − 1), the exponent has one minimum: golden-section search.
    low, high, share = -12.0, 25.0, 0.6180339887498949
    for _ in range(120):
        a, b = high - share * (high - low), low + share * (high - low)
        if at(1 + exp(a)) < at(1 + exp(b)):
            high = b
        else:
            low = a
    return min(exp(min(at(1 + exp((low + high) / 2)), 0.0)), 1.0)


def rho_of(epsilon: float, delta: float) -> float:
    """Return the greatest ρ whose zCDP implies (ε, δ)-privacy.

    Parameters
    ----------
    epsilon, delta : float
    """
    low, high = 0.0, epsilon + 1
    for _ in range(100):
        middle = (low + high) / 2
        if middle > 0 and delta_of(middle, epsilon) > delta:
            high = middle
        else:
            low = middle
    return low


@dataclass
class PrivacyLedger:
    """An account of the privacy that a fit spends, which refuses to overspend.

    Parameters
    ----------
    epsilon, delta : float
        What the whole fit guarantees, for tables that differ by one row or entity.
    rho : float
        The budget of all noise (zCDP), for one row: with `at_once`, it amounts to (ε, δ).
    at_once : float
        The part of δ with which categories may be released that a single row has.
    guaranteed : bool
        False if the noise follows from a known seed, and so protects nothing.
    entries : list of tuple
        What was spent: the step, its ρ and its δ.
    entity : str or None
        The column of those who are protected; None for rows.
    rows : int
        The most rows of one of them. ρ-zCDP for a row is k² ρ-zCDP for k rows (Bun and Steinke
        2016, proposition 27).

    Examples
    --------
    >>> ledger = PrivacyLedger.of(1.0, 1e-6)
    >>> ledger.spend("one histogram", ledger.rho)
    >>> ledger.spend("another", 0.01)
    Traceback (most recent call last):
        ...
    lookalike._core.errors.ParameterError: The privacy ledger is spent: another needs ρ = 0.01...
    """

    epsilon: float
    delta: float
    rho: float
    at_once: float
    guaranteed: bool = True
    entries: list[tuple[str, float, float]] = field(default_factory=list)
    entity: str | None = None
    rows: int = 1

    @classmethod
    def of(
        cls,
        epsilon: float,
        delta: float,
        *,
        guaranteed: bool = True,
        entity: str | None = None,
        rows: int = 1,
    ) -> Self:
        """Open a ledger: half of δ for the conversion of zCDP, half for new categories."""
        rho = rho_of(epsilon, delta / 2) / rows**2
        return cls(float(epsilon), float(delta), rho, delta / 2, guaranteed, [], entity, rows)

    @property
    def unit(self) -> str:
        """The unit that is protected, in words."""
        if self.entity is None:
            return "one row, added or removed"
        plural = "s" if self.rows > 1 else ""
        return f"one {self.entity!r} with at most {self.rows:,} row{plural}, added or removed"

    @property
    def spent(self) -> float:
        """The sum of ρ so far."""
        return sum(rho for _, rho, _ in self.entries)

    def spend(self, step: str, rho: float, delta: float = 0.0) -> None:
        """Record a step before it is done.

        Raises
        ------
        ParameterError
            If it costs more than is left.
        """
        gone = sum(one for _, _, one in self.entries)
        over = self.spent + rho > self.rho * (1 + _ROUNDING)
        if over or gone + delta > self.at_once * (1 + _ROUNDING) or rho < 0 or delta < 0:
            raise ParameterError(
                f"The privacy ledger is spent: {step} needs ρ = {rho:.4g} and δ = {delta:.3g}, "
                f"but ρ = {max(self.rho - self.spent, 0):.4g} and δ = "
                f"{max(self.at_once - gone, 0):.3g} are left."
            )
        self.entries.append((step, rho, delta))

    def to_dict(self) -> dict[str, Any]:
        """Return the ledger as JSON values."""
        return {
            "epsilon": self.epsilon,
            "delta": self.delta,
            "rho": self.rho,
            "at_once": self.at_once,
            "guaranteed": self.guaranteed,
            "unit": self.unit,
            "entity": self.entity,
            "rows": self.rows,
            "entries": [list(one) for one in self.entries],
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Read the result of `to_dict`; the sum is checked again."""
        epsilon, delta, rho, at_once = (
            float(values[name]) for name in ("epsilon", "delta", "rho", "at_once")
        )
        entity, rows = values.get("entity"), int(values.get("rows", 1))
        most = rho_of(epsilon, delta - at_once) / rows**2
        if rows < 1 or not 0 <= at_once < delta or rho > most * (1 + _ROUNDING):
            raise ParameterError(
                f"The privacy ledger is spent: ρ = {rho:.4g} is more than ε = {epsilon:g} and "
                f"δ = {delta:g} allow for {rows} rows of one owner."
            )
        guaranteed, owner = bool(values["guaranteed"]), None if entity is None else str(entity)
        found = cls(epsilon, delta, rho, at_once, guaranteed, [], owner, rows)
        for step, one, share in values["entries"]:
            found.spend(str(step), float(one), float(share))
        return found

    def __str__(self) -> str:
        words = f"ε = {self.epsilon:g}, δ = {self.delta:g} for {self.unit}"
        return words if self.guaranteed else f"none: the noise follows from a seed ({words})"
