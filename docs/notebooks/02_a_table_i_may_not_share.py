# %% [markdown]
# # A table I may not share
#
# A colleague needs rows that look like ours. Which values would leave the house, and what could an attacker learn?

# %%
import lookalike as la

penguins = la.datasets.load("penguins")
learned, held_out = la.split(penguins, test=0.5)
model = la.Mixture(refine={"correct": False}, random_state=0).fit(learned)

# %% [markdown]
# First, column by column: are generated values new, pooled from several rows, or repeated verbatim?

# %%
import pandas as pd

pd.DataFrame(model.value_origins())

# %% [markdown]
# Island and species are no secrets. In a table of people, a column of names would have to be new or absent.
#
# Then the rows: do they lie nearer to learned rows than unseen real rows do?

# %%
rows = model.sample(len(learned))
found = la.evaluate(learned, rows, holdout=held_out, model=model, metrics=["c2st", "copies"])
print(found.verdict)

# %%
from lookalike.reports import figures

print(f"{100 * found.summary.distances.near:.0f} % are nearer than the nearest 5 % of unseen rows")
figures.marginal(found.summary.distances.shares)

# %% [markdown]
# Then attacks, each beside the same attack on rows that nobody learned.

# %%
audit = la.audit(learned, rows, held_out, secrets=["sex"])
print(audit.answer)

# %%
audit.to_frame().round(3)

# %% [markdown]
# With so few rows the intervals are wide: attacks that fail prove nothing. A guarantee has a price in likeness:

# %%
domain = {"body_mass_g": (2500, 6500), "species": ["Adelie", "Chinstrap", "Gentoo"]}
private = la.Private(epsilon=3, domain=domain, random_state=0).fit(learned)
print(private.ledger_)
noisy = private.sample(len(learned))
scores = la.evaluate(learned, noisy, holdout=held_out, metrics=["c2st", "shape", "trend"])
scores.to_frame().round(3)
