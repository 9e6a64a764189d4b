"""``lookalike fit``: learn a table and write a model file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from lookalike._core.errors import ParameterError
from lookalike._core.pictures import is_images
from lookalike._core.places import shown_path
from lookalike.cli._databases import check_source, check_unused, fit_database, is_database
from lookalike.cli._images import fit_images
from lookalike.cli._options import (
    KindOption,
    MaxRowsOption,
    SeedOption,
    check_outputs,
    parse_kinds,
    parse_mapping,
    parse_settings,
    set_up,
)
from lookalike.cli._print import say, show
from lookalike.cli._rules import BrokenOption, RuleOption, RulesOption, read_rules
from lookalike.cli._sequences import fit_sequences

if TYPE_CHECKING:
    from lookalike.images import Images
    from lookalike.models import Synthesizer

__all__ = ["fit"]


def fit(
    data: Annotated[
        str,
        typer.Argument(
            metavar="DATA",
            help="The table to learn; a database: a folder, or an address such as "
            "sqlite:///file.db or postgresql://host/name; or images: a folder of PNG files, an "
            ".npz or an IDX file.",
        ),
    ],
    output: Annotated[
        str, typer.Option("-o", "--output", metavar="MODEL", help="The file to write the model to.")
    ],
    target: Annotated[
        str | None, typer.Option(metavar="COL", help="The column that models should predict.")
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="The family, such as GAN (the default), mixture or gaussian-copula; auto for the "
            "best one on held-out rows.",
        ),
    ] = None,
    seconds: Annotated[
        float | None,
        typer.Option(metavar="N", help="With --model auto: the time for all (300 by default)."),
    ] = None,
    budget: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The length of training: fast, balanced or best."),
    ] = None,
    entity: Annotated[
        str | None,
        typer.Option(metavar="COL", help="Learn histories: the column that names the entity."),
    ] = None,
    time: Annotated[
        str | None,
        typer.Option(metavar="COL", help="The times of events; without --entity, of one series."),
    ] = None,
    preset: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="A published system; see lookalike info --presets."),
    ] = None,
    warm_start: Annotated[
        str | None,
        typer.Option("--warm-start", metavar="MODEL", help="A model to continue from."),
    ] = None,
    mapping: Annotated[
        list[str] | None,
        typer.Option(
            "--mapping", metavar="OLD=NEW", help="A column's name in that model, and in the table."
        ),
    ] = None,
    seed: Annotated[int | None, SeedOption] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Any parameter of the model."),
    ] = None,
    html_file: Annotated[
        str | None,
        typer.Option("--html", metavar="FILE", help="Write a page about the training."),
    ] = None,
    kind: KindOption = None,
    rule: RuleOption = None,
    rules_file: RulesOption = None,
    broken: BrokenOption = "refuse",
    max_rows: MaxRowsOption = None,
    orphans: Annotated[
        str,
        typer.Option(
            metavar="POLICY",
            help="Of a database: rows whose key leads nowhere: refuse, drop, or null.",
        ),
    ] = "refuse",
    public: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TABLE",
            help="Of a database: a table that everybody may know, whose rows are kept as they are.",
        ),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress, no messages.")] = False,
) -> None:
    """Learn a table, a whole database or images, and write a model file.

    Ctrl-C ends the training early: what was learned so far is written. Of a database, nothing is: a
    model file that was there stays as it is.
    """
    if output == "-":
        raise ParameterError("A model is written to a file: give its path, or /dev/stdout, not -.")
    if is_images(data):
        unused = (
            {"target": target, "model": model, "seconds": seconds, "kind": kind}
            | {"warm-start": warm_start, "mapping": mapping, "rule": rule, "rules": rules_file}
            | {"entity": entity, "time": time, "max-rows": max_rows, "public": public}
            | {"orphans": orphans != "refuse", "broken": broken != "refuse"}
        )
        drawn = fit_images(
            *(data, output, budget, preset, setting, seed, html_file, unused), quiet=quiet
        )
        if html_file is not None:
            write_page(drawn, html_file)
        return
    if is_database(data):
        check_unused(
            {"--target": target, "--model": model, "--seconds": seconds, "--budget": budget}
            | {"--preset": preset, "--warm-start": warm_start, "--mapping": mapping}
            | {"--html": html_file}
            | {"--entity": entity, "--time": time, "--max-rows": max_rows},
            "a database",
        )
        fit_database(
            data,
            output,
            kind=kind,
            seed=seed,
            setting=setting,
            orphans=orphans,
            rules=read_rules(rule, rules_file),
            broken=broken,
            public=list(public or ()),
            quiet=quiet,
        )
        return
    check_source(data)
    if public:
        raise ParameterError("--public names tables of a database; this is a single table.")
    check_outputs([output, html_file], [data, warm_start])
    kinds, renamed = parse_kinds(kind), parse_mapping(mapping)
    declared = read_rules(rule, rules_file)
    if renamed and warm_start is None:
        raise ParameterError(
            "--mapping names columns of a model to continue from: give --warm-start."
        )
    of_networks = {"--preset": preset, "--budget": budget, "--warm-start": warm_start}
    if entity is not None or time is not None or _folded(model) == "sequences":
        roles = {"entity": entity, "time": time, "target": target}
        others = {
            "--budget": budget,
            "--warm-start": warm_start,
            "--seconds": seconds,
            "--html": html_file,
            "--rule": declared or None,
            "--max-rows": max_rows,
        }
        if _folded(model) not in ("", "sequences"):
            others["--model"] = model
        fit_sequences(data, output, roles, kinds, preset, setting, seed, others, quiet=quiet)
        return
    _check_choice(model, of_networks)
    if seconds is not None and _folded(model) != "auto":
        raise ParameterError("--seconds is the time of --model auto: give both, or neither.")
    if _folded(model) == "auto":
        if max_rows is not None:
            raise ParameterError("--model auto takes no --max-rows: name the family with --model.")
        options = {"kinds": kinds, "target": target, "rules": declared, "broken": broken}
        fitted = _chosen(data, options, seconds, seed, setting, quiet=quiet)
    else:
        fitted = set_up(_model(model, preset, budget), seed, setting, quiet=quiet)
        fitted.fit(
            data,
            kinds=kinds,
            target=target,
            warm_start=warm_start,
            mapping=renamed or None,
            rules=declared,
            broken=broken,
            max_rows=max_rows,
        )
    fitted.save(output)
    if html_file is not None:
        write_page(fitted, html_file)
    if not quiet:
        from lookalike.encoding import columns_by_origin

        for event in fitted.history_.events:
            if event.kind == "sample":
                say(event.words)
        say(f"wrote {shown_path(output)}: {fitted.n_rows_:,} rows learned, seed {fitted.seed_}")
        found = columns_by_origin((one.column, one.word) for one in fitted.value_origins())
        say(f"values that it generates: {found} (lookalike info tells more)")
    if html_file not in (None, "-") and not quiet:
        say(f"wrote {shown_path(html_file)}")


def _folded(model: str | None) -> str:
    return (model or "").casefold()


def _check_choice(model: str | None, options: dict[str, str | None]) -> None:
    """Raise an error for options that exclude each other."""
    given = [name for name, value in options.items() if value is not None]
    if {"--preset", "--budget"} <= set(given):
        raise ParameterError(
            "A preset has its own training length: give --preset or --budget, not both. "
            "--set epochs=N or --set steps=N changes a preset."
        )
    if given and _folded(model) not in ("", "gan"):
        raise ParameterError(f"{given[0]} is an option of the GAN: leave it or --model out.")


def _model(model: str | None, preset: str | None, budget: str | None) -> Synthesizer:
    """Return an unfitted model."""
    from lookalike.models import GAN, find_synthesizer

    if _folded(model) not in ("", "gan"):
        return find_synthesizer(model or "")()
    return GAN(budget=budget or "balanced") if preset is None else GAN.preset(preset)


def _chosen(
    data: str,
    options: dict[str, Any],
    seconds: float | None,
    seed: int | None,
    setting: list[str] | None,
    *,
    quiet: bool,
) -> Synthesizer:
    """Return the best model for the data, fitted with some options."""
    from lookalike.experiments import Auto

    auto = Auto(random_state=seed, progress=not quiet)
    if seconds is not None:
        auto.set_params(seconds=seconds)
    auto.set_params(**parse_settings(setting, list(auto.get_params())))
    auto.fit(data, **options)
    if not quiet:
        say(repr(auto.comparison_))
    return auto.best_


def write_page(model: Synthesizer | Images, path: str) -> None:
    """Write a page about a model's training.

    Parameters
    ----------
    model : Synthesizer or Images
        A fitted model.
    path : str
        The file; ``-`` is standard output.
    """
    from lookalike.images import Images
    from lookalike.reports import training_page

    count = "images" if isinstance(model, Images) else "rows"
    facts = {count: f"{getattr(model, f'n_{count}_'):,}", "seed": model.seed_}
    film = model.film_sheet() if isinstance(model, Images) else None
    place = None if path == "-" else path
    page = training_page(model.history_, place, facts=facts, film=film)
    if path == "-":
        show(page)
