"""The TOML file of a pipeline: what `pipeline` takes, with parts by name.

Transformers, samplers and estimators are named by their place in scikit-learn, imbalanced-learn or
LightGBM: a file that is read must not run any other code.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lookalike._core.errors import FileFormatError, ParameterError, nearest
from lookalike._core.optional import named_object
from lookalike.models import find_synthesizer

__all__ = ["spec_arguments"]

_PACKAGES = ("sklearn", "imblearn", "lightgbm")
_KEYS = (
    "data",
    "target",
    "rows",
    "replace",
    "metric",
    "cycles",
    "goal",
    "seconds",
    "splits",
    "validation",
    "report",
    "groups",
    "time",
    "kinds",
    "seed",
    "generate",
    "preprocess",
    "estimator",
)


def spec_arguments(spec: str | os.PathLike[str] | Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of `pipeline` that a file or a mapping stands for.

    Parameters
    ----------
    spec : path or mapping
        The TOML file, or its content. Paths within a file are relative to its folder.

    Returns
    -------
    dict of str to object

    Raises
    ------
    FileFormatError
        If the file cannot be read or is no pipeline.
    ParameterError
        If a part is unknown.
    """
    folder = Path()
    if not isinstance(spec, Mapping):
        folder, spec = Path(spec).parent, _read(spec)
    for name in spec:
        if name not in _KEYS:
            raise FileFormatError(
                f"A pipeline has no entry {name!r}.{nearest(str(name), _KEYS)} The entries are: "
                f"{', '.join(_KEYS)}."
            )
    for name in ("data", "target"):
        if name not in spec:
            raise FileFormatError(f"A pipeline must name its {name}, such as {_EXAMPLES[name]}.")
    found = {name: spec[name] for name in _KEYS[:14] if name in spec}
    if isinstance(found["data"], str):
        found["data"] = str(folder / found["data"])
    if "seed" in spec:
        found["random_state"] = spec["seed"]
    if "generate" in spec:
        found["synthesizer"] = _synthesizer(spec["generate"])
    if "preprocess" in spec:
        if not isinstance(spec["preprocess"], list):
            raise FileFormatError("The preprocessing of a pipeline must be [[preprocess]] tables.")
        found["preprocess"] = [_part("preprocess", one) for one in spec["preprocess"]]
    if "estimator" in spec:
        given = spec["estimator"]
        found["estimator"] = given if isinstance(given, str) else _part("estimator", given)
    return found


_EXAMPLES = {"data": 'data = "rows.csv"', "target": 'target = "price"'}


def _read(path: str | os.PathLike[str]) -> dict[str, Any]:
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise FileFormatError(f"{os.fspath(path)} is no pipeline in TOML: {error}.") from error


def _synthesizer(given: Any) -> Any:
    """Return an unfitted synthesizer: ``model``, the name of its family, and its parameters."""
    if isinstance(given, str):
        given = {"model": given}
    if not isinstance(given, Mapping) or not isinstance(given.get("model"), str):
        raise FileFormatError(
            f'[generate] must name a model, such as model = "forest"; got {given!r}.'
        )
    options = {name: value for name, value in given.items() if name != "model"}
    model = find_synthesizer(given["model"])()
    known = list(model.get_params(deep=False))
    for name in options:
        if name not in known:
            raise ParameterError(
                f"{type(model).__name__} has no parameter {name!r}.{nearest(name, known)}"
            )
    return model.set_params(**options)


def _built(where: str, value: Any) -> Any:
    """Return a parameter, with estimators in the place of tables that say which to use."""
    if isinstance(value, list):
        return [_built(where, one) for one in value]
    return _part(where, value) if isinstance(value, Mapping) and "use" in value else value


def _part(where: str, given: Any) -> Any:
    """Return an unfitted estimator: ``use``, its class, and its parameters."""
    if not isinstance(given, Mapping) or not isinstance(given.get("use"), str):
        raise FileFormatError(
            f"[{where}] must say which class to use, such as "
            f'use = "sklearn.preprocessing.PowerTransformer"; got {given!r}.'
        )
    path = given["use"]
    module, _, name = path.rpartition(".")
    if module.split(".")[0] not in _PACKAGES or "_" in [part[:1] for part in path.split(".")]:
        raise ParameterError(
            f"[{where}] may use classes of {', '.join(_PACKAGES)}; got {path!r}. Others can be "
            "given in Python, to la.pipeline."
        )
    kind = named_object(f"{module}:{name}")
    if not isinstance(kind, type) or not hasattr(kind, "get_params"):
        raise ParameterError(f"[{where}] must use a class of estimators; {path!r} is none.")
    options = {key: _built(where, value) for key, value in given.items() if key != "use"}
    for key in options:
        if key.rpartition("__")[2] == "memory":
            raise ParameterError(
                f"[{where}] must not set {key}: what lies in such a folder is run when it is read. "
                "It can be set in Python, in an estimator that is given to la.pipeline."
            )
    try:
        return kind(**options)
    except TypeError as error:
        raise ParameterError(f"[{where}] {path}: {error}.") from error
