"""`audit`: all attacks on a synthetic table, with their controls."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from typing import Any

import pyarrow as pa

from lookalike._core.errors import DataError, NotFittedError, ParameterError, SchemaError
from lookalike._core.intervals import ShareEstimate
from lookalike._core.jobs import JOBS
from lookalike._core.parameters import check_parameters
from lookalike._core.progress import progress as show_progress
from lookalike._core.seeds import RandomState, as_seed
from lookalike.metrics import Pair, row_keys
from lookalike.models import Synthesizer
from lookalike.privacy._attack_results import RiskEstimate
from lookalike.privacy._ground import AuditedTables, divide
from lookalike.privacy._inference import find_secrets, inference
from lookalike.privacy._linkability import linkability
from lookalike.privacy._membership import attack_blindly, choose_attack, exposed_group, suspicions
from lookalike.privacy._result import PrivacyAudit
from lookalike.privacy._shadow import SHADOWS, shadow_suspicions
from lookalike.privacy._singling_out import singling_out
from lookalike.tables import Kind, Schema, conform, infer_columns, to_arrow

__all__ = ["audit"]

_STEPS = 5
#: Fewer targets than this leave wide intervals.
_MANY = 500


def audit(
    train: Any,
    synthetic: Any,
    control: Any,
    *,
    secrets: Sequence[str] | None = None,
    model: Synthesizer | None = None,
    level: int = 1,
    kinds: Mapping[str, Kind | str] | None = None,
    n_jobs: int | None = None,
    random_state: RandomState = 0,
    progress: bool | None = None,
) -> PrivacyAudit:
    """Attack a synthetic table: what does it give away about the rows that were learned?

    Each attack is made on learned rows and on as many real rows that nobody learned. What succeeds
    on both alike is a property of the population; only the difference is a leak of the table. An
    attack is chosen on one half of the targets and reported on the other.

    Parameters
    ----------
    train : dataframe
        The rows that the model has learned.
    synthetic : dataframe
        The synthetic rows, with the same columns.
    control : dataframe
        Real rows that were divided at random from those of `train` before the fit: 60 or more.
        Half of them are targets, the other half is what the attacker knows.
    secrets : sequence of str, optional
        The columns that an attacker wants to infer; by default the first twelve.
    model : Synthesizer, optional
        The fitted model. It states the kinds of columns, and level 2 fits others like it.
    level : {1, 2}
        1 takes seconds. 2 also fits 8 shadow models of the same kind, with the budget ``"fast"``.
    kinds : mapping of str to str, optional
        Kinds of columns that inference should not guess.
    n_jobs : int, optional
        The number of shadow models to fit at once, as in joblib, whose backends of several machines
        work as they are. By default one, and where networks are trained on this machine, as many as
        there are cores, up to 4. It changes no number.
    random_state : int, Generator, RandomState or None
        The seed of everything that is drawn.
    progress : bool or None
        True or False to show progress on standard error or not; by default it is shown
        where it is watched: in a terminal and in a notebook.

    Returns
    -------
    PrivacyAudit

    Raises
    ------
    DataError
        If `train` and `control` have rows in common, or there are too few rows.
    SchemaError
        If the columns of the tables differ.
    ParameterError
        If a name is unknown, `level` is neither 1 nor 2, or level 2 has no model.
    NotFittedError
        If `model` has not been fitted.

    Examples
    --------
    >>> import lookalike as la
    >>> rows = la.datasets.load("penguins", kind="pyarrow")
    >>> learned, control = rows.slice(0, 200), rows.slice(200)
    >>> found = la.audit(learned, learned, control, secrets=["sex"])  # a model that copies
    >>> found.leaks, found.strongest.area > 0.9
    (True, True)
    """
    check_parameters("audit", {"n_jobs": JOBS}, {"n_jobs": n_jobs})
    _check(level, model, kinds)
    seed = as_seed(random_state)
    pair = _pair(train, synthetic, control, model, kinds, seed)
    tables = divide(pair)
    names = find_secrets(pair.columns, secrets)
    shadows = SHADOWS if level == 2 else 0
    with show_progress("attacking", _STEPS + shadows, show=progress) as report:
        found = suspicions(tables)
        report(1, {})
        if level == 2:
            assert model is not None  # checked above
            found |= shadow_suspicions(tables, model, n_jobs, lambda done: report(1 + done, {}))
        membership, suspicion = choose_attack(found, tables)
        blind = attack_blindly(tables)
        risks: list[RiskEstimate] = []
        for place, work in enumerate((singling_out, linkability, _inferring(names))):
            report(2 + shadows + place, {})
            risks += work(tables)
        report(_STEPS + shadows, {})
    copies = _copies(tables)
    result = PrivacyAudit(
        membership=membership,
        blind=blind,
        group=exposed_group(suspicion, tables),
        risks=tuple(risks),
        copies=copies[0],
        copies_of_others=copies[1],
        facts=_facts(tables, names, level, seed),
    )
    notes = _notes(result, tables, secrets, names)
    return replace(result, notes=tuple(notes))


def _inferring(names: Sequence[str]) -> Callable[[AuditedTables], list[RiskEstimate]]:
    return lambda tables: inference(tables, names)


def _check(level: int, model: Synthesizer | None, kinds: Mapping[str, Kind | str] | None) -> None:
    if level not in (1, 2) or isinstance(level, bool):
        raise ParameterError(f"level must be 1 (seconds) or 2 (shadow models); got {level!r}.")
    if level == 2 and model is None:
        raise ParameterError("level 2 fits models of the same kind: give the fitted model.")
    if model is not None and kinds is not None:
        raise ParameterError("Give model or kinds, not both: a model states all kinds.")
    if model is not None and getattr(model, "schema_", None) is None:
        raise NotFittedError(
            f"model must be fitted, but this {type(model).__name__} is not: call fit first."
        )


def _pair(
    train: Any,
    synthetic: Any,
    control: Any,
    model: Synthesizer | None,
    kinds: Mapping[str, Kind | str] | None,
    seed: int,
) -> Pair:
    came = {
        name: to_arrow(data)[0]
        for name, data in (("train", train), ("synthetic", synthetic), ("control", control))
    }
    schema = infer_columns(came["train"], kinds) if model is None else model.schema_
    tables = {name: _canonical(table, schema, name) for name, table in came.items()}
    return Pair(tables["train"], tables["synthetic"], schema, None, tables["control"], seed)


def _canonical(table: pa.Table, schema: Schema, name: str) -> pa.Table:
    if not table.num_rows:
        raise DataError(f"An audit needs rows; {name} has none.")
    try:
        return conform(table, schema)
    except SchemaError as error:
        raise SchemaError(f"The table {name} does not fit: {error}") from error


def _copies(tables: AuditedTables) -> list[ShareEstimate]:
    """Return the share of synthetic rows that repeat a learned row, and a control row."""
    pair = tables.pair
    assert pair.test_view is not None  # the control
    count = min(len(pair.real), len(pair.test_view))
    keys = row_keys(tables.synthetic)
    shares = []
    for view in (pair.real_view, pair.test_view):
        among = set(row_keys(view.sample(count)))
        shares.append(ShareEstimate.of(sum(key in among for key in keys), len(keys)))
    return shares


def _facts(tables: AuditedTables, secrets: Sequence[str], level: int, seed: int) -> dict[str, Any]:
    pair = tables.pair
    return {
        "train": len(pair.real),
        "synthetic": len(pair.synthetic),
        "control": 0 if pair.test is None else len(pair.test),
        "targets": int(tables.member.sum()),
        "known": len(tables.known),
        "columns": len(pair.columns),
        "secrets": list(secrets),
        "level": level,
        "seed": seed,
        "versions": {name: version(name) for name in ("lookalike", "numpy", "lightgbm")},
    }


def _notes(
    found: PrivacyAudit,
    tables: AuditedTables,
    secrets: Sequence[str] | None,
    names: Sequence[str],
) -> Iterator[str]:
    if found.blind.low > 0.5:
        yield (
            f"Learned and control rows differ by themselves (AUC {found.blind.area:.2f} without "
            "the synthetic rows): they are no random division, and attacks look stronger."
        )
    if found.facts["targets"] < _MANY:
        yield (
            f"Only {found.facts['targets']:,} learned and as many control rows are attacked: the "
            "intervals are wide. Keep more rows out of the fit for a sharper answer."
        )
    left = len(tables.pair.columns) - len(names)
    if secrets is None and left:
        yield f"{left} more columns were not attacked as secrets: name them in secrets."
