"""``lookalike simulate``: labelled rows of a simulated world."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from lookalike._core.errors import ParameterError, nearest
from lookalike._core.places import shown_path
from lookalike.cli._options import CountOption, SeedOption, check_outputs, parse_settings
from lookalike.cli._print import say

__all__ = ["simulate"]

_WORLDS = ("fraud", "sensors", "traffic")
#: Parameters that options of their own set.
_OWN = ("n", "days", "random_state", "as_")


def simulate(
    world: Annotated[str, typer.Argument(metavar="WORLD", help="fraud, sensors or traffic.")],
    output: Annotated[
        str, typer.Option("-o", "--output", metavar="OUT", help="The file to write the rows to.")
    ],
    rows: Annotated[int | None, CountOption] = None,
    days: Annotated[
        int | None, typer.Option(metavar="N", help="The number of days (fraud 90, traffic).")
    ] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Another parameter, as fraud_share=0.01."),
    ] = None,
    seed: Annotated[int, SeedOption] = 0,
) -> None:
    """Simulate card transactions with fraud, sensors of a pump with faults, or road traffic.

    All rows are labelled: columns such as fraud, pattern, fault or incident say what is what.
    """
    if world not in _WORLDS:
        raise ParameterError(
            f"The world must be one of {', '.join(_WORLDS)}; got {world!r}."
            f"{nearest(world, _WORLDS)}"
        )
    check_outputs([output], [])

    import inspect

    from lookalike import simulate as room
    from lookalike.tables import check_output, write_table

    check_output(output)
    make: Any = getattr(room, world)
    known = list(inspect.signature(make).parameters)
    options = parse_settings(setting, [name for name in known if name not in _OWN])
    for flag, name, value in (("-n N", "n", rows), ("--days N", "days", days)):
        if value is not None and name not in known:
            raise ParameterError(f"{world} has no {flag}; omit it.")
        if value is not None:
            options[name] = value
    size = known[0]
    if size not in options:
        raise ParameterError(f"Give the number of {'rows (-n N)' if size == 'n' else 'days'}.")
    table = make(**options, random_state=seed, as_="arrow")
    write_table(table, output)
    if output != "-":
        say(f"wrote {shown_path(output)}: {table.num_rows:,} rows")
