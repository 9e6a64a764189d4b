"""Sound models of made tables: in how many reports does `stress` call a slice weak?

    python benchmarks/weak_slices.py [--reports 100] [--rows 1500] [--only NAME ...]

Every report has new rows: as many train the model as are stressed, in three slices: the upper end
of a number, a level of 12 % and one of 4 % of the rows. Sound are the mean or the chances by which
the target was drawn ("best"), boosted trees, and linear models where the world is linear: each
slice that is called weak is a false alarm. A model that has never seen the level of 12 % is not
sound.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression

import lookalike as la

#: The levels of two columns: their share, and what they add to the mean.
LEVELS = {
    "region": {"north": (0.5, 0.0), "south": (0.38, 0.4), "east": (0.12, -1.5)},
    "kind": {"plain": (0.96, 0.0), "odd": (0.04, 1.0)},
}
STEPS = [
    {"name": "covariate_drift", "column": "a", "shift": 1.5, "at": 0},
    {"name": "prior_drift", "column": "region", "level": "east", "share": 0.5, "at": 0},
    {"name": "prior_drift", "column": "kind", "level": "odd", "share": 0.5, "at": 0},
]
Draw = Callable[[np.random.Generator, int], np.ndarray]
#: Noise around a linear mean, of mean 0 and standard deviation 1 (of lognormal noise, up to a
#: factor).
NOISES: dict[str, Draw] = {
    "normal": lambda random, n: random.normal(size=n),
    "exponential": lambda random, n: random.exponential(size=n) - 1,
    "lognormal": lambda random, n: _lognormal(random, n, 1.0),
    "minus lognormal": lambda random, n: -_lognormal(random, n, 1.0),
    "heavy lognormal": lambda random, n: _lognormal(random, n, 1.5),
}
#: What the exponential of a linear mean is multiplied by, of mean 1.
FACTORS: dict[str, Draw] = {
    "times exponential": lambda random, n: random.exponential(size=n),
    "times lognormal": lambda random, n: random.lognormal(-0.5, 1, n),
}
#: The shares of classes, about.
CLASSES = {
    "half": (0.5, 0.5),
    "5 %": (0.95, 0.05),
    "2 %": (0.98, 0.02),
    "1 %": (0.99, 0.01),
    "three": (0.6, 0.35, 0.05),
}
WORLDS = (*NOISES, *FACTORS, *CLASSES)


def main() -> None:
    """Print a line for each world and model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reports", type=int, default=100)
    parser.add_argument("--rows", type=int, default=1_500)
    parser.add_argument("--only", nargs="*", default=WORLDS)
    options = parser.parse_args()
    print("| target | model | reports | weak | CPU s |\n|---|---|---|---|---|")
    for world in options.only:
        began, counts = time.process_time(), {}
        for seed in range(options.reports):
            for name, weak in reports(world, options.rows, seed):
                counts.setdefault(name, []).append(weak)
        seconds = time.process_time() - began
        for name, found in counts.items():
            line = f"| {world} | {name} | {len(found)} | {sum(found)} | {seconds:.0f} |"
            print(line, flush=True)


def reports(world: str, rows: int, seed: int) -> Iterator[tuple[str, bool]]:
    """Yield the name of each model, and whether a slice is called weak."""
    random = np.random.default_rng(seed)
    training, test = made(world, rows, random), made(world, rows, random)
    for name, model in models(world, training):
        found = la.stress(
            model,
            test,
            STEPS,
            target="y",
            reference=False,
            repeats=2,
            dials=(0, 1),
            random_state=seed,
        )
        yield name, found.weak is not None


def made(world: str, rows: int, random: np.random.Generator) -> pd.DataFrame:
    """Return rows of a world."""
    frame = pd.DataFrame(random.normal(size=(rows, 3)), columns=["a", "b", "c"])
    for name, levels in LEVELS.items():
        shares = [share for share, _ in levels.values()]
        drawn = random.choice(list(levels), rows, p=shares)
        frame[name] = pd.Categorical(drawn, list(levels))
    best = best_predictions(world, frame)
    if world in NOISES:
        return frame.assign(y=best + NOISES[world](random, rows))
    if world in FACTORS:
        return frame.assign(y=best * FACTORS[world](random, rows))
    drawn = (random.random((rows, 1)) > best.cumsum(axis=1)[:, :-1]).sum(axis=1)
    # One row of each class at least.
    drawn[: best.shape[1]] = range(best.shape[1])
    return frame.assign(y=np.array(["c0", "c1", "c2"])[drawn])


def best_predictions(world: str, frame: pd.DataFrame) -> np.ndarray:
    """Return the mean of the target, or the chance of each class."""
    score = (0.8 * frame["a"] + 0.5 * frame["b"]).to_numpy()
    for name, levels in LEVELS.items():
        score = score + [levels[level][1] for level in frame[name]]
    if world in NOISES:
        return score
    if world in FACTORS:
        return np.exp(0.6 * score)
    shares = np.log(CLASSES[world]) + np.outer(score, np.linspace(0, 1, len(CLASSES[world])))
    shares = np.exp(shares - shares.max(axis=1, keepdims=True))
    return shares / shares.sum(axis=1, keepdims=True)


def models(world: str, training: pd.DataFrame) -> Iterator[tuple[str, Any]]:
    """Yield each model and its name."""
    classes = world in CLASSES
    yield "best", lambda frame: best_predictions(world, frame)
    yield "boosted trees", fitted(_trees(classes), training)
    if world not in FACTORS:
        linear = LogisticRegression(max_iter=500) if classes else LinearRegression()
        yield "linear", fitted(linear, training)
    some = training[training["region"] != "east"]
    if some["y"].nunique() == training["y"].nunique() or not classes:
        yield "trees without a level", fitted(_trees(classes), some)


def fitted(model: Any, training: pd.DataFrame) -> Callable[[pd.DataFrame], np.ndarray]:
    """Return a model as a function from rows to numbers or chances."""
    trees = isinstance(model, HistGradientBoostingClassifier | HistGradientBoostingRegressor)

    def inputs(frame: pd.DataFrame) -> pd.DataFrame:
        if trees:
            return frame.drop(columns="y", errors="ignore")
        return pd.get_dummies(frame.drop(columns="y", errors="ignore"), dtype=float)

    model.fit(inputs(training), training["y"])
    predict = getattr(model, "predict_proba", model.predict)
    return lambda frame: predict(inputs(frame))


def _trees(classes: bool) -> Any:
    kind = HistGradientBoostingClassifier if classes else HistGradientBoostingRegressor
    return kind(max_iter=60, max_leaf_nodes=15, categorical_features="from_dtype", random_state=0)


def _lognormal(random: np.random.Generator, rows: int, spread: float) -> np.ndarray:
    return (random.lognormal(0, spread, rows) - np.exp(spread**2 / 2)) / 2


if __name__ == "__main__":
    main()
