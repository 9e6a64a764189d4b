"""Show that no relation that is kept makes its column worse than learning the column by itself.

Usage: ``python benchmarks/relations.py FOLDER [--seeds 0 1 2] [--gan STEPS]``. FOLDER holds the
tables of `quality.py`; some tables of awkward scales are made here. Of each table a fifth is held
out. The rest is encoded with relations and without (``derive=False``), blurred as a network would
blur it at best (normal scores by 0.1 standard deviations, 5 % of the levels drawn anew), decoded,
and compared with the rows held out: how far a related column's distribution is off, and how far it
goes otherwise with the columns that it is told by and with all others. With ``--gan`` rows are made
by a GAN of so many steps instead.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parent))

from _quality.data import HELD_OUT, SOURCES, read
from lookalike.encoding import SampledRows, TableEncoder, sample_encoded
from lookalike.relations import describe, infer_schema
from lookalike.tables import Dependency, conform, from_arrow, render, to_arrow

_BLUR, _REDRAWN, _RANGES = 0.1, 0.05, 8
_LINE = "| {} | {} | {} | {:.3f} | {:.3f} | {:.3f} | {:.3f} | {:.3f} | {:.3f} | {:.3f} |"
_HEAD = (
    "| table | seed | relation | distribution, related | by itself | tie to what tells it, related "
    "| by itself | tie to others, related | by itself | chance |\n|" + "---|" * 10
)


def main() -> None:
    """Print a line for each relation that is kept, and what was found but not kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--data", nargs="+", default=[*SOURCES, *_MADE])
    parser.add_argument("--gan", type=int, metavar="STEPS")
    arguments = parser.parse_args()
    print(_HEAD)
    left_out, worse = [], 0
    for name in arguments.data:
        for seed in arguments.seeds:
            made = name in _MADE
            frame = _MADE[name](seed) if made else read(arguments.folder, SOURCES[name])
            if not made and SOURCES[name].split is not None:
                frame = frame.drop(columns=SOURCES[name].split)
            order = np.random.default_rng(seed).permutation(len(frame))
            cut = int(len(frame) * HELD_OUT)
            held_out, train = frame.iloc[order[:cut]], frame.iloc[order[cut:]]
            make = _blurred if arguments.gan is None else _by_gan(arguments.gan)
            related, rejected, kept = make(train, seed, derive=True)
            alone, _, _ = make(train, seed, derive=False)
            left_out += [f"{name}, seed {seed}: {describe(d)}: {d.against}" for d in rejected]
            for dependency in kept:
                figures = list(_figures(dependency, held_out, related, alone))
                chance = 1 / np.sqrt(len(held_out))
                worse += any(
                    a > b + chance for a, b in zip(figures[::2], figures[1::2], strict=True)
                )
                words = describe(dependency, why=False)
                print(_LINE.format(name, seed, words, *figures, chance), flush=True)
    print(f"\nWorse than by itself by more than chance: {worse}.\n\nFound, but not kept:\n")
    print("\n".join(f"- {line}" for line in left_out) or "- nothing")


Rows = tuple[pd.DataFrame, tuple[Dependency, ...], tuple[Dependency, ...]]


def _blurred(train: pd.DataFrame, seed: int, *, derive: bool) -> Rows:
    """Return training rows as a network makes them at best, what was rejected, and what is kept."""
    table, origin = to_arrow(train)
    schema = infer_schema(table)
    rng = np.random.default_rng(seed)
    cells = conform(table, schema)
    encoder = TableEncoder(derive=derive).fit(cells, schema, rng)
    drawn = sample_encoded(encoder.encode(cells), encoder.layout_, rng)
    noise = _BLUR * rng.standard_normal(drawn.numbers.shape)
    numbers = ((drawn.numbers + noise) / np.hypot(1, _BLUR)).astype(np.float32)
    anew = rng.random(drawn.levels.shape) < _REDRAWN
    levels = np.where(anew, rng.permuted(drawn.levels, axis=0), drawn.levels).astype(np.int32)
    made = encoder.decode(SampledRows(numbers, levels), seed=seed)
    frame = from_arrow(render(made, encoder.schema_), origin)
    return frame, encoder.schema_.rejected, encoder.schema_.dependencies


def _by_gan(steps: int) -> Callable[..., Rows]:
    def make(train: pd.DataFrame, seed: int, *, derive: bool) -> Rows:
        from lookalike import GAN

        gan = GAN(steps=steps, derive=derive, conditions=False, random_state=seed).fit(train)
        return gan.sample(len(train)), gan.schema_.rejected, gan.schema_.dependencies

    return make


def _figures(
    dependency: Dependency, real: pd.DataFrame, related: pd.DataFrame, alone: pd.DataFrame
) -> Iterator[float]:
    """Yield how far a column is off with its relation and by itself: alone, and with others."""
    name = dependency.column
    for made in (related, alone):
        yield _apart(real[name], made[name])
    told = list(dependency.on)
    for others in (told, [n for n in real.columns if n not in {name, *told}]):
        for made in (related, alone):
            far = [_joint(real[name], real[o], made[name], made[o]) for o in others]
            yield float(np.mean(far)) if far else 0.0


def _apart(real: pd.Series, made: pd.Series) -> float:
    """Return Kolmogorov and Smirnov's distance of numbers, and the total variation of levels."""
    if not pd.api.types.is_numeric_dtype(real) or real.dtype == bool:
        shares = [s.astype(str).value_counts(normalize=True) for s in (real, made)]
        return float(shares[0].sub(shares[1], fill_value=0).abs().sum() / 2)
    a, b = (np.sort(s.dropna().to_numpy(float)) for s in (real, made))
    every = np.concatenate([a, b])
    upto = [np.searchsorted(x, every, side="right") / max(len(x), 1) for x in (a, b)]
    return float(np.abs(upto[0] - upto[1]).max(initial=0))


def _joint(a: pd.Series, b: pd.Series, made_a: pd.Series, made_b: pd.Series) -> float:
    """Return the total variation of the joint table of two columns, numbers in eight ranges."""
    tables = []
    for one, other in ((a, b), (made_a, made_b)):
        codes = _codes(a, one) * (_RANGES + 2) + _codes(b, other)
        tables.append(np.bincount(codes, minlength=(_RANGES + 2) ** 2) / len(codes))
    return float(np.abs(tables[0] - tables[1]).sum() / 2)


def _codes(real: pd.Series, cells: pd.Series) -> np.ndarray:
    if pd.api.types.is_datetime64_any_dtype(real):
        real, cells = (s.astype("int64").where(s.notna()) for s in (real, cells))
    if pd.api.types.is_numeric_dtype(real) and real.dtype != bool:
        cuts = np.unique(real.dropna().quantile(np.arange(1, _RANGES) / _RANGES))
        found = np.searchsorted(cuts, cells.to_numpy(float), side="right")
    else:
        levels = list(real.astype(str).value_counts().index[:_RANGES])
        found = cells.astype(str).map({v: i for i, v in enumerate(levels)}).fillna(_RANGES)
        found = found.to_numpy(int)
    return np.where(cells.isna(), _RANGES + 1, found)


# --- tables of awkward scales -------------------------------------------------------------------


def _walks(seed: int) -> pd.DataFrame:
    """Return steps, of which some are 0, and kilometres."""
    rng = np.random.default_rng(seed)
    steps = np.where(rng.random(1_000) < 0.1, 0, rng.gamma(4, 2_000, 1_000)).round()
    km = steps * 0.00076 * (1 + 0.02 * rng.normal(size=1_000))
    return pd.DataFrame(
        {"steps": steps.astype(int), "km": km.round(3), "age": rng.integers(18, 90, 1_000)}
    )


def _sizes(seed: int) -> pd.DataFrame:
    """Return numbers of size 1e20 beside 1, rising and falling."""
    rng = np.random.default_rng(seed)
    z, e = rng.normal(size=(2, 1_000))
    return pd.DataFrame(
        {"huge": z * 1e20, "one": z + 0.02 * e, "falling": -z - 0.03 * rng.normal(size=1_000)}
    )


def _epochs(seed: int) -> pd.DataFrame:
    """Return seconds since 1970, milliseconds, and days."""
    rng = np.random.default_rng(seed)
    seconds = rng.integers(1_600_000_000, 1_630_000_000, 1_000)
    later = seconds * 1_000 + rng.integers(0, 5_000, 1_000)
    return pd.DataFrame({"seconds": seconds, "ms": later, "day": (seconds / 86_400).round(1)})


def _codes_of_shops(seed: int) -> pd.DataFrame:
    """Return levels, most of them too rare to be kept, that fix a number."""
    rng = np.random.default_rng(seed)
    key = np.where(rng.random(1_000) < 0.6, rng.integers(0, 10, 1_000), np.arange(1_000) + 100)
    value = np.where(key < 10, 20 + key * 7 % 13, key * 104_729 % 100)
    return pd.DataFrame({"shop": [f"s{k}" for k in key], "value": value})


_MADE: dict[str, Callable[[int], pd.DataFrame]] = {
    "walks": _walks,
    "sizes": _sizes,
    "epochs": _epochs,
    "shops": _codes_of_shops,
}

if __name__ == "__main__":
    main()
