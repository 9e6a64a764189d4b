# %% [markdown]
# # In a scikit-learn pipeline
#
# `Booster` adds synthetic rows while a pipeline is fitted, and never while it predicts. It follows the contract of
# imbalanced-learn, so that cross-validation stays fair: the synthesizer learns each training fold anew.

# %%
from imblearn.pipeline import make_pipeline
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.preprocessing import StandardScaler

import lookalike as la

flights = la.datasets.load("flights").dropna().head(1_500)
late = flights["departure_delay"] > 45
print(f"{late.mean():.0%} of the flights are late")

# %%
X = flights[["distance", "seats", "built", "temperature", "rain", "air_time"]]
plain = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))
cross_val_score(plain, X, late, cv=4, scoring="average_precision").round(3)

# %%
more = la.Booster(la.GaussianCopula(refine={"correct": False}), factor=0.0, balance=True)
balanced = make_pipeline(more, StandardScaler(), LogisticRegression(max_iter=500))
cross_val_score(balanced, X, late, cv=4, scoring="average_precision").round(3)

# %% [markdown]
# Four folds with their chance tell little: `la.boost` compares with controls, and corrects for what folds share.
#
# A synthesizer is an estimator as well, with parameters, `clone` and searches. What is best is told by a scorer:

# %%
from sklearn.model_selection import GridSearchCV

network = la.BayesianNetwork(refine={"correct": False}, random_state=0)
search = GridSearchCV(network, {"bins": [8, 32]}, cv=2, scoring=la.HeldOutScorer("c2st"))
search.fit(la.datasets.load("penguins"))
search.best_params_

# %%
search.best_estimator_.sample(5)
