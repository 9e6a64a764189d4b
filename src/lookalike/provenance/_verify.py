"""`verify`: is this the table that was signed, and does the model make it?"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from typing import Any

from lookalike._core.errors import DataError
from lookalike._core.parameters import Number, check_parameters
from lookalike.models import Synthesizer, load
from lookalike.provenance._content import Content, content_of
from lookalike.provenance._envelope import file_digest, find_envelope, opened
from lookalike.provenance._keys import public_id, read_public
from lookalike.provenance._remake import SamplingRecipe, differing_rows
from lookalike.tables import read_table
from lookalike.watermark import Watermark

__all__ = ["ProvenanceCheck", "Verification", "verify"]

_MOST_WORDS = 5


@dataclass(frozen=True)
class ProvenanceCheck:
    """One check of a signed table.

    Parameters
    ----------
    name : {"signature", "key", "rows", "file", "model", "rows made again"}
        What was checked.
    passed : bool or None
        Whether it is as the statement says; None where it could not be checked.
    words : str
        The result in words.
    """

    name: str
    passed: bool | None
    words: str


@dataclass(frozen=True)
class Verification:
    """The checks of a signed table.

    Parameters
    ----------
    checks : tuple of ProvenanceCheck
    statement : dict
        What was signed.
    """

    checks: tuple[ProvenanceCheck, ...]
    statement: dict[str, Any]

    @property
    def passed(self) -> bool:
        """Whether no check failed."""
        return all(one.passed is not False for one in self.checks)

    def __repr__(self) -> str:
        marks = {True: "ok", False: "FAILED", None: "not checked"}
        return "\n".join(f"{one.name}: {marks[one.passed]}, {one.words}" for one in self.checks)


def verify(
    path: str | os.PathLike[str],
    *,
    key: str | os.PathLike[str] | None = None,
    model: str | os.PathLike[str] | None = None,
    watermark: Watermark | str | os.PathLike[str] | None = None,
    rows: int = 16,
) -> Verification:
    """Verify a signed file of synthetic rows.

    Parameters
    ----------
    path : str or path-like
        The file; its statement stands beside it or in its metadata.
    key : str or path-like, optional
        The public key that should have signed it. Without it, the signature only proves that
        nothing was changed since somebody signed.
    model : str or path-like, optional
        The model's file: random rows are made again. If the rows were changed, all are, to name
        those that differ.
    watermark : Watermark or path-like, optional
        Of rows that carry one, without which they cannot be made again.
    rows : int
        The number of random rows to make again, different ones each time.

    Returns
    -------
    Verification
        Changed cells, dropped and added rows, another model and another key are named.

    Raises
    ------
    DataError
        If the file is not signed, or the statement is damaged.
    ParameterError
        If the key is of another kind.
    ModelFileError
        If the model's file is damaged.

    Examples
    --------
    >>> import lookalike as la, pathlib, tempfile
    >>> from lookalike.provenance import new_key
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "rows.csv").write_text("a,b\\n1,x\\n2,y\\n")
    >>> _ = new_key(folder / "key")
    >>> _ = la.sign(folder / "rows.csv", folder / "key")
    >>> _ = (folder / "rows.csv").write_text("a,b\\n1,x\\n2,z\\n")
    >>> [one.words for one in la.verify(folder / "rows.csv").checks if one.passed is False]
    ["cells of 'b' were changed, in rows 2 to 2"]
    """
    check_parameters("verify", {"rows": Number(1, integer=True)}, {"rows": rows})
    envelope, place = find_envelope(path)
    trusted = None if key is None else public_id(read_public(key))
    statement, signer, genuine = opened(envelope)
    checks = [
        ProvenanceCheck(
            "signature",
            genuine,
            f"in {place}" if genuine else "the statement was changed after it was signed",
        ),
        _key_check(signer, trusted),
    ]
    try:
        table = read_table(path)
        signed = Content.from_dict(statement["predicate"]["content"])
        found = content_of(table)
        differences = signed.differences(found)
        checks.append(_rows_check(signed, found, differences))
        checks += _file_check(path, statement)
        if model is not None:
            mark = None if watermark is None else Watermark.read(watermark)
            checks += _model_checks(table, model, mark, statement, rows, signed, found)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"The statement is damaged: {error!r}.") from error
    return Verification(tuple(checks), statement)


def _key_check(signer: str, trusted: str | None) -> ProvenanceCheck:
    if trusted is None:
        return ProvenanceCheck("key", None, f"signed by {signer}: give the key that you trust")
    if signer == trusted:
        return ProvenanceCheck("key", True, signer)
    return ProvenanceCheck("key", False, f"signed by another key: {signer}")


def _rows_check(signed: Content, found: Content, differences: list[str]) -> ProvenanceCheck:
    if differences:
        return ProvenanceCheck("rows", False, "; ".join(differences[:_MOST_WORDS]))
    moved = " in another order" if found.parts != signed.parts else ""
    return ProvenanceCheck("rows", True, f"the {found.rows:,} rows that were signed{moved}")


def _file_check(path: str | os.PathLike[str], statement: dict[str, Any]) -> list[ProvenanceCheck]:
    named = [one for one in statement["subject"] if one["name"] != "rows"]
    if not named:
        return []
    if file_digest(path) == named[0]["digest"]["sha256"]:
        return [ProvenanceCheck("file", True, "the same bytes")]
    return [ProvenanceCheck("file", None, "other bytes than those signed: only its rows count")]


def _model_checks(
    table: Any,
    model: str | os.PathLike[str],
    watermark: Watermark | None,
    statement: dict[str, Any],
    rows: int,
    signed: Content,
    found: Content,
) -> list[ProvenanceCheck]:
    predicate = statement["predicate"]
    if "model" not in predicate:
        return [ProvenanceCheck("model", None, "the statement names none")]
    if file_digest(model) != predicate["model"]["sha256"]:
        return [ProvenanceCheck("model", False, "another model than the one that is named")]
    checks = [ProvenanceCheck("model", True, f"the {predicate['model']['class']} that is named")]
    fitted: Synthesizer = load(model)
    marked = predicate["recipe"].get("watermark")
    if marked is not None:
        if watermark is None or watermark.name != marked["name"]:
            wanted = f"the rows carry {marked['name']}: give its key"
            return [*checks, ProvenanceCheck("rows made again", None, wanted)]
        watermark = watermark.with_candidates(int(marked["candidates"]))
    recipe = SamplingRecipe.from_dict(predicate["recipe"], watermark if marked else None)
    # Changed rows are all made again, to name them; of others, a few are proof enough.
    count = min(rows, len(table)) if found.digest == signed.digest else len(table)
    in_place = found.parts == signed.parts
    try:
        checked, words = differing_rows(
            table, fitted, recipe, count, secrets.randbits(63), ordered=in_place
        )
    except DataError as error:
        return [*checks, ProvenanceCheck("rows made again", False, str(error))]
    more = f"; and {len(words) - _MOST_WORDS:,} more" if len(words) > _MOST_WORDS else ""
    again = ProvenanceCheck(
        "rows made again",
        not words,
        "; ".join(words[:_MOST_WORDS]) + more if words else f"{checked:,}, all as in the file",
    )
    return [*checks, again]
