"""The steps of a pipeline by their inputs: each is done once, recorded, and found again later.

A step is known by a key, a digest of its name and of all that it depends on. With a folder, its
arrays are written beside and renamed, then its record: whatever a killed run has finished is there.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lookalike._core.errors import FileFormatError, OutputError, TrainingError
from lookalike._core.files import open_output, write_text
from lookalike._core.plain import build
from lookalike.experiments._identity import digest

__all__ = ["StepArrays", "StepRecord", "StepStore", "arrays_digest"]

StepArrays = Mapping[str, npt.NDArray[Any]]

_NAME = "steps.json"
_FORMAT = 1


@dataclass(frozen=True)
class StepRecord:
    """The record of one step: its inputs and its output.

    Parameters
    ----------
    step : str
        ``"split"``, ``"fit"``, ``"generate"``, ``"preprocess"``, ``"evaluate"``, ``"refine"`` or
        ``"report"``.
    key : str
        The digest of its name and inputs.
    inputs : dict of str to str
        Digests of what it was given.
    output : str
        The digest of what it gave.
    facts : dict
        Plain facts: the number of the split, numbers of rows.
    within : list of str
        The keys of the steps that were done for it.
    """

    step: str
    key: str
    inputs: dict[str, str]
    output: str
    facts: dict[str, Any] = field(default_factory=dict)
    within: list[str] = field(default_factory=list)


class StepStore:
    """Steps that were done, in memory or in a folder.

    Parameters
    ----------
    folder : str, path-like or None
        Where to keep them; created where there is none. None keeps them in memory.

    Raises
    ------
    OutputError
        If the folder cannot be made.
    FileFormatError
        If it holds steps that cannot be read.
    """

    def __init__(self, folder: str | os.PathLike[str] | None) -> None:
        self.folder = None if folder is None else Path(folder)
        self._known: dict[str, StepRecord] = {}
        self._arrays: dict[str, StepArrays] = {}
        self._used: dict[str, None] = {}
        self._open: list[list[str]] = []
        if self.folder is not None:
            try:
                self.folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise OutputError(
                    f"Cannot keep a pipeline in {str(folder)!r}: {error.strerror or error}."
                ) from error
            self._known = _read(self.folder / _NAME)

    @property
    def steps(self) -> list[StepRecord]:
        """The steps of this run, in their order."""
        return [self._known[key] for key in self._used]

    def once(
        self,
        step: str,
        inputs: Mapping[str, str],
        make: Callable[[], StepArrays],
        facts: Mapping[str, Any] | None = None,
    ) -> StepArrays:
        """Return the arrays of a step: as they were kept, or made now and kept.

        Parameters
        ----------
        step : str
            Its name.
        inputs : mapping of str to str
            Digests of all that it depends on.
        make : callable
            Does the work. Steps that it does in turn are recorded as parts of this one.
        facts : mapping, optional
            Plain facts for the record.

        Returns
        -------
        mapping of str to ndarray
        """
        key = digest(step, sorted(inputs.items()))
        if key in self._known:
            kept = self._kept(key)
            if kept is not None:
                self._use(key)
                return kept
        self._open.append([])
        try:
            made = make()
        finally:
            within = self._open.pop()
        self._keep(key, made)
        output = arrays_digest(made)
        self._note(StepRecord(step, key, dict(inputs), output, dict(facts or {}), within))
        return made

    def note(
        self,
        step: str,
        inputs: Mapping[str, str],
        output: str,
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        """Record a step whose output is not kept.

        Raises
        ------
        TrainingError
            If it gave something else in an earlier run of the same folder.
        """
        key = digest(step, sorted(inputs.items()))
        before = self._known.get(key)
        if before is not None and before.output != output:
            raise TrainingError(
                f"The step {step!r} gave other rows than in the run that is kept in "
                f"{str(self.folder)!r}, from the same inputs and seed. Name a new folder."
            )
        self._note(StepRecord(step, key, dict(inputs), output, dict(facts or {})))

    def _note(self, record: StepRecord) -> None:
        self._known[record.key] = record
        self._use(record.key)
        if self.folder is not None:
            values = {"format": _FORMAT, "steps": [asdict(one) for one in self._known.values()]}
            write_text(json.dumps(values, ensure_ascii=False), self.folder / _NAME)

    def _use(self, key: str) -> None:
        """Log a step, after those that were done for it."""
        record = self._known[key]
        for part in record.within:
            if part in self._known:
                self._use(part)
        self._used.setdefault(key)
        if self._open:
            self._open[-1].append(key)

    def _keep(self, key: str, arrays: StepArrays) -> None:
        self._arrays[key] = arrays
        if self.folder is not None:
            with open_output(self.folder / f"{key}.npz") as file:
                packed = io.BytesIO()
                np.savez_compressed(packed, **dict(arrays))  # type: ignore[arg-type]
                file.write(packed.getvalue())

    def _kept(self, key: str) -> StepArrays | None:
        """Return the arrays of a step; None where they are absent or damaged: it is done again."""
        if key in self._arrays:
            return self._arrays[key]
        if self.folder is None:
            return None
        try:
            with np.load(self.folder / f"{key}.npz", allow_pickle=False) as file:
                found = {name: file[name] for name in file.files}
        except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error):
            return None
        if arrays_digest(found) != self._known[key].output:
            return None
        self._arrays[key] = found
        return found


def arrays_digest(arrays: StepArrays) -> str:
    """Return a digest of named arrays."""
    found = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        found.update(repr((name, array.dtype.str, array.shape)).encode())
        found.update(array.tobytes())
    return found.hexdigest()[:16]


def _read(path: Path) -> dict[str, StepRecord]:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        if values["format"] > _FORMAT:
            raise FileFormatError(
                f"The steps in {str(path)!r} must be of format {_FORMAT} or less; they are of "
                f"format {values['format']}. Install a newer lookalike, or name a new folder."
            )
        return {one["key"]: build(StepRecord, one) for one in values["steps"]}
    except FileNotFoundError:
        return {}
    except FileFormatError:
        raise
    except (OSError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise FileFormatError(
            f"The steps of a pipeline in {str(path)!r} cannot be read: {error!r}. Name a new "
            "folder, or delete the file."
        ) from error
