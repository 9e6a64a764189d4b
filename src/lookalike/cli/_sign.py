"""``lookalike sign``: a signed statement on a file of synthetic rows."""

from __future__ import annotations

from typing import Annotated

import typer

from lookalike._core.errors import ParameterError
from lookalike.cli._options import SeedOption, parse_conditions
from lookalike.cli._print import say, show

__all__ = ["sign"]


def sign(
    out: Annotated[
        str | None, typer.Argument(metavar="OUT", help="The file of synthetic rows.")
    ] = None,
    key: Annotated[str | None, typer.Option(metavar="FILE", help="The private key.")] = None,
    new_key: Annotated[
        str | None,
        typer.Option("--new-key", metavar="FILE", help="Make a key, and FILE.pub, and stop."),
    ] = None,
    model: Annotated[
        str | None, typer.Option(metavar="MODEL", help="The model that made the rows.")
    ] = None,
    where: Annotated[
        list[str] | None, typer.Option(metavar="COND", help="A condition, as for sample.")
    ] = None,
    balance: Annotated[str | None, typer.Option(metavar="COL", help="As for sample.")] = None,
    seed: Annotated[int | None, SeedOption] = None,
    watermark: Annotated[
        str | None, typer.Option(metavar="FILE", help="The key of a watermark, as for sample.")
    ] = None,
    embed: Annotated[
        bool, typer.Option("--embed", help="Write it into the Parquet file, not beside the file.")
    ] = False,
) -> None:
    """Sign a file of synthetic rows, beside it (OUT.dsse.json) or in the metadata of Parquet.

    With --model, random rows are made again first, and the statement says by which model, seed and
    conditions they were made. lookalike verify checks it.
    """
    if (out is None) == (new_key is None):
        raise ParameterError("Name the file to sign (OUT --key FILE), or make a key (--new-key).")

    from lookalike import provenance

    if new_key is not None:
        public = provenance.new_key(new_key)
        say(f"wrote {new_key} (keep it secret) and {new_key}.pub")
        show(public)
        return
    if key is None or out is None:
        raise ParameterError("A file is signed with a key: --key FILE; --new-key FILE makes one.")
    provenance.sign(
        out,
        key,
        model=model,
        seed=seed,
        given=parse_conditions(where) or None,
        balance=balance,
        watermark=watermark,
        embedded=embed,
    )
    say(f"signed {out}" if embed else f"wrote {out}.dsse.json")
