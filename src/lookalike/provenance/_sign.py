"""`sign`: a statement on a file of synthetic rows."""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from lookalike._core.errors import DataError, ParameterError
from lookalike._core.parameters import Flag, Number, check_parameters
from lookalike._core.plain import jsonable
from lookalike.models import Synthesizer, load
from lookalike.provenance._content import content_of
from lookalike.provenance._envelope import STATEMENT, embed, enclose, file_digest, write_beside
from lookalike.provenance._keys import read_private
from lookalike.provenance._remake import SamplingRecipe, differing_rows
from lookalike.relations import describe
from lookalike.tables import read_table
from lookalike.watermark import Watermark

__all__ = ["PREDICATE", "sign"]

PREDICATE = "urn:lookalike:synthetic-table:1"
#: Rows that are made again before a statement says that a model made them.
_CHECKED = 16
_VERSIONED = ("lookalike", "numpy", "pyarrow")


def sign(
    path: str | os.PathLike[str],
    key: str | os.PathLike[str],
    *,
    model: str | os.PathLike[str] | None = None,
    seed: int | None = None,
    start: int = 0,
    given: Mapping[str, Any] | None = None,
    balance: str | None = None,
    watermark: Watermark | str | os.PathLike[str] | None = None,
    scores: Mapping[str, float] | None = None,
    notes: Mapping[str, Any] | None = None,
    embedded: bool = False,
) -> dict[str, Any]:
    """Sign a file of synthetic rows: what they are, and how they were made.

    The statement has the form of in-toto (v1) and is signed by Ed25519 in a DSSE envelope, beside
    the file (``OUT.dsse.json``) or in the metadata of a Parquet file. It holds digests of the file
    and of its rows, in any order and format, and, with a model, its digest, the seed, the numbers
    of the rows, conditions and relations. Random rows are made again before it says that.

    Parameters
    ----------
    path : str or path-like
        The ``.csv``, ``.csv.gz`` or ``.parquet`` file.
    key : str or path-like
        The private key, see `new_key`.
    model : str or path-like, optional
        The file of the model that made the rows.
    seed, start, given, balance, watermark : optional
        As they were given to `Synthesizer.sample`; the seed is the model's own by default. Of a
        watermark, the statement holds the name of its key.
    scores : mapping of str to float, optional
        Scores of an evaluation.
    notes : mapping, optional
        Anything else, as JSON, such as the steps of a scenario.
    embedded : bool
        Whether to write the statement into the Parquet file, which is rewritten.

    Returns
    -------
    dict
        The statement.

    Raises
    ------
    ParameterError
        If the key is of another kind, or a parameter breaks its rule.
    DataError
        If the model does not make these rows.
    MissingDependencyError
        If ``cryptography`` is not installed.

    Examples
    --------
    >>> import lookalike as la, pathlib, tempfile
    >>> from lookalike.provenance import new_key
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> model = la.Independent(random_state=0).fit(la.datasets.load("penguins"))
    >>> model.save(folder / "m.lookalike")
    >>> _ = model.sample_to(folder / "rows.csv", 100)
    >>> _ = new_key(folder / "key")
    >>> _ = la.sign(folder / "rows.csv", folder / "key", model=folder / "m.lookalike")
    >>> la.verify(folder / "rows.csv", key=folder / "key.pub", model=folder / "m.lookalike").passed
    True
    """
    check_parameters(
        "sign",
        {"start": Number(0, integer=True), "embedded": Flag()},
        {"start": start, "embedded": embedded},
    )
    private = read_private(key)
    if embedded and not os.fspath(path).endswith(".parquet"):
        raise ParameterError("embedded=True is for Parquet: a CSV has no place for a statement.")
    table = read_table(path)
    content = content_of(table)
    predicate: dict[str, Any] = {
        "synthetic": True,
        "content": content.to_dict(),
        "scores": dict(scores or {}),
        "notes": dict(notes or {}),
        "versions": {name: version(name) for name in _VERSIONED},
    }
    if model is None:
        if seed is not None or start or given or balance is not None or watermark is not None:
            raise ParameterError(
                "seed, start, given, balance and watermark say how a model made rows: give model."
            )
    else:
        fitted = load(model)
        mark = None if watermark is None else Watermark.read(watermark)
        recipe = SamplingRecipe.of(
            fitted.seed_ if seed is None else seed, start, given, balance, mark
        )
        count = min(_CHECKED, len(table))
        words = differing_rows(table, fitted, recipe, count, content.rows, ordered=True)[1]
        if words:
            raise DataError(
                f"The model does not make these rows, so that a statement would be false: "
                f"{words[0]}. Give the seed, start and conditions of the rows."
            )
        secret = private.private_bytes_raw()
        predicate |= _origin(fitted, recipe, file_digest(model), secret)
    subject = [{"name": "rows", "digest": {"sha256": content.digest}}]
    if not embedded:  # a file cannot hold its own digest
        named = {"name": Path(path).name, "digest": {"sha256": file_digest(path)}}
        subject.insert(0, named)
    statement = {
        "_type": STATEMENT,
        "subject": subject,
        "predicateType": PREDICATE,
        "predicate": jsonable(predicate),
    }
    envelope = enclose(statement, key)
    if embedded:
        embed(envelope, path)
    else:
        write_beside(envelope, path)
    return statement


def _origin(
    model: Synthesizer, recipe: SamplingRecipe, digest: str, secret: bytes
) -> dict[str, Any]:
    """Return what is said of the model and the rows that it learned."""
    # Without the key, nobody can test whether a table that he has is the training table.
    keyed = hmac.new(hashlib.sha256(b"training table" + secret).digest(), digestmod="sha256")
    keyed.update(model.fingerprint_.encode())
    private = getattr(model, "HAS_LEDGER", False)  # only tables have it
    ledger = model.ledger_ if private else None
    if private and ledger is None:
        raise DataError(
            f"The {type(model).__name__} has lost its privacy ledger, so that its guarantee cannot "
            "be stated. Fit and save it again."
        )
    return {
        "model": {"class": type(model).__name__, "sha256": digest},
        "training": {
            "rows": None if private else model.n_rows_,
            "keyed_fingerprint": keyed.hexdigest() if model.fingerprint_ else "",
        },
        "recipe": recipe.to_dict(),
        "relations": [describe(one) for one in model.schema_.dependencies],
        "privacy": None if ledger is None else ledger.to_dict(),
    }
