"""Search the dense network's settings on fewer and on more rows, as in the thesis.

Usage::

    python examples/leitner_2021/search.py --titanic titanic.csv --shares 0.3 0.6 1.0

In every split, and for each kind of training rows, the best of some networks is searched by
cross-validation among these training rows alone; held-out rows judge what was found.
"""

from __future__ import annotations

from typing import Any

import thesis
from scipy.stats import loguniform, randint, uniform
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV

import lookalike as la

#: The thesis's search space, with both ends of its ranges.
SPACE: dict[str, Any] = {
    "layers": randint(1, 9),
    "units": randint(1, 101),
    "learning_rate": loguniform(3e-4, 3e-2),
    "dropout": uniform(0.2, 0.4),
    "activation": ["elu", "selu", "relu"],
}
#: A grid through the same space, for an exhaustive search.
GRID: dict[str, list[Any]] = {
    "layers": [1, 4, 8],
    "units": [16, 100],
    "learning_rate": [3e-4, 3e-3],
    "dropout": [0.2, 0.5],
}


def network(**changes: Any) -> la.DenseClassifier:
    """Return the network with the search's own settings of training."""
    settings = {"epochs": 100, "patience": 10, "batch_size": 16, "validation": 0.1}
    return la.DenseClassifier(**{**settings, **changes}, random_state=0)


def random_search(tries: int, **changes: Any) -> RandomizedSearchCV:
    """Return a search of so many random settings; in every split they are the same ones."""
    return RandomizedSearchCV(network(**changes), SPACE, n_iter=tries, cv=3, random_state=0)


def grid_search(**changes: Any) -> GridSearchCV:
    """Return a search of the whole grid."""
    return GridSearchCV(network(**changes), GRID, cv=3)


def main() -> None:
    """Search on every table, and print the accuracies of what was found."""
    parser = thesis.arguments(__doc__)
    parser.add_argument("--tries", type=int, default=10, help="settings that are tried")
    parser.add_argument("--grid", action="store_true", help="try the whole grid instead")
    parser.add_argument("--network-epochs", type=int, default=100, help="at most, of each network")
    parser.add_argument("--shares", type=float, nargs="+", default=[0.3, 0.6, 1.0])
    parser.add_argument("--factors", type=float, nargs="+", default=[0.2, 0.5, 2.0])
    parser.add_argument("--synthesizer", default="leitner-wgan-gp", metavar="NAME")
    asked = parser.parse_args()
    settings = {"epochs": asked.network_epochs}
    search = grid_search(**settings) if asked.grid else random_search(asked.tries, **settings)
    for name, frame in thesis.tables(asked).items():
        verdict = la.boost(
            frame,
            thesis.TARGET,
            synthesizer=thesis.synthesizer(asked.synthesizer, **thesis.epochs(asked)),
            factors=asked.factors,
            shares=asked.shares,
            models={"searched network": search},
            metrics=["accuracy", "roc_auc"],
            repeats=asked.repeats,
            n_jobs=asked.jobs,
            records=asked.out / "search.sqlite",
            progress=True,
        )
        verdict.to_html(asked.out / f"search-{name}.html", title=f"{name}: searched networks")
        print(f"\n### {name}\n\n{verdict}", flush=True)


if __name__ == "__main__":
    main()
