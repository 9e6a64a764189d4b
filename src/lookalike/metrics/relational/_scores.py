"""All scores of a database, each with a ceiling and a floor."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from lookalike._core.seeds import generator
from lookalike.databases import Database, ForeignKey
from lookalike.metrics.relational._aggregates import aggregated, indistinguishable
from lookalike.metrics.relational._arrays import Arrays, both_as_arrays
from lookalike.metrics.relational._score import RelationalPart, RelationalScore
from lookalike.metrics.relational._similarity import degree_similarity, pair_similarities

__all__ = ["relational_scores"]

_HOPS = 3
#: The most chains of keys of one length.
_MOST_CHAINS = 200


def relational_scores(
    real: Database, synthetic: Database, seed: int = 0
) -> tuple[RelationalScore, ...]:
    """Return the scores of a synthetic database against a real one.

    ``cardinality``: numbers of children, by key. ``trends``: pairs of columns within tables.
    ``hop_1`` to ``hop_3``: pairs of a column and one of an ancestor so many keys away.
    ``aggregates``: whether trees tell parent rows by themselves and summaries of their children.

    The ceiling compares two halves of the real entities with each other, and so with half as many
    rows. The floor is the real database with keys at random, or with columns shuffled.

    Parameters
    ----------
    real, synthetic : Database
        With the same tables and keys.
    seed : int

    Returns
    -------
    tuple of RelationalScore
        Of those that the schema has.
    """
    ours, theirs = both_as_arrays(real, synthetic)
    apart = ours.apart(generator(seed, "apart"))
    keys = real.foreign_keys
    scores = [
        RelationalScore(
            "cardinality",
            "Numbers of children",
            tuple(_cardinality(key, ours, theirs, apart, seed) for key in keys),
        ),
        RelationalScore(
            "trends",
            "Pairs of columns within a table",
            tuple(_trends(name, ours, theirs, seed) for name in real.names),
        ),
    ]
    for hops in range(1, _HOPS + 1):
        chains = _chains(keys, hops)[:_MOST_CHAINS]
        parts = [_hop(chain, ours, theirs, apart, seed) for chain in chains]
        title = f"Pairs of columns {hops} key{'s' if hops > 1 else ''} apart"
        scores.append(RelationalScore(f"hop_{hops}", title, tuple(parts)))
    parents = [name for name in real.names if any(k.parent == name for k in keys)]
    parts = [_aggregates(name, keys, ours, theirs, apart, seed) for name in parents]
    scores.append(
        RelationalScore("aggregates", "Detection by rows and their children", tuple(parts))
    )
    return tuple(score for score in scores if any(part.value is not None for part in score.parts))


def _halves(count: int, seed: int, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of two random halves, as masks."""
    first = generator(seed, "halves", name).permutation(count) < count // 2
    return first, ~first


def _cardinality(
    key: ForeignKey, ours: Arrays, theirs: Arrays, apart: Arrays, seed: int
) -> RelationalPart:
    degrees = [
        np.bincount(a.rows[key][a.rows[key] >= 0], minlength=len(a.cells[key.parent]))
        for a in (ours, theirs, apart)
    ]
    name = str(key)
    if not len(degrees[0]) or not len(degrees[1]):
        return RelationalPart(name, None, None, None, (name,))
    halves = [degrees[0][half] for half in _halves(len(degrees[0]), seed, name)]
    ceiling = degree_similarity(*halves) if all(map(len, halves)) else None
    value, floor = (degree_similarity(degrees[0], other) for other in degrees[1:])
    return RelationalPart(name, value, ceiling, floor, (name,))


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None


def _trends(name: str, ours: Arrays, theirs: Arrays, seed: int) -> RelationalPart:
    real, synthetic = ours.cells[name], theirs.cells[name]
    halves = [real.at(np.flatnonzero(half)) for half in _halves(len(real), seed, name)]
    shuffled = real.shuffled(generator(seed, "shuffled", name))

    def alike(a: object, b: object) -> float | None:
        return _mean(pair_similarities((a, a), (b, b), within=True))  # type: ignore[arg-type]

    return RelationalPart(name, alike(real, synthetic), alike(*halves), alike(real, shuffled))


def _chains(keys: Sequence[ForeignKey], hops: int) -> list[tuple[ForeignKey, ...]]:
    """Return chains of keys from a table to an ancestor, none through a table twice."""
    chains: list[tuple[ForeignKey, ...]] = [(key,) for key in keys]
    for _ in range(hops - 1):
        chains = [
            (*chain, key)
            for chain in chains
            for key in keys
            if key.table == chain[-1].parent
            and key.parent not in {chain[0].table, *(k.parent for k in chain)}
        ]
    return chains


def _followed(chain: tuple[ForeignKey, ...], arrays: Arrays) -> np.ndarray:
    """Return the ancestor of each row of the first table, -1 for none."""
    rows = arrays.rows[chain[0]]
    for key in chain[1:]:
        rows = np.where(rows >= 0, arrays.rows[key][np.maximum(rows, 0)], -1) if len(rows) else rows
    return rows


def _hop(
    chain: tuple[ForeignKey, ...], ours: Arrays, theirs: Arrays, apart: Arrays, seed: int
) -> RelationalPart:
    child, parent = chain[0].table, chain[-1].parent
    names = tuple(map(str, chain))

    def joined(arrays: Arrays, of: Callable[[np.ndarray], np.ndarray] | None = None) -> tuple:  # type: ignore[type-arg]
        rows = _followed(chain, arrays)
        there = rows >= 0 if of is None else (rows >= 0) & of(rows)
        return arrays.cells[child].at(np.flatnonzero(there)), arrays.cells[parent].at(rows[there])

    def alike(a: tuple, b: tuple) -> float | None:  # type: ignore[type-arg]
        return _mean(pair_similarities(a, b, within=False))

    whole = joined(ours)
    masks = _halves(len(ours.cells[parent]), seed, " ".join(names))
    if not len(ours.cells[parent]) or not len(theirs.cells[parent]):
        return RelationalPart(" → ".join((child, parent)), None, None, None, names)
    halves = [joined(ours, lambda rows, mask=mask: mask[rows]) for mask in masks]  # type: ignore[misc]
    words = " → ".join((child, *(key.parent for key in chain)))
    return RelationalPart(
        words,
        alike(whole, joined(theirs)),
        alike(halves[0], halves[1]),
        alike(whole, joined(apart)),
        names,
    )


def _aggregates(
    name: str,
    keys: Sequence[ForeignKey],
    ours: Arrays,
    theirs: Arrays,
    apart: Arrays,
    seed: int,
) -> RelationalPart:
    below = [key for key in keys if key.parent == name]
    real, synthetic, random = (aggregated(a, name, below) for a in (ours, theirs, apart))
    levels = len(ours.cells[name].numeric) - sum(ours.cells[name].numeric)
    halves = [real[half] for half in _halves(len(real), seed, name)]
    return RelationalPart(
        name,
        indistinguishable(real, synthetic, levels, seed),
        indistinguishable(halves[0], halves[1], levels, seed),
        indistinguishable(real, random, levels, seed),
        tuple(map(str, below)),
    )
