# %% [markdown]
# # What a GAN does
#
# Two networks play against each other: a generator turns random numbers into rows, a discriminator tries to tell
# them from real ones. Two columns are enough to watch them.

# %%
import matplotlib
import numpy as np
import pandas as pd

import lookalike as la

matplotlib.use("agg")
from matplotlib.figure import Figure

rng = np.random.default_rng(0)
angle = rng.uniform(0, 3 * np.pi, 2_000)
spiral = np.stack([angle * np.cos(angle), angle * np.sin(angle)]) + 0.3 * rng.normal(size=(2, 2_000))
rows = pd.DataFrame(spiral.T, columns=["x", "y"])

# %% [markdown]
# The correction after training is switched off, so that only the networks are seen. At each interval, we keep a sample.

# %%
film = []


def watch(step, sample):
    film.append((step, sample(600)))


train, test = la.split(rows)
gan = la.GAN(steps=1_500, width=64, refine={"correct": False}, conditions=False, random_state=0)
gan.fit(train, on_interval=watch)
len(film)

# %%
chosen = [film[i] for i in (0, len(film) // 8, len(film) // 3, len(film) - 1)]
figure = Figure((10, 2.8))
for place, (step, sample) in enumerate(chosen):
    axes = figure.add_subplot(1, 4, place + 1)
    axes.plot(rows["x"], rows["y"], ".", ms=1, color="#0072b2", alpha=0.3)
    axes.plot(sample["x"], sample["y"], ".", ms=2, color="#d55e00")
    axes.set_title(f"step {step}", fontsize=9)
    axes.set_axis_off()
figure

# %% [markdown]
# The record of the training: losses say little, so that diversity, collapse and copying are measured on the way.

# %%
history = gan.history_.to_frame()
names = [name for name in ("step", "loss_generator", "loss_discriminator", "diversity") if name in history]
measured = history[names].dropna()
measured.iloc[:: max(len(measured) // 6, 1)].round(3)

# %%
print(gan.history_.stopped)

# %% [markdown]
# In a real table, boosted trees then select rows (the correction). How alike are the rows without it?

# %%
plain = la.evaluate(train, gan.sample(len(train)), holdout=test, metrics=["c2st", "coverage"])
plain.to_frame().round(3)
