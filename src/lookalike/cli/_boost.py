"""``lookalike boost``: a study of whether synthetic rows help models that predict a column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from lookalike._core.errors import ParameterError
from lookalike._core.pictures import is_images
from lookalike.cli._images import refuse, unfitted
from lookalike.cli._options import (
    KindOption,
    SeedOption,
    check_outputs,
    parse_kinds,
    parse_settings,
)
from lookalike.cli._print import show, show_prose, show_table, write_result
from lookalike.cli._rules import BrokenOption, RuleOption, RulesOption, read_rules

if TYPE_CHECKING:
    from lookalike.experiments import Verdict
    from lookalike.models import GAN

__all__ = ["boost"]

#: The target of images: their class.
_LABEL = "label"


def boost(
    data: Annotated[str, typer.Argument(metavar="DATA", help="The real rows.")],
    target: Annotated[str, typer.Option(metavar="COL", help="The column to predict.")],
    factor: Annotated[
        list[float] | None,
        typer.Option(metavar="F", help="Synthetic rows for each real one; 0.2, 1, 2 if not given."),
    ] = None,
    boosted: Annotated[
        bool,
        typer.Option(
            "--boost/--no-boost",
            help="Add synthetic rows to the real ones, or only use --replace and --shrink.",
        ),
    ] = True,
    replace: Annotated[
        bool, typer.Option("--replace", help="Train on synthetic rows alone, too.")
    ] = False,
    balance: Annotated[
        bool,
        typer.Option(
            "--balance", help="Add synthetic rows of rarer classes until all are equal, too."
        ),
    ] = False,
    label: Annotated[
        bool,
        typer.Option("--label", help="Let a teacher draw the labels of synthetic rows, too."),
    ] = False,
    shrink: Annotated[
        list[float] | None,
        typer.Option(metavar="F", help="Keep this share of the training rows; 1 if not given."),
    ] = None,
    curve: Annotated[
        list[float] | None,
        typer.Option(
            metavar="F", help="Learn this share of the real rows alone; 0.3, 0.6 by default."
        ),
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="A first answer: fewer splits, models and sets of rows.")
    ] = False,
    repeats: Annotated[
        int | None, typer.Option(metavar="N", help="The number of splits; 5 if not given.")
    ] = None,
    test_size: Annotated[
        float, typer.Option(metavar="F", help="The share of rows that is held out.")
    ] = 0.2,
    controls: Annotated[
        bool, typer.Option(help="Compare with cheap controls, such as copies and SMOTE.")
    ] = True,
    model: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A model to try; all if not given.")
    ] = None,
    metric: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="A metric; the answer is about the first. All if not given."
        ),
    ] = None,
    group: Annotated[
        str | None, typer.Option(metavar="COL", help="Rows of a group stay on one side.")
    ] = None,
    time: Annotated[
        str | None, typer.Option(metavar="COL", help="Held-out rows come later than the others.")
    ] = None,
    budget: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="The length of training: fast (if not given), balanced or best."
        ),
    ] = None,
    preset: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="A published system; see lookalike info --presets."),
    ] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Any parameter of the synthesizer."),
    ] = None,
    records: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Keep every number here, and resume from it."),
    ] = None,
    retry: Annotated[
        bool, typer.Option("--retry", help="Retry what failed, according to the records.")
    ] = False,
    jobs: Annotated[
        int | None,
        typer.Option(metavar="N", help="Splits to work on at once; up to 4 if not given."),
    ] = None,
    json_file: Annotated[
        str | None, typer.Option("--json", metavar="FILE", help="Write the verdict as JSON.")
    ] = None,
    html_file: Annotated[
        str | None, typer.Option("--html", metavar="FILE", help="Write a report as HTML.")
    ] = None,
    rule: RuleOption = None,
    rules_file: RulesOption = None,
    broken: BrokenOption = "refuse",
    kind: KindOption = None,
    seed: Annotated[int, SeedOption] = 0,
) -> None:
    """Find out whether synthetic rows help models that predict a column.

    Models are trained on real rows, on real and synthetic rows, and on cheap controls such as
    copies, and judged on real rows that none of them has seen, in several splits. Of a folder of
    images, --target is label, and the control is plain augmentation.
    """
    check_outputs([json_file, html_file], [data, records])
    kinds = parse_kinds(kind)
    if factor and not boosted:
        raise ParameterError(
            "Give --factor or --no-boost, not both: a factor is the share of rows to add."
        )

    if is_images(data):
        others: dict[str, Any] = {"records": records, "retry": retry, "label": label}
        others |= {"balance": balance, "quick": quick, "curve": curve, "jobs": jobs}
        others |= {"rule": rule, "rules": rules_file, "broken": broken != "refuse"}
        others |= {"no-boost": not boosted, "no-controls": not controls}
        others |= {"group": group, "time": time, "model": model, "metric": metric, "kind": kind}
        refuse(others)
        if target != _LABEL or len(shrink or ()) > 1:
            raise ParameterError(
                f"Of images, --target is {_LABEL}, their class, and --shrink one share; got "
                f"{target!r} and {shrink or 'none'}."
            )

        from lookalike.experiments import boost_images

        length = budget if preset is not None else budget or "fast"
        _write(
            boost_images(
                data,
                synthesizer=unfitted(length, preset, setting),
                factors=tuple(factor or (1.0,)),
                share=(shrink or [1.0])[0],
                replace=replace,
                repeats=5 if repeats is None else repeats,
                test_size=test_size,
                show=True,
                random_state=seed,
            ),
            json_file,
            html_file,
        )
        return

    from lookalike.experiments import boost as try_out
    from lookalike.tables import read_table

    verdict = try_out(
        read_table(data),
        target,
        synthesizer=_synthesizer(preset, budget, setting, conditions=balance),
        factors=(tuple(factor) if factor else None) if boosted else (),
        shares=tuple(shrink or (1.0,)),
        curve=tuple(curve) if curve else None,
        quick=quick,
        replace=replace,
        balance=balance,
        label=label,
        controls=controls,
        models=model or None,
        metrics=metric or None,
        repeats=repeats,
        test_size=test_size,
        groups=group,
        time=time,
        kinds=kinds,
        rules=read_rules(rule, rules_file),
        broken=broken,
        records=records,
        retry=retry,
        n_jobs=jobs,
        random_state=seed,
        progress=True,
    )
    _write(verdict, json_file, html_file)


def _write(verdict: Verdict, json_file: str | None, html_file: str | None) -> None:
    write_result(verdict, json_file, html_file)
    if "-" not in (json_file, html_file):
        _show(verdict)


def _synthesizer(
    preset: str | None, budget: str | None, settings: list[str] | None, *, conditions: bool
) -> GAN:
    from lookalike.models import GAN

    if preset is not None and budget is not None:
        raise ParameterError(
            "A preset has its own training length: give --preset or --budget, not both. "
            "--set epochs=N or --set steps=N changes a preset."
        )
    # Unless classes are balanced, the study samples without conditions: they need not be learned.
    ours = GAN(budget=budget or "fast", conditions=conditions)
    model = ours if preset is None else GAN.preset(preset)
    model.set_params(**parse_settings(settings, list(model.get_params())))
    return model


def _show(verdict: Verdict) -> None:
    """Show each arm beside the real rows and the best control, and the answer."""
    show_table(verdict.heads, verdict.as_table(), numbers=verdict.heads[1:2])
    show()
    for note in verdict.notes:
        show_prose(note)
    for text in (verdict.answer, verdict.outlook, verdict.more_rows):
        if text:
            show_prose(text)
