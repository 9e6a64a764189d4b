"""Draw the figures of the guides to scenarios, stress tests, pipelines and simulations.

They are written into docs/images.

Usage: ``python tools/guide_figures.py [NAME ...]``; all of them by default.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from sklearn.ensemble import HistGradientBoostingClassifier, IsolationForest
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import LocalOutlierFactor

import lookalike as la
from lookalike.reports.figures import DrawnResponse, Effect, effects, responses
from lookalike.scenarios import Scenario

FOLDER = Path(__file__).parents[1] / "docs" / "images"
KINDS = ("local", "global", "dependency", "cluster", "contextual")
BLUE, RED, GREY = "#0072b2", "#d55e00", "#8a929a"


def people(rows: int, seed: int = 0) -> pd.DataFrame:
    """Return a table in which the label follows from age and income."""
    random = np.random.default_rng(seed)
    age = random.normal(45, 14, rows).clip(18, 90)
    income = 20 + 0.6 * age + random.normal(0, 9, rows)
    debt = 0.4 * income + random.gamma(2, 4, rows)
    city = random.choice(["Oslo", "Rome", "Köln"], rows, p=[0.5, 0.3, 0.2])
    label = np.where(debt - 0.3 * income + random.normal(0, 4, rows) > 12, "late", "paid")
    return pd.DataFrame({"age": age, "income": income, "debt": debt, "city": city, "label": label})


def scenarios() -> Figure:
    """Draw what steps of bad data and drift do."""
    rows = people(3_000).sort_values("age", ignore_index=True)
    shuffled = people(3_000, 1)
    figure = Figure((9, 5), layout="constrained")
    axes = figure.subplots(2, 3).ravel()
    edges = np.quantile(rows["income"], np.linspace(0, 1, 11))
    for mechanism, colour in (("mcar", GREY), ("mnar", RED)):
        step = {"name": "missing", "column": "income", "share": 0.3, "mechanism": mechanism}
        gone = Scenario([step]).apply(rows).data["income"].isna()
        tenth = np.clip(np.searchsorted(edges, rows["income"]) - 1, 0, 9)
        axes[0].plot(gone.groupby(tenth).mean(), color=colour, label=mechanism)
    axes[0].set(title="missing: share by tenth of income", ylim=(0, 1))
    axes[0].legend(frameon=False)
    step = {"name": "wrong_units", "column": "income", "share": 0.05, "factor": 0.3}
    changed = Scenario([step]).apply(rows)
    axes[1].plot(rows["age"], changed.data["income"], ".", ms=2, color=GREY)
    odd = changed.labels["row"]
    axes[1].plot(rows["age"][odd], changed.data["income"][odd], ".", ms=3, color=RED)
    axes[1].set(title="wrong_units: income over age")
    step = {"name": "stuck", "column": "age", "length": 300, "runs": 3}
    axes[2].plot(Scenario([step]).apply(rows).data["age"], color=RED, lw=1)
    axes[2].plot(rows["age"], color=GREY, lw=1)
    axes[2].set(title="stuck: age over rows")
    drifts = {
        "covariate_drift": ({"column": "age", "shift": 1.5}, lambda d: d["age"]),
        "prior_drift": (
            {"column": "label", "level": "late", "share": 0.9},
            lambda d: (d["label"] == "late").astype(float),
        ),
        "concept_drift": (
            {"column": "label", "by": "debt"},
            lambda d: ((d["label"] == "late") == (d["debt"] > 24)).astype(float),
        ),
    }
    words = ("mean age", "late", "label as debt says")
    patterns = (("gradual", 0.7), ("recurring", 0.5), ("sudden", None))
    for place, (name, (options, value)) in enumerate(drifts.items()):
        pattern, until = patterns[place]
        step = {"name": name, "at": 0.3, "pattern": pattern, **options}
        step |= {} if until is None else {"until": until}
        found = value(Scenario([step]).apply(shuffled).data).rolling(150).mean()
        axes[3 + place].plot(found, color=RED, lw=1)
        axes[3 + place].plot(value(shuffled).rolling(150).mean(), color=GREY, lw=1)
        axes[3 + place].axvline(900, color="k", lw=0.6, ls=":")
        axes[3 + place].set_title(f"{name}, {pattern}: {words[place]}", fontsize=9)
    return figure


def anomalies() -> Figure:
    """Draw the AUC of detectors over the difficulty."""
    rows, dials = people(1_500)[["age", "income", "debt", "city"]], np.linspace(0, 1, 6)
    model = la.Mixture(refine={"correct": False}, random_state=0).fit(rows)
    figure = Figure((11, 2.8), layout="constrained")
    for axes, kind in zip(figure.subplots(1, 5, sharey=True), KINDS, strict=True):
        found: dict[str, list[float]] = {}
        for dial in dials:
            step = {"name": "anomalies", "kind": kind, "share": 0.1, "difficulty": float(dial)}
            result = Scenario([step]).apply(rows, random_state=2, model=model)
            truth = np.zeros(len(rows))
            truth[result.labels["row"]] = 1
            inputs = pd.get_dummies(result.data, dtype=float)
            inputs = (inputs - inputs.mean()) / inputs.std()
            forest = IsolationForest(n_estimators=100, random_state=0).fit(inputs)
            scores = {
                "isolation forest": -forest.score_samples(inputs),
                "neighbours (LOF)": -LocalOutlierFactor(20).fit(inputs).negative_outlier_factor_,
                "tails (ECOD)": tails(inputs),
            }
            for name, score in scores.items():
                found.setdefault(name, []).append(roc_auc_score(truth, score))
        axes.plot(dials, (1 + dials) / 2, color=GREY, ls=":", label="density of the model")
        for (name, line), colour in zip(found.items(), (BLUE, RED, "#009e73"), strict=True):
            axes.plot(dials, line, marker="o", ms=3, color=colour, label=name)
        axes.set(title=kind, xlabel="difficulty", ylim=(0.35, 1.02))
    figure.axes[0].set_ylabel("AUC")
    figure.axes[-1].legend(frameon=False, fontsize=7)
    return figure


def tails(inputs: pd.DataFrame) -> np.ndarray:
    """Return how far rows are in the tails of their columns (Li et al. 2022)."""
    left = inputs.rank(pct=True).to_numpy()
    both = -np.log(left), -np.log(1 - left + 1 / len(left))
    skewed = np.where(inputs.skew().to_numpy() < 0, *both)
    return np.max([part.sum(axis=1) for part in (*both, skewed)], axis=0)


def stress() -> Figure:
    """Draw the response of a model that has never seen high debts, and of a sound one."""
    training, rows = people(4_000, 1), people(1_500, 2)
    inputs, drawn = ["age", "income", "debt"], []
    steps = [{"name": "covariate_drift", "column": "debt", "shift": 2, "at": 0}]
    low = training[training["debt"] < training["debt"].median()]
    for name, part in (("no high debts", low), ("sound", training)):
        model = HistGradientBoostingClassifier(max_iter=60).fit(part[inputs], part["label"])
        found = la.stress(model, rows, steps, target="label", metric="roc_auc", positive="late")
        points = found.curves[0].points
        drawn.append(
            DrawnResponse(
                f"{name}: roc_auc",
                *([getattr(p, f) for p in points] for f in ("dial", "value", "low", "high")),
                *([getattr(p, f) for p in points] for f in ("reference", "floor")),
                found.breaks,
            )
        )
        print(name, found.answer)
    return responses(drawn)


class Board:
    """A world whose classes alternate over the squares of a board, the finer ones on the right."""

    schema_ = "known"

    def sample(
        self, n: int, *, given: dict[str, object] | None = None, random_state: int = 0
    ) -> pd.DataFrame:
        """Return rows, those that fulfil conditions where they are given."""
        random = np.random.default_rng(random_state)
        x, y = random.random((2, 60 * n if given else n)).round(3)
        squares = np.where(x > 0.5, 8, 2)
        even = (np.floor(squares * x) + np.floor(squares * y)) % 2 == 0
        sure = np.where(even, 0.95, 0.05)
        rows = pd.DataFrame({"x": x, "y": y, "label": random.random(len(x)) < sure})
        for name, value in (given or {}).items():
            low, high = value if isinstance(value, tuple) else (value, value)
            kept = rows[name] >= low if low is not None else True
            kept &= rows[name] <= high if high is not None else True
            rows = rows[kept]
        return rows[:n].reset_index(drop=True)


def pipeline() -> Figure:
    """Draw what each change of a pipeline gained, where the world itself makes all rows."""
    found = la.pipeline(Board(), target="label", rows=600, estimator="decision tree")
    print(found)
    drawn = [
        Effect(
            f"{one.number}: {one.made}",
            "synthetic" if one.kept else "control",
            *(one.gain, one.gain_low, one.gain_high),
        )
        for one in found.cycles[1:]
        if one.gain is not None
    ]
    return effects(drawn, "roc_auc")


def simulate_fraud() -> Figure:
    """Draw the patterns of fraud over the hour of the day."""
    rows = la.simulate.fraud(60_000, fraud_share=0.02, random_state=0, as_="pandas")
    figure = Figure((11, 2.8), layout="constrained")
    patterns = rows["pattern"].cat.categories
    for axes, name in zip(figure.subplots(1, len(patterns), sharey=True), patterns, strict=True):
        some, one = (
            rows[~rows["fraud"]].sample(3_000, random_state=0),
            rows[rows["pattern"] == name],
        )
        for part, colour, size in ((some, GREY, 1.5), (one, RED, 3)):
            hour = part["time"].dt.hour + part["time"].dt.minute / 60
            axes.plot(hour, part["amount"], ".", ms=size, color=colour)
        axes.set(title=name, xlabel="hour", yscale="log", xticks=range(0, 25, 6))
    figure.axes[0].set_ylabel("amount")
    return figure


def simulate_sensors() -> Figure:
    """Draw two weeks of a pump."""
    rows = la.simulate.sensors(20_000, random_state=5, as_="pandas")
    figure = Figure((10, 5), layout="constrained")
    names = ("demand", "flow", "temperature", "vibration")
    for axes, name in zip(figure.subplots(len(names), 1, sharex=True), names, strict=True):
        axes.plot(rows["time"], rows[name], lw=0.5, color=GREY)
        if name == "vibration":
            worn = rows[name].where(rows["remaining_life"].notna())
            axes.plot(rows["time"], worn, lw=0.5, color=BLUE, label="remaining_life is counted")
            axes.legend(frameon=False, fontsize=7)
        for fault in rows["fault"].cat.categories:
            part = rows[name].where((rows["sensor"] == name) & (rows["fault"] == fault))
            if part.notna().any():
                axes.plot(rows["time"], part, ".", ms=2, color=RED)
                axes.annotate(
                    fault, (rows["time"][part.first_valid_index()], part.max()), fontsize=7
                )
        axes.set_ylabel(name)
    return figure


def simulate_traffic() -> Figure:
    """Draw a week of a site with an incident."""
    rows = la.simulate.traffic(28, incidents=1.5, random_state=1, as_="pandas")
    site = rows.loc[rows["incident"], "site"].mode()[0]
    week = rows[rows["site"] == site].reset_index(drop=True)
    begin = max(week["incident"].idxmax() - 600, 0)
    week = week[begin : begin + 7 * 288]
    figure = Figure((10, 3.4), layout="constrained")
    for axes, name in zip(figure.subplots(2, 1, sharex=True), ("flow", "speed"), strict=True):
        axes.plot(week["time"], week[name], lw=0.6, color=GREY)
        axes.plot(week["time"], week[name].where(week["incident"]), color=RED, label="incident")
        bad = week["weather"] != "dry"
        axes.plot(week["time"], week[name].where(bad), lw=0.6, color=BLUE, label="rain or snow")
        axes.set_ylabel(name)
    figure.axes[1].legend(frameon=False, fontsize=7)
    return figure


FIGURES: dict[str, Callable[[], Figure]] = {
    "scenarios": scenarios,
    "anomalies": anomalies,
    "stress": stress,
    "pipeline": pipeline,
    "simulate-fraud": simulate_fraud,
    "simulate-sensors": simulate_sensors,
    "simulate-traffic": simulate_traffic,
}


def main() -> None:
    """Draw the figures that were named, or all."""
    FOLDER.mkdir(exist_ok=True)
    for name in sys.argv[1:] or FIGURES:
        FIGURES[name]().savefig(FOLDER / f"{name}.png", dpi=75, facecolor="white")
        print(name)


if __name__ == "__main__":
    main()
