"""Is `SensorWorld.fit` nearer to a real stream than the default pump, on rows it has not seen?

Usage: ``python benchmarks/sensors.py FILE TIME ROLE=COLUMN... [--share 0.7]``, such as
``energy.csv date ambient=T_out temperature=T6 demand=Appliances``. The world is fitted to the first
part of the stream; for each column, the root mean squared error on the other part of what the
fitted world, the mean of the first part and the default say, where inputs are the real ones; then
the standard deviation and the correlation from row to row of real rows and of simulated ones.
"""

from __future__ import annotations

import argparse
import time
import warnings

import numpy as np
import pandas as pd

import lookalike as la
from lookalike.simulate import Rhythm, SensorLaw, SensorWorld


def main() -> None:
    """Print a line for each column."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file")
    parser.add_argument("time")
    parser.add_argument("columns", nargs="+")
    parser.add_argument("--share", type=float, default=0.7)
    options = parser.parse_args()
    names = dict(word.split("=", 1) for word in options.columns)
    rows = pd.read_csv(options.file, parse_dates=[options.time]).sort_values(options.time)
    first = int(options.share * len(rows))
    began = time.process_time()
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        world = SensorWorld.fit(rows[:first], time=options.time, **names)
    print(f"Fitted to {first:,} rows in {time.process_time() - began:.1f} CPU seconds.")
    print(*(str(one.message) for one in said), sep="\n")
    made = la.simulate.sensors(
        len(rows) - first, faults={}, world=world, start=str(rows[options.time].iloc[first].date())
    )
    print("| column | fitted | mean | default | SD: real, simulated | row to row: the same |")
    print("|---|---|---|---|---|---|")
    for role, name in names.items():
        held = rows[name].to_numpy(float)[first:]
        answers = [said_by(one, rows, options.time, names, role)[first:] for one in (world, None)]
        mean = np.full(len(held), rows[name][:first].mean())
        errors = [error_of(held - one) for one in (answers[0], mean, answers[1])]
        own = made[role].to_numpy(float)
        print(
            f"| {name} ({role}) |",
            *(f"{one} |" for one in errors),
            f"{np.nanstd(held):.3g}, {np.nanstd(own):.3g} |",
            f"{pd.Series(held).autocorr():.3f}, {pd.Series(own).autocorr():.3f} |",
        )


def error_of(apart: np.ndarray) -> str:
    """Return the root mean square of what is known, in words."""
    known = apart[np.isfinite(apart)]
    return f"{np.sqrt(np.mean(known**2)):.3g}" if len(known) else "–"


def said_by(
    world: SensorWorld | None, rows: pd.DataFrame, moment: str, names: dict[str, str], role: str
) -> np.ndarray:
    """Return what a world says of a column, the default for None."""
    part = getattr(world or SensorWorld(), role)
    if isinstance(part, Rhythm):
        return part.steady(rows[moment].astype("datetime64[s]").astype(np.int64).to_numpy(float))
    assert isinstance(part, SensorLaw)
    inputs = {}
    for one in part.gains:
        plain = one.removesuffix("²")
        if plain not in names:
            return np.full(len(rows), np.nan)
        values = rows[names[plain]].interpolate(limit_direction="both").to_numpy(float)
        inputs[one] = values**2 if one != plain else values
    return np.broadcast_to(part.answer(inputs), len(rows))


if __name__ == "__main__":
    main()
