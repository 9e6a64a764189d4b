"""Parts of ``fit``, ``sample``, ``evaluate``, ``boost`` and ``info`` for images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lookalike._core.errors import ParameterError
from lookalike._core.places import shown_path
from lookalike.cli._options import check_outputs, parse_settings, set_up
from lookalike.cli._print import say, show, show_table, write_result

if TYPE_CHECKING:
    from lookalike.images import Images

__all__ = [
    "evaluate_images_of",
    "fit_images",
    "image_facts",
    "refuse",
    "sample_images",
    "show_images",
    "unfitted",
]

#: The column by which ``--where`` names a class.
_LABEL = "label"


def fit_images(
    data: str,
    output: str,
    budget: str | None,
    preset: str | None,
    settings: list[str] | None,
    seed: int | None,
    html_file: str | None,
    others: Mapping[str, Any],
    *,
    quiet: bool,
) -> Images:
    """Learn images, and write the model file.

    Parameters
    ----------
    data, output : str
    budget, preset : str or None
    settings : list of str or None
        ``NAME=VALUE`` pairs.
    seed : int or None
    html_file : str or None
        The file of the page about the training, which the caller writes.
    others : mapping of str to object
        Options of tables, by their names, which must not be given.
    quiet : bool
    """
    refuse(others)
    check_outputs([output, html_file], [data])
    model = set_up(_model(budget, preset), seed, settings, quiet=quiet)
    model.fit(data)
    model.save(output)
    if not quiet:
        classes = "without classes" if model.classes_ is None else f"{len(model.classes_)} classes"
        place = shown_path(output)
        say(f"wrote {place}: {model.n_images_:,} images learned, {classes}, seed {model.seed_}")
    return model


def unfitted(budget: str | None, preset: str | None, settings: list[str] | None) -> Images:
    """Return an unfitted model of images with the options of a study, which has the seed.

    Parameters
    ----------
    budget, preset : str or None
    settings : list of str or None
        ``NAME=VALUE`` pairs.
    """
    model = _model(budget, preset)
    model.set_params(**parse_settings(settings, list(model.get_params(deep=False))))
    return model


def _model(budget: str | None, preset: str | None) -> Images:
    from lookalike.images import Images

    if budget is not None and preset is not None:
        raise ParameterError(
            "A preset has its own training length: give --preset or --budget, not both."
        )
    return Images(budget=budget or "balanced") if preset is None else Images.preset(preset)


def refuse(options: Mapping[str, Any]) -> None:
    """Raise an error for the first option of tables that is given."""
    for name, value in options.items():
        if value:
            raise ParameterError(f"--{name.replace('_', '-')} is not for images: leave it out.")


def evaluate_images_of(
    real: str,
    synthetic: str,
    holdout: str | None,
    json_file: str | None,
    html_file: str | None,
    others: Mapping[str, Any],
    seed: int,
) -> None:
    """Score generated images, and show the scores or write them as JSON and as a page.

    Parameters
    ----------
    real, synthetic : str
        Folders or files of images with classes.
    holdout : str or None
        Real images that the model has not seen.
    json_file, html_file : str or None
    others : mapping of str to object
        Options of tables, by their names, which must not be given.
    seed : int
    """
    refuse(others)
    if holdout is None:
        raise ParameterError(
            "Images are scored beside real ones that the model has not seen: give --holdout."
        )
    check_outputs([json_file, html_file], [real, synthetic, holdout])

    from lookalike.images import evaluate_images

    found = evaluate_images(real, synthetic, holdout, random_state=seed)
    write_result(found, json_file, html_file)
    if "-" not in (json_file, html_file):
        show(repr(found))


def sample_images(
    model: Images,
    source: str,
    output: str,
    number: int | None,
    given: Mapping[str, Any],
    seed: int | None,
    start: int,
    others: Mapping[str, Any],
) -> None:
    """Write images, a contact sheet or an ``.npz`` file.

    Parameters
    ----------
    model : Images
    source, output : str
        The model's file, and what is written.
    number : int or None
        The number of images.
    given : mapping of str to object
        A condition on ``label``, or nothing.
    seed : int or None
    start : int
        The number of the first image.
    others : mapping of str to object
        Options of tables, by their names, which must not be given.
    """
    refuse(others)
    if number is None:
        raise ParameterError("Give the number of images (-n N).")
    if output == "-":
        raise ParameterError("Images are written to a folder, a .png or an .npz file, not to -.")
    values = list(given.values())
    if set(given) - {_LABEL} or any(isinstance(value, list | tuple | None) for value in values):
        raise ParameterError(
            f"Images have one condition, --where {_LABEL}=CLASS; got one on "
            f"{', '.join(map(repr, given))}."
        )
    if output.lower().endswith((".png", ".npz")):  # a folder has its own check
        check_outputs([output], [source])
    count = model.sample_to(
        output, number, given=values[0] if values else None, random_state=seed, start=start
    )
    say(f"wrote {shown_path(output)}: {count:,} images")


def image_facts(model: Images) -> dict[str, Any]:
    """Return the facts about a model, JSON-ready."""
    return {
        "class": type(model).__name__,
        "parameters": model.get_params(deep=False),
        "seed": model.seed_,
        "images": model.n_images_,
        "shape": list(model.form_.shape),
        "classes": None if model.classes_ is None else model.classes_.tolist(),
        "findings": [event.words for event in model.history_.events],
    }


def show_images(facts: Mapping[str, Any]) -> None:
    """Print the content of a model file."""
    rows = [
        ("class", facts["class"]),
        *((f"  {name}", value) for name, value in facts["parameters"].items()),
        ("seed", facts["seed"]),
        ("images learned", f"{facts['images']:,}"),
        ("shape", " × ".join(map(str, facts["shape"]))),
        ("classes", "none" if facts["classes"] is None else ", ".join(map(str, facts["classes"]))),
        *(("finding", words) for words in facts["findings"]),
    ]
    show_table(("", ""), rows)
