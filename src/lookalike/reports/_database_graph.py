"""The schema of a database as a graph, its keys coloured by how well they were met."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from lookalike.reports._text import shorten

__all__ = ["schema_graph"]

_WIDTH, _HEIGHT, _GAP, _ACROSS = 190, 46, 22, 90


def schema_graph(
    tables: Mapping[str, tuple[int, int]],
    keys: Sequence[tuple[str, str, str]],
    standings: Mapping[str, float],
) -> Markup:
    """Return a schema as SVG: parents on the left, children on the right.

    Parameters
    ----------
    tables : mapping of str to (int, int)
        Real and synthetic rows.
    keys : sequence of (str, str, str)
        Each key in words, its table and its parent table.
    standings : mapping of str to float
        By key, from 0 (as by chance) to 1 (as real rows).
    """
    level = _levels(list(tables), keys)
    columns: dict[int, list[str]] = {}
    for name in tables:
        columns.setdefault(level[name], []).append(name)
    at = {
        name: (k * (_WIDTH + _ACROSS), row * (_HEIGHT + _GAP) + 8)
        for k, names in columns.items()
        for row, name in enumerate(names)
    }
    width = (max(columns) + 1) * (_WIDTH + _ACROSS) - _ACROSS + 30
    height = max(len(names) for names in columns.values()) * (_HEIGHT + _GAP) + 8
    parts = [
        Markup('<svg viewBox="-4 0 {} {}" role="img" aria-label="Tables and keys">').format(
            width, height
        )
    ]
    parts += [_edge(key, at, standings) for key in keys]
    parts += [_box(name, tables[name], at[name]) for name in tables]
    return Markup("").join([*parts, Markup("</svg>")])


def _levels(names: Sequence[str], keys: Sequence[tuple[str, str, str]]) -> dict[str, int]:
    """Return the column of each table: right of its parents, as far as keys form no circle."""
    level = dict.fromkeys(names, 0)
    for _ in names:
        for _, child, parent in keys:
            if child != parent and level[child] <= level[parent] < len(names) - 1:
                level[child] = level[parent] + 1
    # After a circle, columns may be empty.
    used = sorted(set(level.values()))
    return {name: used.index(k) for name, k in level.items()}


def _edge(
    key: tuple[str, str, str], at: Mapping[str, tuple[int, int]], standings: Mapping[str, float]
) -> Markup:
    words, child, parent = key
    standing = standings.get(words)
    colour = "var(--muted)" if standing is None else "var(--real)"
    if standing is not None and standing < 0.5:
        colour = "var(--warn)"
    title = words if standing is None else f"{words}: {standing:.2f} of the way from chance to real"
    (x, y), (u, v) = at[parent], at[child]
    if child == parent:
        path = f"M{x + _WIDTH - 30} {y} c0 -12 24 -12 24 0"
    else:
        start, end = (x + _WIDTH, u) if u > x else (x, u + _WIDTH)
        a, b = y + _HEIGHT // 2, v + _HEIGHT // 2
        middle = (start + end) // 2
        path = f"M{start} {a} C{middle} {a} {middle} {b} {end} {b}"
    return Markup(
        '<path d="{}" fill="none" stroke="{}" stroke-width="2"><title>{}</title></path>'
    ).format(path, colour, title)


def _box(name: str, rows: tuple[int, int], at: tuple[int, int]) -> Markup:
    x, y = at
    return Markup(
        '<g><rect x="{}" y="{}" width="{}" height="{}" rx="6" fill="var(--card)" '
        'stroke="var(--line)"/><text x="{}" y="{}" font-size="14" font-weight="600" '
        'fill="var(--ink)">{}</text><text x="{}" y="{}" font-size="12" fill="var(--muted)">'
        "{} real, {} synthetic</text></g>"
    ).format(
        *(x, y, _WIDTH, _HEIGHT, x + 10, y + 19, shorten(name, 22), x + 10, y + 36),
        f"{rows[0]:,}",
        f"{rows[1]:,}",
    )
