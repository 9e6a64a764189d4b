"""Parts of ``fit``, ``sample`` and ``info`` for histories and series."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lookalike._core.errors import ParameterError, nearest
from lookalike._core.places import shown_path
from lookalike.cli._options import set_up
from lookalike.cli._print import say, show_table

if TYPE_CHECKING:
    from lookalike.sequences import Sequences

__all__ = ["fit_sequences", "sample_sequences", "sequence_facts", "show_sequences"]


def fit_sequences(
    data: str,
    output: str,
    roles: Mapping[str, str | None],
    kinds: dict[str, str],
    preset: str | None,
    settings: list[str] | None,
    seed: int | None,
    others: Mapping[str, Any],
    *,
    quiet: bool,
) -> None:
    """Learn histories or a series, and write the model file.

    Parameters
    ----------
    data, output : str
    roles : mapping of str to str or None
        The columns ``entity``, ``time`` and ``target``.
    kinds : dict of str to str
    preset : str or None
        A published system that generates windows.
    settings : list of str or None
        ``NAME=VALUE`` pairs.
    seed : int or None
    others : mapping of str to object
        Options of tables, by their names, which must not be given.
    quiet : bool
    """
    from lookalike.sequences import WINDOW_PRESETS, Sequences

    for name, value in others.items():
        if value:
            raise ParameterError(
                f"{name} is for tables of independent rows: leave it out, or leave out --entity "
                "and --time."
            )
    if preset is not None and preset not in WINDOW_PRESETS:
        raise ParameterError(
            f"--preset must be one of {', '.join(WINDOW_PRESETS)} for histories and series; got "
            f"{preset!r}.{nearest(preset, WINDOW_PRESETS)}"
        )
    model = set_up(Sequences(engine=preset or "auto"), seed, settings, quiet=quiet)
    model.fit(data, kinds=kinds, **roles)
    model.save(output)
    if not quiet:
        what = "one series" if model.entity_ is None else f"{model.n_entities_:,} histories"
        place = shown_path(output)
        say(f"wrote {place}: {what}, {model.n_rows_:,} events learned, seed {model.seed_}")


def sample_sequences(
    model: Sequences,
    output: str,
    rows: int | None,
    sizes: Mapping[str, int | None],
    past: str | None,
    given: dict[str, Any],
    *,
    seed: int | None,
    safe_csv: bool,
) -> int:
    """Write histories, a series, windows or futures; return the number of rows.

    Parameters
    ----------
    model : Sequences
    output : str
    rows : int or None
        The number of histories, or of futures.
    sizes : mapping of str to int or None
        ``length``, ``windows`` and ``window``.
    past : str or None
        The file of a past to continue.
    given : dict of str to object
        Conditions on static columns.
    seed : int or None
    safe_csv : bool
    """
    options: dict[str, Any] = {"random_state": seed, "safe_csv": safe_csv}
    if past is None:
        options |= {name: value for name, value in sizes.items() if value is not None}
        return model.sample_to(output, rows, given=given, **options)
    if sizes["length"] is None or sizes["windows"] is not None or given:
        raise ParameterError(
            "--continue takes the number of events of a future (--length) and, if wanted, the "
            "number of futures (-n); leave out --windows and --where."
        )
    return model.continue_to(output, past, sizes["length"], n=rows or 1, **options)


def sequence_facts(model: Sequences) -> dict[str, Any]:
    """Return the facts about a model, JSON-ready."""
    return {
        "class": type(model).__name__,
        "parameters": model.get_params(),
        "seed": model.seed_,
        "rows": model.n_rows_,
        "entities": model.n_entities_,
        "entity": model.entity_,
        "time": model.time_,
        "times": model.times_,
        "static": list(model.static_),
        "changes": model.changes_,
        "forecasts": model.forecasts_,
        "engine": model.engine_,
        "transforms": model.transforms_,
        "findings": [event.words for event in model.history_.events],
        "choice_gain": model.choice_gain_,
        "schema": model.schema_.to_dict(),
    }


def show_sequences(facts: Mapping[str, Any]) -> None:
    """Print what a model takes for a history, and why."""
    static, changes = set(facts["static"]), facts["changes"]
    rows = [
        ("class", facts["class"]),
        *((f"  {name}", value) for name, value in facts["parameters"].items()),
        ("seed", facts["seed"]),
        ("events learned", f"{facts['rows']:,}"),
    ]
    if facts["entity"] is None:
        rows.append(("history", "all rows are one series: no entity was named"))
    else:
        rows.append(("history", f"{facts['entities']:,} values of {facts['entity']!r}"))
        gain = facts["choice_gain"]
        words = "none" if gain is None else f"{gain:.3g} nats per held-out history gained"
        rows.append(("choice of histories", words))
    engine, noun = facts["engine"], "windows" if facts["entity"] is None else "histories"
    rows.append((noun, "event by event" if engine == "trees" else f"as a whole, by {engine}"))
    rows += [("", words) for words in facts["findings"] if f"{noun} are drawn" in words]
    rows.append(("time", "the order of rows" if facts["time"] is None else facts["times"]))
    for column in facts["schema"]["columns"]:
        name, kind = column["name"], column["kind"]
        if name == facts["entity"]:
            kind = "entity, new identifiers of the same pattern"
        elif name == facts["time"]:
            kind += ", learned as gaps"
        elif name in static:
            kind += ", static: one value for each entity"
        elif name in changes:
            kind += f", learned as changes: {changes[name]:.3g} nats per held-out event gained"
        elif name in facts["forecasts"]:
            kind += f", learned as errors of a forecast {facts['forecasts'][name]}"
        if name in facts["transforms"]:
            kind += f"; in windows {facts['transforms'][name]}"
        rows.append((f"  {name}", kind))
    show_table(("", ""), rows)
