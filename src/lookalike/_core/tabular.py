"""Results that are tables: a line in a terminal, a table in a notebook, a data frame on request."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from html import escape
from typing import Any

import pyarrow as pa

from lookalike._core.optional import best_library, require

__all__ = ["Tabular", "aligned"]

#: The most lines of a table in a notebook: `to_frame` has them all.
_MOST_LINES = 30


class Tabular(ABC):
    """A result that is also a table, with one row for each thing that it tells of."""

    #: Whether a long table shows its last lines in a notebook, not the first ones.
    _last_lines = False

    @abstractmethod
    def _headline(self) -> str:
        """Return the result in one line."""

    @abstractmethod
    def _frame_columns(self) -> Mapping[str, Sequence[Any] | pa.Array]:
        """Return the columns of `to_frame`, by name."""

    def to_frame(self) -> Any:
        """Return the result as a data frame, a row for each of its parts.

        Returns
        -------
        dataframe
            Of pandas, polars or pyarrow, the first that is installed.
        """
        table = pa.table(dict(self._frame_columns()))
        library = best_library()
        if library == "pandas":
            return table.to_pandas()
        if library == "polars":
            return require("polars", "A data frame").from_arrow(table)
        return table

    def _repr_html_(self) -> str:
        """Return the result for a notebook: its line, and the table."""
        columns = {name: list(cells) for name, cells in self._frame_columns().items()}
        lines = list(zip(*columns.values(), strict=True))
        shown = lines[-_MOST_LINES:] if self._last_lines else lines[:_MOST_LINES]
        head = "".join(f"<th>{escape(name)}</th>" for name in columns)
        body = "".join(f"<tr>{''.join(map(_cell, line))}</tr>" for line in shown)
        rest = len(lines) - len(shown)
        more = f"<p>{rest:,} more lines: <code>to_frame()</code> has all.</p>" if rest else ""
        line = f"<p>{escape(self._headline())}</p>"
        if not lines:
            return line
        return f"{line}<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"


def _cell(value: Any) -> str:
    value = value.as_py() if isinstance(value, pa.Scalar) else value
    if value is None:
        return "<td>–</td>"
    if isinstance(value, bool):
        return f"<td>{'yes' if value else 'no'}</td>"
    if isinstance(value, float):
        return f'<td style="text-align:right">{value:.4g}</td>'
    if isinstance(value, int):
        return f'<td style="text-align:right">{value:,}</td>'
    return f'<td style="text-align:left">{escape(str(value))}</td>'


def aligned(lines: Sequence[Sequence[str]], right: Collection[int] = ()) -> list[str]:
    """Return the lines of a table in columns of equal width.

    Parameters
    ----------
    lines : sequence of sequence of str
        The cells of each line.
    right : collection of int
        The columns that are aligned on the right.

    Examples
    --------
    >>> aligned([("score", "value"), ("shape", "1")], right={1})
    ['score  value', 'shape      1']
    """
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return [
        "  ".join(
            text.rjust(width) if place in right else text.ljust(width)
            for place, (text, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]
