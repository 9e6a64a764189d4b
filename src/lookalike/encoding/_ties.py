"""How the columns of a table depend on each other and on blocks, in one place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import pyarrow as pa
import pyarrow.compute as pc

from lookalike.encoding._asked import extremes
from lookalike.encoding._columns import EncodedColumn
from lookalike.encoding._layout import Layout
from lookalike.encoding._spans import BlockSpan
from lookalike.relations._derivation import Derivation
from lookalike.relations._rest import Rest
from lookalike.relations._weighted_sum import Writing
from lookalike.relations.approximate_lookup import ApproximateLookup
from lookalike.relations.lookup import Lookup
from lookalike.tables import Schema, canonical_type

__all__ = ["Ties"]


@dataclass(frozen=True)
class Ties:
    """What ties columns to each other.

    Parameters
    ----------
    relations : sequence of Derivation or Rest
        Each after those it builds on.
    layout : Layout
        Of the whole row.
    learned : dict of str to tuple of EncodedColumn and Place
        The columns that are not derived, and the rests that stand for columns.
    blocks : dict of str to int
        The index of the first block of each of them, its *missing* block aside.
    writings : dict of str to Writing
        How numbers and times are written, and between which they lie.
    rests : dict of str to Writing
        The same of the rests.
    """

    relations: Sequence[Derivation | Rest]
    layout: Layout
    learned: Mapping[str, tuple[EncodedColumn, BlockSpan]]
    blocks: Mapping[str, int]
    writings: Mapping[str, Writing]
    rests: Mapping[str, Writing]

    @classmethod
    def of(
        cls,
        schema: Schema,
        relations: Sequence[Derivation | Rest],
        layout: Layout,
        learned: Mapping[str, tuple[EncodedColumn, BlockSpan]],
    ) -> Self:
        """Take the fitted parts of an encoder."""
        left = {made.dependency.column: made for made in relations if isinstance(made, Rest)}
        blocks: dict[str, int] = {}
        for i, block in enumerate(layout.blocks):
            if block.part != "missing":
                blocks.setdefault(block.column, i)
        ends = {
            name: _ends(part)
            for name, (part, _) in learned.items()
            if name not in left and schema[name].kind.is_numeric
        }
        ends |= {name: made.ends() for name, made in left.items()}
        # what is told by a difference may lie beyond ends that were drawn in, and tell what does
        loose = set(left) | {
            name
            for made in left.values()
            for name in made.dependency.on
            if name in learned and not learned[name][0].encoding.keeps_ends
        }
        writings = {
            column.name: Writing.of(
                canonical_type(column), column, ends.get(column.name), column.name in loose
            )
            for column in schema.columns
            if column.kind.is_numeric
        }
        rests = {}
        for name, made in left.items():
            limits = _ends(learned[name][0])
            if limits is not None:
                keeps = learned[name][0].encoding.keeps_ends
                rests[name] = Writing.of(limits.type, made.column, limits, not keeps)
        return cls(relations, layout, learned, blocks, writings, rests)

    def is_stiff(self, name: str) -> bool:
        """Whether a column has only certain values, or follows from others by a lookup."""
        if name in self.learned:
            encoding = self.learned[name][0].encoding
            return encoding.known is not None or not encoding.blocks
        made = next(made for made in self.relations if made.dependency.column == name)
        return isinstance(made, Lookup | ApproximateLookup)


def _ends(part: EncodedColumn) -> pa.Array | None:
    """Return the least and the greatest cell of a column of numbers or times."""
    known = part.encoding.known
    if known is not None:
        if not len(known):
            return None
        return pa.array([pc.min(known).as_py(), pc.max(known).as_py()], known.type)
    if not part.encoding.blocks:
        return None
    return extremes(part)
