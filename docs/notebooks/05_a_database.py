# %% [markdown]
# # A database
#
# Three tables with keys: customers, their orders, and the lines of these. A synthetic database must keep the keys,
# the numbers of children, and what columns of one table say about those of another.

# %%
import numpy as np
import pandas as pd

import lookalike as la

rng = np.random.default_rng(0)
customers = pd.DataFrame({"customer": range(300), "city": rng.choice(["Bonn", "Ulm", "Jena"], 300, p=[0.5, 0.3, 0.2])})
counts = rng.poisson(np.where(customers["city"] == "Bonn", 4, 2))
orders = pd.DataFrame({"customer": np.repeat(customers["customer"], counts)})
orders.insert(0, "order", range(len(orders)))
orders["paid"] = rng.choice(["card", "invoice"], len(orders))
lines = pd.DataFrame({"order": np.repeat(orders["order"], 1 + rng.poisson(1, len(orders)))})
lines["price"] = np.round(rng.lognormal(2, 0.6, len(lines)), 2)
shop = la.Database(
    {"customers": customers, "orders": orders, "lines": lines.reset_index(drop=True)},
    primary_keys={"customers": "customer", "orders": "order"},
    foreign_keys=["orders.customer -> customers.customer", "lines.order -> orders.order"],
)
shop

# %%
model = la.Relational(random_state=0).fit(shop)
fake = model.sample()
{name: len(fake[name]) for name in ("customers", "orders", "lines")}

# %% [markdown]
# Every key leads to a row, and customers in Bonn still order twice as often:

# %%
assert set(fake["orders"]["customer"]) <= set(fake["customers"]["customer"])


def orders_by_city(database):
    customers, orders = database["customers"], database["orders"]
    placed = orders["customer"].value_counts().reindex(customers["customer"], fill_value=0)
    return placed.groupby(customers["city"].to_numpy()).mean()


pd.DataFrame({"real": orders_by_city(shop), "synthetic": orders_by_city(fake)}).round(2)

# %% [markdown]
# The scores, each beside two halves of the real database (the ceiling) and keys at random (the floor):

# %%
from lookalike.reports import evaluate_databases

found = evaluate_databases(shop, fake)
print(found.verdict)

# %%
pd.DataFrame(
    [(score.name, score.value, score.ceiling, score.floor) for score in found.scores.values()],
    columns=["score", "synthetic", "ceiling", "floor"],
).round(3)
