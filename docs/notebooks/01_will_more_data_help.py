# %% [markdown]
# # Will more data help?
#
# Somebody offers to add synthetic rows to a small table, so that a classifier gets better. Does it?
# `boost` trains models on fewer real rows, on all of them, and on all of them with synthetic rows or with
# cheap controls (copies, noise, SMOTE, class weights), and judges each on real rows that nobody has seen.

# %%
import lookalike as la

penguins = la.datasets.load("penguins").dropna()
penguins.groupby("sex").size()

# %% [markdown]
# A quick study: three models, three splits. `la.Forest()` generates the rows; without it, a GAN does.

# %%
verdict = la.boost(penguins, target="sex", synthesizer=la.Forest(refine={"correct": False}), quick=True)
print(verdict.answer)

# %%
print(verdict.more_rows)

# %% [markdown]
# Above 0 is better, always. Intervals allow for rows that splits share, and words follow from tests that are
# corrected for the number of comparisons.

# %%
table = verdict.to_frame()
table[["trained on", "roc_auc", "real_difference", "real_low", "real_high", "verdict"]].round(3)

# %% [markdown]
# The learning curve: on the left, what fewer real rows cost; on the right, what added rows bring.

# %%
from lookalike.reports.figures import CurvePoint, LearningLine, learning_curve

lines = {}
for row in verdict.table:
    if row.real is not None and (row.role == "real" or row.factor):
        size = row.share if row.role == "real" else 1 + row.factor
        point = CurvePoint(size, row.real.difference, row.real.low, row.real.high)
        lines.setdefault((row.arm, row.role), []).append(point)
learning_curve([LearningLine(*key, points) for key, points in lines.items()], "ROC AUC")

# %% [markdown]
# `verdict.to_html("verdict.html")` writes the same as one page. If synthetic rows do not help here, that is an answer:
# they hold nothing that the real rows do not hold.
