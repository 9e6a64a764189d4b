"""XGBoost as the judge, in an environment of its own: the figures that others publish.

``python judge.py TASK.json`` scores synthetic rows against training rows and held-out rows; the
package's own `c2st` does the same with LightGBM. Rows are one-hot, a missing number stays missing,
and a level that only one side has is a column of its own; identifiers, texts and constants are left
out, as they are by the package's own scores. Ceiling (held-out rows in the place of
synthetic ones, or for models the training rows) and floor (the training columns, each shuffled on
its own) do not depend on the synthetic rows and are kept in a file.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xgboost
from sklearn.metrics import r2_score, roc_auc_score
from sklearn.model_selection import StratifiedKFold

SEED = 0
FOLDS = 3


def main() -> None:
    """Score what the task names and write the scores."""
    asked = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    columns = asked["columns"]
    train, test, fake = (pd.read_parquet(asked[n])[columns] for n in ("train", "test", "fake"))
    judge = Judge(train, test, asked["target"], asked["classes"], asked["cores"])
    kept = Path(asked["references"])
    if not kept.exists():
        kept.write_text(json.dumps(judge.references()), encoding="utf-8")
    references = json.loads(kept.read_text(encoding="utf-8"))
    scores = {
        name: {"value": value, **{side: references[side][name] for side in references}}
        for name, value in judge.scores(fake).items()
    }
    answer = {"scores": scores, "versions": {"xgboost": xgboost.__version__}}
    Path(asked["out"]).write_text(json.dumps(answer), encoding="utf-8")


class Judge:
    """Scores of tables against the same training and held-out rows.

    Parameters
    ----------
    train, test : DataFrame
        Training rows and held-out rows.
    target : str
        The column to predict.
    classes : bool
        Whether it is a class; otherwise it is a number.
    cores : int
        Threads.
    """

    def __init__(
        self, train: pd.DataFrame, test: pd.DataFrame, target: str, classes: bool, cores: int
    ) -> None:
        self.train, self.test = train, test
        self.target, self.classes, self.cores = target, classes, cores

    def scores(self, fake: pd.DataFrame) -> dict[str, float]:
        """Return the scores of synthetic rows."""
        return {
            "xgb_c2st": self.detected(self.train, fake),
            "xgb_c2st_holdout": self.detected(self.test, fake),
            "xgb_tstr": self.taught(fake),
        }

    def references(self) -> dict[str, dict[str, float]]:
        """Return what real rows and what independent columns score."""
        rng = np.random.default_rng(SEED)
        orders = {name: rng.permutation(len(self.train)) for name in self.train.columns}
        shuffled = pd.DataFrame(
            {name: self.train[name].array.take(order) for name, order in orders.items()}
        )
        alike = self.detected(self.train, self.test)
        ceiling = {
            "xgb_c2st": alike,
            "xgb_c2st_holdout": alike,
            "xgb_tstr": self.taught(self.train),
        }
        return {"ceiling": ceiling, "floor": self.scores(shuffled)}

    def detected(self, real: pd.DataFrame, fake: pd.DataFrame) -> float:
        """Return 1 - mean(2·max(½, AUC) - 1) over folds, of a detector on equally many rows."""
        rng = np.random.default_rng(SEED)
        rows = min(len(real), len(fake))
        parts = [frame.iloc[rng.permutation(len(frame))[:rows]] for frame in (real, fake)]
        inputs = hot(parts).to_numpy(np.float32)
        side = np.repeat([1, 0], rows)
        aucs = []
        folds = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED)
        for fit, held in folds.split(inputs, side):
            model = self._model(True).fit(inputs[fit], side[fit])
            aucs.append(roc_auc_score(side[held], model.predict_proba(inputs[held])[:, 1]))
        return 1 - float(np.mean([2 * max(0.5, auc) - 1 for auc in aucs]))

    def taught(self, frame: pd.DataFrame) -> float:
        """Return ROC AUC (one class against the rest, mean) or R² on the held-out rows."""
        frame = frame[frame[self.target].notna()]
        inputs = hot([part.drop(columns=self.target) for part in (frame, self.test)])
        learn, held = np.split(inputs.to_numpy(np.float32), [len(frame)])
        known, truth = (part[self.target] for part in (frame, self.test))
        if not self.classes:
            guess = self._model(False).fit(learn, known.astype(float)).predict(held)
            return float(r2_score(truth.astype(float), guess))
        known, truth = known.astype(str).to_numpy(), truth.astype(str).to_numpy()
        levels = np.unique(truth)
        if len(levels) == 2:
            levels = levels[1:]
        aucs = [self._auc(learn, known == level, held, truth == level) for level in levels]
        return float(np.mean(aucs))

    def _auc(self, learn: Any, known: Any, held: Any, truth: Any) -> float:
        if known.all() or not known.any():
            return 0.5
        model = self._model(True).fit(learn, known)
        return float(roc_auc_score(truth, model.predict_proba(held)[:, 1]))

    def _model(self, classes: bool) -> Any:
        kind = xgboost.XGBClassifier if classes else xgboost.XGBRegressor
        return kind(n_jobs=self.cores, random_state=SEED)


def hot(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Return the rows of all frames as numbers, levels one-hot."""
    whole = pd.concat(frames, ignore_index=True)
    for name in whole.columns:
        kinds = {frame[name].dtype.kind for frame in frames}
        if kinds & {"M"}:
            whole[name] = (whole[name] - pd.Timestamp(0)) / pd.Timedelta(days=1)
        elif not kinds <= set("iufb"):
            whole[name] = whole[name].astype(object).map(str, na_action="ignore")
    return pd.get_dummies(whole).astype(float)


if __name__ == "__main__":
    main()
