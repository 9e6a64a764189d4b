# %% [markdown]
# # Stress a model
#
# A model is good on today's rows. From where on does it break, if the data change? `stress` turns a dial, and sets
# the model beside one that knows the changed rows: some changes make the task harder for anybody.

# %%
from sklearn.ensemble import HistGradientBoostingClassifier

import lookalike as la

penguins = la.datasets.load("penguins").dropna()
training, rows = penguins[::2], penguins[1::2]
numbers = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm"]
model = HistGradientBoostingClassifier(min_samples_leaf=5).fit(training[numbers], training["sex"])
f"{model.score(rows[numbers], rows['sex']):.2f} of the held-out rows are classified correctly"

# %% [markdown]
# An instrument becomes noisy: at dial 1, the bill's depth is off by two standard deviations.

# %%
steps = [{"name": "noisy", "column": "bill_depth_mm", "share": 1.0, "scale": 2.0}]
report = la.stress(model, rows, steps, target="sex", repeats=5, dials=(0, 0.25, 0.5, 1))
print(report.answer)

# %%
report.to_frame()[["metric", "dial", "value", "reference", "excess", "significant"]].round(3).head(8)

# %% [markdown]
# And if somebody fills in centimetres where millimetres were meant, in a third of the rows?

# %%
steps = [{"name": "wrong_units", "column": "bill_length_mm", "share": 0.33, "factor": 0.1}]
units = la.stress(model, rows, steps, target="sex", repeats=5, dials=(0, 0.5, 1))
print(units.answer)

# %% [markdown]
# The labels of a scenario say which cells were changed, so that a detector of such rows can be tested as well:

# %%
from lookalike.scenarios import Scenario

made = Scenario(steps).apply(rows, random_state=0)
made.labels.head(3)
