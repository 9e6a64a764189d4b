"""`Private`: rows with a differential privacy guarantee, from noisy tables of few columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lookalike._core.errors import DataError, ParameterError, nearest
from lookalike._core.parameters import AnyOf, Choice, Instance, Number, Rule
from lookalike._core.seeds import RandomState, generator
from lookalike.encoding import Layout, ValueOrigin
from lookalike.models._ledger import PrivacyLedger
from lookalike.models._private_aim import measure_adaptively
from lookalike.models._private_domain import (
    PrivateColumn,
    find_range,
    measure_levels,
    measure_number,
    parse_column,
)
from lookalike.models._private_entities import clipped
from lookalike.models._private_noise import Entropy
from lookalike.models._private_tree import (
    GroupedColumn,
    PrivateLink,
    choose_network,
    choose_tree,
    count_rows,
    draw,
    grouped,
    measure,
)
from lookalike.models._task import FitCallback
from lookalike.models.bayesian_network import BayesianNetwork
from lookalike.tables import Kind, Schema, as_frame, to_arrow

__all__ = ["Private"]

#: The shares of the budget: ranges that are not declared, single columns, choices, tables.
_RANGES, _COLUMNS, _CHOICES = 0.05, 0.35, 0.2
#: δ where none is given, and the rows that are drawn from the noisy tables.
_DELTA, _FEWEST, _MOST = 1e-9, 20_000, 100_000
#: The least δ: each noisy count is exact to about 1e-16, and there are thousands of them.
_LEAST_DELTA = 1e-12
#: What `fit` may be told of rows that break a rule: nothing (its default), or what is done.
_BROKEN = ("refuse", "repair")
#: The parents of a column in the model of the drawn rows.
_PARENTS = {"independent": 0, "mst": 1, "bayesian-network": 2, "aim": 8}


class Private(BayesianNetwork):
    """Differentially private rows: noisy counts of columns and of chosen pairs, and nothing else.

    The training table is read by a few mechanisms alone, whose noise is recorded in a ledger that
    refuses to overspend (zCDP, converted to ε and δ). Rows are drawn from their noisy tables, and
    everything else (kinds, relations, the encoding, the model file) is learned from those drawn
    rows: whatever is done with the model, its guarantee holds (post-processing).

    - ``"mst"``: all columns, and the pairs of a maximum spanning tree that is chosen privately
      (McKenna, Miklau and Sheldon 2021, arXiv 2108.04978).
    - ``"bayesian-network"``: up to two parents of each column, chosen greedily by the exponential
      mechanism, as DataSynthesizer's private correlated mode does (Ping et al. 2017; Zhang et al.
      2017, "PrivBayes"), here with discrete Gaussian noise.
    - ``"aim"``: table after table of two or three columns, each chosen where the network that fits
      the earlier ones is worst (McKenna et al. 2022, arXiv 2201.12677).
    - ``"independent"``: columns alone.

    The guarantee is for one row, added or removed, or with `entity` for all rows of one person, of
    which at most `rows_per_entity` are used. Types and names of columns, `domain` and `kinds` count
    as known to everybody. Noise comes from the operating system: two fits differ, and
    `random_state` only decides over what is drawn afterwards. Declared `rules` hold on generated
    rows, but training rows are not checked: that would tell of single rows. `broken`, of `fit`, is
    ``"repair"`` therefore, for the drawn rows; ``"drop"`` and ``"keep"`` are refused.

    Parameters
    ----------
    epsilon : float
        The privacy loss ε: 1 is usual, less is safer and noisier.
    delta : float, optional
        The probability δ that ε does not bound; 1e-9 by default. Keep it far below 1 / rows. Less
        than 1e-12 is refused: noise of 64 random bits cannot promise it.
    method : {"mst", "bayesian-network", "aim", "independent"}
        What is measured.
    domain : mapping of str to list or tuple, optional
        Known ranges, ``(0, 120)``, and levels, ``["f", "m"]``: two numbers are a range, unless the
        column is of the kind ``"categorical"``. What is declared costs nothing. Other ranges are
        found by noisy counts between powers of two; of other levels, only those that many rows have
        are known. A column of text with a range is a number.
    entity : str, optional
        The column that names the owner of a row: the guarantee is for an owner, added or removed
        with all rows. The column is not learned, and rows without an owner are left out.
    rows_per_entity : int, optional
        The most rows of an owner that are used, at random; with `entity`, it must be given. Noise
        grows in proportion to it.
    noise_seed : int, optional
        Only to test mechanisms: noise that follows from a known seed protects nothing, and the
        ledger says so.
    random_state : int, Generator, RandomState or None
        The seed of what is drawn from the noisy tables, and the default seed of sampling.

    Attributes
    ----------
    ledger_ : PrivacyLedger
        What was spent on what.
    n_rows_ : int
        The noisy number of rows.

    Examples
    --------
    >>> import lookalike as la
    >>> penguins = la.datasets.load("penguins")
    >>> model = la.Private(epsilon=3, domain={"body_mass_g": (2000, 7000)}, random_state=0)
    >>> model.fit(penguins).sample(3).shape == (3, penguins.shape[1])
    True
    >>> print(model.ledger_)
    ε = 3, δ = 1e-09 for one row, added or removed
    """

    COST: ClassVar[float] = 2.0
    SPACE: ClassVar[Mapping[str, tuple[Any, ...]]] = {}
    #: It is worse than other families by its guarantee: it is fitted where it is asked for.
    BY_NAME_ONLY: ClassVar[bool] = True
    HAS_LEDGER: ClassVar[bool] = True
    _rules: ClassVar[Mapping[str, Rule | Callable[[], Rule]]] = {
        "epsilon": Number(0, open_low=True),
        "delta": AnyOf((Number(_LEAST_DELTA, 0.1),), none=True),
        "method": Choice(tuple(_PARENTS)),
        "domain": Instance((Mapping,), "a mapping of columns to ranges or levels, or None", True),
        "entity": Instance((str,), "the name of a column, or None", True),
        "rows_per_entity": AnyOf((Number(1, integer=True),), none=True),
        "noise_seed": AnyOf((Number(0, 2**63 - 1, integer=True),), none=True),
    }
    _encoding: ClassVar[Mapping[str, Any]] = {
        **BayesianNetwork._encoding,
        "min_category_count": 1,
        "derive": False,
    }

    #: The parents of each column in the noisy tables, parents first.
    _links: Mapping[str, tuple[str, ...]]
    mode, bins, min_category_count, refine = "correlated", 32, 1, None

    def __init__(
        self,
        *,
        epsilon: float = 1.0,
        delta: float | None = None,
        method: str = "mst",
        domain: Mapping[str, Any] | None = None,
        entity: str | None = None,
        rows_per_entity: int | None = None,
        noise_seed: int | None = None,
        random_state: RandomState = None,
    ) -> None:
        self.epsilon = epsilon
        self.delta = delta
        self.method = method
        self.domain = domain
        self.entity = entity
        self.rows_per_entity = rows_per_entity
        self.noise_seed = noise_seed
        self.random_state = random_state

    @property
    def parents(self) -> int:  # type: ignore[override]
        """The greatest number of parents of a column in the model of the drawn rows."""
        return _PARENTS[self._fitted_with["method"]]

    @property
    def _is_refined(self) -> bool:
        return False  # the drawn rows are no better a guide than the tables

    def _learn(
        self,
        data: Any,
        schema: Schema | None,
        kinds: Mapping[str, Kind | str] | None,
        target: str | None,
        start: Any,
        on_interval: FitCallback | None,
        rules: tuple[str, ...],
        broken: str,
        max_rows: int | None,
        seed: int,
    ) -> None:
        if max_rows is not None:
            raise ParameterError("max_rows is for models without privacy: Private counts all rows.")
        if schema is not None:
            rules = tuple(dict.fromkeys((*schema.rules, *rules)))
        if rules and broken not in _BROKEN:
            raise ParameterError(
                f"broken={broken!r} is for models without privacy: Private does not look for "
                "training rows that break a rule, and repairs the rows drawn from its noisy "
                "tables. Leave it out."
            )
        if (self.entity is None) != (self.rows_per_entity is None):
            raise ParameterError(
                "entity and rows_per_entity go together: the owner of rows, and how many rows of "
                f"each are used; got {self.entity!r} and {self.rows_per_entity!r}."
            )
        if target is not None and target == self.entity:
            raise ParameterError(f"The entity is not learned, and no target: {target!r}.")
        entropy = Entropy(self.noise_seed)
        table, origin = to_arrow(data)
        if not table.num_rows:
            raise DataError("A table to learn must have rows, but this one has none.")
        stated = {} if schema is None else {one.name: str(one.kind) for one in schema.columns}
        stated |= {name: str(Kind(kind)) for name, kind in _kinds(table, kinds).items()}
        ledger = PrivacyLedger.of(
            self.epsilon,
            _DELTA if self.delta is None else self.delta,
            guaranteed=self.noise_seed is None,
            entity=self.entity,
            rows=self.rows_per_entity or 1,
        )
        if self.entity is not None:
            table = clipped(table, self.entity, ledger.rows, entropy)
        drawn, rows, numbers = self._private_rows(table, stated, ledger, entropy, seed)
        library = origin.library if origin.library in ("pandas", "polars") else "pyarrow"
        drawn = _whole_days(drawn, stated)
        known = _known_kinds(drawn, numbers, stated)
        learned = as_frame(drawn, library)
        # Drawn rows that break a rule are changed: rules are met by what the noise has left.
        super()._learn(
            learned, None, known, target, start, on_interval, rules, "repair", None, seed
        )
        self.ledger_, self.n_rows_ = ledger, rows

    def _private_rows(
        self,
        table: pa.Table,
        kinds: Mapping[str, str],
        ledger: PrivacyLedger,
        entropy: Entropy,
        seed: int,
    ) -> tuple[pa.Table, int, dict[str, str]]:
        """Return drawn rows, the noisy number of rows, and the kinds of numbers."""
        columns = self._measure_columns(table, kinds, ledger, entropy)
        rows = count_rows(columns)
        merged = [grouped(one, rows) for one in columns]
        measured = self._measure_links(merged, rows, ledger, entropy, seed)
        names = table.column_names
        parents = {one.child: one.parents for one in measured}
        roots = {k: () for k in range(len(names)) if k not in parents}
        self._links = {
            names[k]: tuple(names[p] for p in own) for k, own in {**roots, **parents}.items()
        }
        rng = generator(seed, "private rows")
        count = int(np.clip(rows, _FEWEST, _MOST))
        cells = draw(merged, measured, count, rng)
        arrays = [one.column.cells(own, rng) for one, own in zip(merged, cells, strict=True)]
        numbers = {
            one.name: "integer" if one.kind == "integer" else "continuous"
            for one in columns
            if one.kind != "levels" and not pa.types.is_temporal(one.storage)
        }
        return pa.table(arrays, names=table.column_names), max(round(rows), 1), numbers

    def _measure_links(
        self,
        merged: list[GroupedColumn],
        rows: float,
        ledger: PrivacyLedger,
        entropy: Entropy,
        seed: int,
    ) -> list[PrivateLink]:
        """Choose the columns that go together, and count their tables with noise."""
        if self.method == "independent" or len(merged) == 1:
            return []
        if self.method == "aim":
            return measure_adaptively(merged, rows, ledger, entropy, seed)
        share = _CHOICES * ledger.rho
        ledger.spend("which columns go together", share)
        if self.method == "mst":
            links = _directed(choose_tree(merged, rows, share, entropy))
        else:
            links = choose_network(merged, rows, share, entropy, seed)
        left = (ledger.rho - ledger.spent) * (1 - 1e-12)
        ledger.spend(f"{len(links)} tables of columns that go together", left)
        return measure(merged, links, rows, left, entropy)

    def _known_parents(self, layout: Layout) -> dict[int, tuple[int, ...]] | None:
        """Return the parents that the rows were drawn by: they cannot be found better again."""
        assert self._states is not None
        columns = [layout.blocks[one.block].column for one in self._states.variables]
        place = {name: v for v, name in enumerate(columns)}
        if len(place) < len(columns):  # a column of several variables
            return None
        return {
            place[name]: tuple(place[one] for one in parents if one in place)
            for name, parents in self._links.items()
            if name in place
        }

    def _measure_columns(
        self,
        table: pa.Table,
        kinds: Mapping[str, str],
        ledger: PrivacyLedger,
        entropy: Entropy,
    ) -> list[PrivateColumn]:
        """Count the cells of all columns with noise."""
        domain = _checked(self.domain or {}, table.column_names)
        parsed = {
            name: parse_column(table[name], domain.get(name), kinds.get(name))
            for name in table.column_names
        }
        unknown = [n for n, (kind, _) in parsed.items() if kind != "levels" and n not in domain]
        share = 1.0 if self.method == "independent" or len(parsed) == 1 else _COLUMNS
        for_ranges = _RANGES if unknown else 0.0
        rho = ledger.rho * (share - for_ranges) * (1 - 1e-12) / len(parsed)
        opened = [n for n, (kind, _) in parsed.items() if kind == "levels" and n not in domain]
        found = []
        for name, (kind, values) in parsed.items():
            storage = table[name].type
            storage = storage.value_type if pa.types.is_dictionary(storage) else storage
            if kind == "levels":
                delta = ledger.at_once / len(opened) if name in opened else 0.0
                ledger.spend(f"levels of {name!r}", rho, delta)
                declared = domain.get(name)
                found.append(
                    measure_levels(name, values, declared, rho, delta, entropy, ledger.rows)
                )
                continue
            if name in unknown:
                ledger.spend(f"range of {name!r}", ledger.rho * for_ranges / len(unknown))
                limits = find_range(values, ledger.rho * for_ranges / len(unknown), entropy)
            else:
                limits = _range(name, domain[name])
            ledger.spend(f"counts of {name!r}", rho)
            found.append(measure_number(name, kind, values, limits, storage, rho, entropy))
        return found

    def value_origins(self) -> list[ValueOrigin]:
        """Return the origin of the generated values of each column.

        Returns
        -------
        list of ValueOrigin
            Whatever is learned has passed the noise: ``"noisy"``.
        """
        words = "declared, or found through noise: the guarantee covers it"
        kept = ("new", "absent", "computed")
        return [
            one if one.word in kept else one._replace(word="noisy", words=words)
            for one in super().value_origins()
        ]


def _kinds(table: pa.Table, kinds: Mapping[str, Kind | str] | None) -> Mapping[str, Kind | str]:
    for name, kind in (kinds or {}).items():
        if name not in table.column_names:
            hint = nearest(str(name), table.column_names)
            raise ParameterError(f"kinds names no column of the table: {name!r}.{hint}")
        if kind not in list(Kind):
            raise ParameterError(f"There is no kind {kind!r}.{nearest(str(kind), Kind)}")
    return kinds or {}


def _whole_days(drawn: pa.Table, stated: Mapping[str, str]) -> pa.Table:
    """Return drawn rows without times of day in columns that are dates."""
    for k, name in enumerate(drawn.column_names):
        if stated.get(name) == str(Kind.DATE) and pa.types.is_timestamp(drawn[name].type):
            drawn = drawn.set_column(k, name, pc.floor_temporal(drawn[name], unit="day"))
    return drawn


def _known_kinds(
    drawn: pa.Table, numbers: Mapping[str, str], stated: Mapping[str, str]
) -> dict[str, str]:
    """Return the kinds that the drawn rows should have, of columns that are not constant."""
    learned = {str(kind) for kind in Kind if kind.is_learned}
    return {
        name: kind
        for name, kind in {**numbers, **stated}.items()
        if name in drawn.column_names
        and kind in learned
        and len(drawn[name].drop_null().unique()) > 1
    }


def _checked(domain: Mapping[str, Any], names: list[str]) -> dict[str, Any]:
    """Return the domain, if it fits the columns.

    Raises
    ------
    ParameterError
        If it names no column, or is neither a range nor levels.
    """
    for name, value in domain.items():
        if name not in names:
            raise ParameterError(f"domain names no column: {name!r}.{nearest(str(name), names)}")
        if not isinstance(value, (list, tuple)) or not value:
            raise ParameterError(
                f"domain: {name!r} must have a range (low, high) or a list of levels; "
                f"got {value!r}."
            )
    return dict(domain)


def _range(name: str, declared: Any) -> tuple[float, float]:
    """Return a declared range.

    Raises
    ------
    ParameterError
        If it is not finite, or does not increase.
    """
    low, high = map(float, declared)
    if not (np.isfinite([low, high]).all() and low < high):
        raise ParameterError(
            f"domain: the range of {name!r} must be finite and increasing; got {declared!r}."
        )
    return low, high


def _directed(pairs: list[tuple[int, int]]) -> list[tuple[int, tuple[int, ...]]]:
    """Return the pairs of a tree from its first column outwards."""
    known, left = {pairs[0][0]}, list(pairs)
    links: list[tuple[int, tuple[int, ...]]] = []
    while left:
        for a, b in list(left):
            if (a in known) != (b in known):
                parent, child = (a, b) if a in known else (b, a)
                links.append((child, (parent,)))
                known.add(child)
                left.remove((a, b))
    return links
