"""From the choices of a page to command lines, and to the Python that does the same.

What a user writes stands after an equals sign or ``--``, so that it is never read as an option.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = [
    "FAMILIES",
    "FitChoice",
    "RunPlan",
    "audit_plan",
    "boost_plan",
    "compare_plan",
    "database_plan",
    "database_words",
    "fit_plan",
    "function_plan",
    "history_plan",
    "sample_words",
]

#: The families on the page: the name of the command line, that of the class, and what it is.
FAMILIES: Mapping[str, tuple[str, str]] = {
    "gan": ("GAN", "the default: networks, watched while they train"),
    "auto": ("Auto", "tries several families and takes the best within a time"),
    "mixture": ("Mixture", "seconds; exact probabilities"),
    "bayesian-network": ("BayesianNetwork", "seconds; each column given a few others"),
    "forest": ("Forest", "trees, column by column"),
    "adversarial-forest": ("AdversarialForest", "trees, whole rows; exact probabilities"),
    "gaussian-copula": ("GaussianCopula", "seconds; correlations only"),
    "autoregressive": ("Autoregressive", "a network, column by column"),
    "diffusion": ("Diffusion", "a network that removes noise"),
    "vae": ("VAE", "an encoder and a decoder"),
    "private": ("Private", "differential privacy, ε = 1"),
    "independent": ("Independent", "the floor: columns without relations"),
    "sequences": ("Sequences", "histories of many entities, or one series"),
}


_RULES = "rules.txt"


@dataclass(frozen=True)
class RunPlan:
    """A run before it begins.

    Parameters
    ----------
    sort : str
        ``"fit"``, ``"compare"``, ``"boost"``, ``"audit"`` or ``"function"``.
    title : str
        Its heading.
    commands : tuple of tuple of str
        The words of each command after ``lookalike``, as they are run in the folder of the run.
    shown : str
        The same with the names that the user knows.
    python : str
        Python that does the same.
    facts : dict
        Further plain values, such as the table's id.
    files : dict of str to str
        Texts that the commands read, by the names of their files.
    """

    sort: str
    title: str
    commands: tuple[tuple[str, ...], ...]
    shown: str
    python: str
    facts: dict[str, Any] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the plan as JSON-ready values."""
        values = {name: value for name, value in vars(self).items() if name != "files"}
        return {**values, "commands": [list(words) for words in self.commands]}


@dataclass(frozen=True)
class FitChoice:
    """The choices on the page of a table.

    Parameters
    ----------
    model : str
        One of `FAMILIES`.
    target : str or None
    kinds : mapping of str to str
        The kinds that differ from the inferred ones.
    rules : tuple of str
    budget : str or None
        Of the GAN: ``"fast"``, ``"balanced"`` or ``"best"``.
    preset : str or None
        Of the GAN: a published system, in place of a budget.
    seconds : int or None
        Of Auto.
    entity, time : str or None
        Of Sequences: the columns that name the entity and the time of an event.
    seed : int
    """

    model: str = "gan"
    target: str | None = None
    kinds: Mapping[str, str] = field(default_factory=dict)
    rules: tuple[str, ...] = ()
    budget: str | None = None
    preset: str | None = None
    seconds: int | None = None
    entity: str | None = None
    time: str | None = None
    seed: int = 0

    @property
    def label(self) -> str:
        """The model in words."""
        name = FAMILIES[self.model][0]
        more = self.preset or self.budget or (self.seconds and f"{self.seconds} s")
        return f"{name}, {more}" if more else name


def fit_plan(choice: FitChoice, name: str, data: str, rows: int, facts: dict[str, Any]) -> RunPlan:
    """Return the plan of a fit: split, fit, sample, evaluate.

    Parameters
    ----------
    choice : FitChoice
    name : str
        The table's name as its owner knows it.
    data : str
        Its file, seen from the folder of the run.
    rows : int
        The number of synthetic rows.
    facts : dict
        Further facts of the run.

    Returns
    -------
    RunPlan
    """
    train, test, fake = _parts(data)
    target = [] if choice.target is None else [f"--target={choice.target}"]
    seed = ["--seed", str(choice.seed)]
    fit = ["fit", train, "-o", "model.lookalike", "--model", choice.model, *target, *seed]
    fit += [] if choice.budget is None or choice.preset else ["--budget", choice.budget]
    fit += [] if choice.preset is None else ["--preset", choice.preset]
    fit += [] if choice.seconds is None else ["--seconds", str(choice.seconds)]
    fit += [f"--kind={column}={kind}" for column, kind in choice.kinds.items()]
    fit += ["--rules", _RULES] if choice.rules else []
    score = ["evaluate", train, fake, "--holdout", test, "--model", "model.lookalike"]
    commands = [
        ["split", data, "--train", train, "--test", test, *target, *seed],
        fit,
        sample_words(rows, (), choice.seed, fake),
        [*score, "--html", "report.html", "--json", "evaluation.json", *seed],
    ]
    title = f"{choice.label}: {name}"
    shown = _lines(commands, {data: name})
    python = _fit_python(choice, name, rows)
    files = {_RULES: "\n".join(choice.rules) + "\n"} if choice.rules else {}
    return RunPlan("fit", title, _tuples(commands), shown, python, facts, files)


def _fit_python(choice: FitChoice, name: str, rows: int) -> str:
    family = FAMILIES[choice.model][0]
    options = [f"random_state={choice.seed}"]
    if choice.seconds is not None:
        options.insert(0, f"seconds={choice.seconds}")
    if choice.budget is not None and choice.preset is None:
        options.insert(0, f"budget={choice.budget!r}")
    made = f"la.{family}({', '.join(options)})"
    if choice.preset is not None:
        made = f"la.GAN.preset({choice.preset!r}, random_state={choice.seed})"
    target = "" if choice.target is None else f", target={choice.target!r}"
    kinds = f", kinds={dict(choice.kinds)!r}" if choice.kinds else ""
    rules = f", rules=split_rules(open({_RULES!r}).read())" if choice.rules else ""
    imported = ["from lookalike.rules import split_rules"] if choice.rules else []
    of = "model.best_" if choice.model == "auto" else "model"
    return "\n".join(
        [
            "import lookalike as la",
            *imported,
            "",
            f"train, test = la.split({name!r}{target}, random_state={choice.seed})",
            f"model = {made}",
            f"model.fit(train{target}{kinds}{rules})",
            f"rows = {of}.sample({rows}, random_state={choice.seed})",
            f"found = la.evaluate(train, rows, holdout=test, model={of}, "
            f"random_state={choice.seed})",
            'found.to_html("report.html")',
        ]
    )


def history_plan(
    choice: FitChoice, name: str, data: str, count: int, facts: dict[str, Any]
) -> RunPlan:
    """Return the plan of a fit of histories, of which some are held out, or of one series.

    Parameters
    ----------
    choice : FitChoice
    name : str
        The table's name as its owner knows it.
    data : str
        Its file, seen from the folder of the run.
    count : int
        The number of histories, or of events of a series, to generate.
    facts : dict
        Further facts of the run.

    Returns
    -------
    RunPlan
    """
    train, test, fake = _parts(data)
    single = choice.entity is None
    learned = data if single else train
    seed = ["--seed", str(choice.seed)]
    roles = [] if single else [f"--entity={choice.entity}"]
    roles += [] if choice.time is None else [f"--time={choice.time}"]
    target = [] if choice.target is None else [f"--target={choice.target}"]
    kinds = [f"--kind={column}={kind}" for column, kind in choice.kinds.items()]
    fit = ["fit", learned, "-o", "model.lookalike", *roles, *target, *kinds, *seed]
    held_out = [] if single else ["--holdout", test]
    score = ["evaluate", learned, fake, *held_out, "--model", "model.lookalike", *roles]
    commands = [
        fit,
        sample_words(count, (), choice.seed, fake, "events" if single else "histories"),
        [*score, "--html", "report.html", "--json", "evaluation.json", *seed],
    ]
    if not single:
        split = ["split", data, "--train", train, "--test", test, f"--entity={choice.entity}"]
        commands.insert(0, [*split, *seed])
    named = {"entity": choice.entity, "time": choice.time}
    given = "".join(f", {role}={column!r}" for role, column in named.items() if column is not None)
    further = "" if choice.target is None else f", target={choice.target!r}"
    further += f", kinds={dict(choice.kinds)!r}" if choice.kinds else ""
    parted = f"train, test = la.split({name!r}, entity={choice.entity!r}, "
    parted += f"random_state={choice.seed})"
    number = f"length={count}" if single else f"{count}"
    python = [
        "import lookalike as la",
        "",
        f"train = {name!r}" if single else parted,
        f"model = la.Sequences(random_state={choice.seed})",
        f"model.fit(train{given}{further})",
        f"rows = model.sample({number}, random_state={choice.seed})",
        f"found = la.evaluate(train, rows{'' if single else ', holdout=test'}{given}, model=model, "
        f"random_state={choice.seed})",
        'found.to_html("report.html")',
    ]
    known = {**facts, "unit": "events" if single else "histories"}
    title = f"{choice.label}: {name}"
    shown = _lines(commands, {data: name})
    return RunPlan("fit", title, _tuples(commands), shown, "\n".join(python), known)


def database_plan(
    name: str, source: str, scale: float, seed: int, facts: dict[str, Any]
) -> RunPlan:
    """Return the plan of a fit of a whole database.

    Parameters
    ----------
    name : str
        The database's name as its owner knows it.
    source : str
        Its address, seen from the folder of the run.
    scale : float
        The factor of the numbers of rows.
    seed : int
    facts : dict
        Further facts of the run.

    Returns
    -------
    RunPlan
    """
    fake, seeded = "sqlite:///synthetic.sqlite", ["--seed", str(seed)]
    commands = [
        ["fit", source, "-o", "model.lookalike", *seeded],
        database_words(scale, seed, fake),
        ["evaluate", source, fake, "--html", "report.html", "--json", "evaluation.json", *seeded],
    ]
    known = f"sqlite:///{name}"
    python = "\n".join(
        [
            "import lookalike as la",
            "from lookalike.reports import evaluate_databases",
            "",
            f"db = la.Database.read({known!r})",
            f"model = la.Relational(random_state={seed}).fit(db)",
            f"made = model.sample(scale={scale:g}, random_state={seed})",
            f"made.write({fake!r})",
            f"found = evaluate_databases(db, made, random_state={seed})",
            'found.to_html("report.html")',
        ]
    )
    shown = _lines(commands, {source: known})
    known_facts = {**facts, "unit": "database", "label": "Relational"}
    return RunPlan("fit", f"Relational: {name}", _tuples(commands), shown, python, known_facts)


def database_words(scale: float, seed: int, output: str) -> list[str]:
    """Return the words of a command that generates a database from a run's model."""
    words = ["sample", "model.lookalike", "-o", output, "--overwrite", "--scale", f"{scale:g}"]
    return [*words, "--seed", str(seed)]


def compare_plan(
    name: str, data: str, target: str | None, seconds: int, seed: int, facts: dict[str, Any]
) -> RunPlan:
    """Return the plan of a comparison of families."""
    words = ["compare", data, "--seconds", str(seconds), "--html", "report.html"]
    words += ["--json", "comparison.json", "-o", "model.lookalike", "--seed", str(seed)]
    words += [] if target is None else [f"--target={target}"]
    named = "" if target is None else f", target={target!r}"
    python = (
        "import lookalike as la\n\n"
        f"found = la.compare({name!r}{named}, seconds={seconds}, random_state={seed})\n"
        'found.to_html("report.html")'
    )
    title = f"Families: {name}"
    return RunPlan("compare", title, (tuple(words),), _lines([words], {data: name}), python, facts)


def boost_plan(name: str, data: str, target: str, seed: int, facts: dict[str, Any]) -> RunPlan:
    """Return the plan of a study of whether synthetic rows help a model."""
    words = ["boost", data, f"--target={target}", "--html", "report.html", "--json", "verdict.json"]
    words += ["--records", "records.sqlite", "--seed", str(seed)]
    python = (
        "import lookalike as la\n\n"
        f"verdict = la.boost({name!r}, target={target!r}, random_state={seed})\n"
        'verdict.to_html("report.html")'
    )
    title = f"Does it help? {name}"
    return RunPlan("boost", title, (tuple(words),), _lines([words], {data: name}), python, facts)


def audit_plan(name: str, folder: str, suffix: str, seed: int, facts: dict[str, Any]) -> RunPlan:
    """Return the plan of a privacy audit of the rows of a run.

    Parameters
    ----------
    name : str
        The run in words.
    folder : str
        Its folder, seen from that of the new run.
    suffix : str
        The suffix of its tables.
    seed : int
    facts : dict
    """
    parts = [f"{folder}/{part}{suffix}" for part in ("train", "synthetic", "test")]
    words = ["audit", parts[0], parts[1], "--control", parts[2]]
    words += ["--html", "report.html", "--json", "audit.json", "--seed", str(seed)]
    short = {part: part.rpartition("/")[2] for part in parts}
    python = (
        "import lookalike as la\n\n"
        f"train, rows, test = {[short[part] for part in parts]!r}\n"
        f"audit = la.audit(train, rows, test, random_state={seed})\n"
        'audit.to_html("report.html")'
    )
    return RunPlan(
        "audit", f"Audit: {name}", (tuple(words),), _lines([words], short), python, facts
    )


def function_plan(
    expression: str, preset: str | None, steps: int | None, noise: float, seed: int
) -> RunPlan:
    """Return the plan of a run in which a GAN learns a function."""
    words = ["function", "--out", ".", "--noise", f"{noise:g}", "--seed", str(seed)]
    words += [] if preset is None else ["--preset", preset]
    words += [] if steps is None else ["--steps", str(steps)]
    words += ["--", expression]
    longer = "" if steps is None else f".set_params(steps={steps})"
    recipe = "la.GAN().set_params(**FUNCTION_RECIPE)"
    if preset is not None:
        recipe = f"la.GAN.preset({preset!r}, remedies=False)"
    model = f"\n    synthesizer={recipe}{longer}," if preset or longer else ""
    python = (
        "import lookalike as la\n"
        "from lookalike.datasets.functions import make_function\n"
        "from lookalike.experiments import FUNCTION_RECIPE, learn_function\n\n"
        f"run = learn_function(\n    make_function({expression!r}),{model}\n"
        f"    noise={noise:g},\n    random_state={seed},\n)\nprint(run.answer)"
    )
    return RunPlan("function", f"Function {expression}", (tuple(words),), _lines([words]), python)


def sample_words(
    count: int, conditions: Sequence[str], seed: int, output: str, unit: str = "rows"
) -> list[str]:
    """Return the words of a command that generates rows, histories or events from a run's model."""
    number = ["--length" if unit == "events" else "-n", str(count)]
    words = ["sample", "model.lookalike", *number, "-o", output, "--seed", str(seed)]
    return words + [f"--where={one}" for one in conditions]


def _parts(data: str) -> tuple[str, str, str]:
    """Return the files of training rows, of held-out rows and of synthetic ones."""
    suffix = ".parquet" if data.endswith(".parquet") else ".csv"
    return f"train{suffix}", f"test{suffix}", f"synthetic{suffix}"


def _lines(commands: Sequence[Sequence[str]], names: Mapping[str, str] | None = None) -> str:
    """Write commands as a shell takes them, with other names for some files."""
    shown = [[(names or {}).get(word, word) for word in words] for words in commands]
    return "\n".join(shlex.join(["lookalike", *words]) for words in shown)


def _tuples(commands: Sequence[Sequence[str]]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(words) for words in commands)
