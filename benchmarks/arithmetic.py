"""How near is a training step to what the machine can multiply? And how near are rows made?

Usage: ``python benchmarks/arithmetic.py FOLDER [--turns 7]``, where FOLDER holds
``tables/adult_48842.parquet``. For the default GAN, on Adult and on a table of 60 columns that the
script makes: the arithmetic of all matrix products of a step, counted from the widths of the layers
and, beside it, by the compiler (with all that is no product); seconds of a step; and the seconds
that the same products take alone, one after the other, of rounded factors where the networks round
them (rounding itself is not counted) and all in float32: what the machine could do at best. Steps
and products are timed in turns, so that a machine that is shared is shared by both. The same for
making rows. Medians of the turns, after one that does not count: CPU seconds where the process has
one core, so that others' work is not counted, else wall seconds.
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from lookalike.models._sampler import _TOGETHER, Sampler

from _quality.markdown import grid
from lookalike import GAN
from lookalike.models._recipe import game_of
from lookalike.nn import Network
from lookalike.nn._product import product
from lookalike.tables import conform
from lookalike.training import CHUNK, Data, Game, TrainState

#: Rows, columns and levels of the wide table.
_ROWS, _COLUMNS, _LEVELS = 20_000, 60, 8
#: Steps of one timing, and blocks of rows.
_STEPS, _BLOCKS = 32, 8
#: How often a product is called in one timing.
_REPEATS = 10
_RATE = 1e-3
_CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
_clock = time.process_time if _CORES == 1 else time.perf_counter

#: Rows, inner width and columns of a product, and whether its factors are rounded.
Shape = tuple[int, int, int, bool]
Products = Mapping[Shape, float]


@dataclass(frozen=True)
class Work:
    """Something to be timed, and the products that it is made of.

    Parameters
    ----------
    name : str
    products : mapping of Shape to float
        How often each occurs, on average, in one of it.
    compiled : float or None
        Floating-point operations of one of it as the compiler counts them, all else included.
    run : callable
        Does it, and returns how often.
    """

    name: str
    products: Products
    compiled: float | None
    run: Callable[[], int]


def main() -> None:
    """Measure two tables and print one Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--turns", type=int, default=7)
    given = parser.parse_args()
    adult = pq.read_table(given.folder / "tables" / "adult_48842.parquet")
    adult = adult.filter(pa.compute.equal(adult["split"], "train")).drop_columns("split")
    rows = []
    for name, table in (("Adult", adult), (f"{_COLUMNS} columns", wide())):
        rows += [row(work, given.turns) for work in works(name, table)]
    clock = "CPU" if _CORES == 1 else "wall"
    print(f"{_CORES} cores, {clock} time, jax {jax.__version__}, {given.turns} turns.\n")
    head = [
        "what",
        "GFLOP of products",
        "GFLOP, compiler",
        "ms",
        "GFLOP/s",
        "products alone, ms",
        "GFLOP/s",
        "reached",
        "all in float32, ms",
        "GFLOP/s",
    ]
    print(grid(head, rows))


def wide() -> pa.Table:
    """Return a table of numbers and levels that a few hidden numbers make."""
    rng = np.random.default_rng(0)
    hidden = rng.normal(size=(_ROWS, 6))
    mixed = hidden @ rng.normal(size=(6, _COLUMNS)) + rng.normal(size=(_ROWS, _COLUMNS))
    columns: dict[str, Any] = {}
    for k, numbers in enumerate(mixed.T):
        cuts = np.quantile(numbers, np.linspace(0, 1, _LEVELS + 1)[1:-1])
        letters = np.array(list("abcdefgh"))[np.searchsorted(cuts, numbers)]
        columns[f"c{k}"] = letters if k % 2 else numbers
    return pa.table(columns)


# --- what is done ------------------------------------------------------------------------------


def works(name: str, table: pa.Table) -> list[Work]:
    """Return a step, a block of rows and the generator alone, for the default GAN of a table."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # Trained for a moment, for its encoding and plan.
        model = GAN(
            steps=4, refine={"correct": False}, conditions=False, monitors=False, remedies=False
        )
        model.set_params(random_state=0).fit(table)
    game = game_of(model, model._plan, len(table), model._width, conditioned=False)
    data = Data.of(model.encoder_.encode(conform(table, model.schema_)))
    state = game.begin(0)
    network = state.generator
    own = Counter(_forward(_TOGETHER, network))
    parts = GAN.BLOCK // _TOGETHER
    block = {shape: float(parts * count) for shape, count in own.items()}
    step = f"{name}: a step of {game.batch_size:,} rows"
    return [
        Work(
            step,
            step_products(game, state),
            compiled_step(game, state, data),
            _stepper(game, state, data),
        ),
        Work(f"{name}: {GAN.BLOCK:,} rows drawn", block, None, _drawer(model._sampler())),
        Work(
            f"{name}: the generator alone",
            block,
            compiled_forward(network, parts),
            _forwarder(network, parts),
        ),
    ]


def _stepper(game: Game, state: TrainState, data: Data) -> Callable[[], int]:
    rates = np.full(_STEPS, _RATE)

    def run() -> int:
        jax.block_until_ready(game.advance(state, data, 0, dict.fromkeys(game.optimisers, rates)))
        return _STEPS

    return run


def _drawer(sampler: Sampler) -> Callable[[], int]:
    def run() -> int:
        for number in range(_BLOCKS):
            sampler.uncalibrated(0, number)
        return _BLOCKS

    return run


def _forwarder(network: Network, parts: int) -> Callable[[], int]:
    noise = jnp.asarray(
        np.random.default_rng(0).normal(size=(_TOGETHER, _inputs(network))), jnp.float32
    )

    @jax.jit
    def repeat(weights: Network, x: jax.Array) -> jax.Array:
        def again(_: jax.Array, x: jax.Array) -> jax.Array:
            return x.at[0, 0].set(jnp.tanh(weights(x)).sum())

        return jax.lax.fori_loop(0, parts * _BLOCKS, again, x)

    def run() -> int:
        repeat(network, noise).block_until_ready()
        return _BLOCKS

    return run


# --- products by hand --------------------------------------------------------------------------


def step_products(game: Game, state: TrainState) -> Products:
    """Return how often each product occurs in one step, on average, from the layers' widths.

    Valid where the discriminator's activation is linear in pieces (its second slope is nought), it
    is updated once a step, and a penalty is on slopes at real and at generated rows.
    """
    rows, every = game.batch_size, game.penalty_every
    made, judged = state.generator, state.discriminator
    seen = rows // game.pack
    found: Counter[Shape] = Counter()
    for network, count, times in ((made, rows, 1), (judged, seen, 2)):
        # Forward, the slopes of weights, and the slopes of rows but those of the first layer's.
        once = _forward(count, network) + _by_weights(count, network)
        once += _by_rows(count, network)[1:]
        found.update(once * times)
    # The generator's loss: both kinds of rows are judged, and slopes are those of generated rows.
    found.update(_forward(seen, judged) * 2 + _by_rows(seen, judged))
    weighted = {shape: float(count) for shape, count in found.items()}
    if game.penalty is not None:
        # Slopes of rows, and of these the slopes of weights and of what came from above.
        extra = _by_rows(seen, judged) + _by_weights(seen, judged) + _forward(seen, judged)
        for shape, count in Counter(extra * 2).items():
            weighted[shape] = weighted.get(shape, 0.0) + count / every
    return weighted


def _forward(rows: int, network: Network) -> list[Shape]:
    return [(rows, a, b, _rounded(rows, a, b)) for a, b in _widths(network)]


def _by_rows(rows: int, network: Network) -> list[Shape]:
    return [(rows, b, a, _rounded(rows, a, b)) for a, b in _widths(network)]


def _by_weights(rows: int, network: Network) -> list[Shape]:
    return [(a, rows, b, _rounded(rows, a, b)) for a, b in _widths(network)]


def _widths(network: Network) -> list[tuple[int, int]]:
    return [layer.weight.shape for layer in (*network.hidden, network.last)]


def _inputs(network: Network) -> int:
    return _widths(network)[0][0]


def _rounded(rows: int, inputs: int, units: int) -> bool:
    """Say whether the networks round the factors of a product."""
    shapes = [jax.ShapeDtypeStruct(s, jnp.float32) for s in ((rows, inputs), (inputs, units))]
    return "bf16" in str(jax.make_jaxpr(product)(*shapes))


def flop(products: Products) -> float:
    """Return the floating-point operations of products: 2·rows·inner·columns each."""
    return sum(2.0 * a * b * c * count for (a, b, c, _), count in products.items())


# --- products by the compiler ------------------------------------------------------------------


def compiled_step(game: Game, state: TrainState, data: Data) -> float | None:
    """Return the operations of one step, on average: one with and the others without penalty."""
    key, rates = jax.random.key(0, impl="rbg"), jnp.full((2, CHUNK), _RATE)

    def step(penalised: bool) -> float | None:
        def play(state: TrainState, data: Data) -> Any:
            return game._step(data, key, rates, jnp.int32(0), state, penalised=penalised)

        return _counted(play, state, data)

    dear, cheap, every = step(True), step(False), game.penalty_every
    return None if dear is None or cheap is None else (dear + (every - 1) * cheap) / every


def compiled_forward(network: Network, parts: int) -> float | None:
    """Return the operations of so many parts of rows that a generator makes."""
    noise = jnp.zeros((_TOGETHER, _inputs(network)))
    found = _counted(lambda weights, x: weights(x), network, noise)
    return None if found is None else parts * found


def _counted(function: Callable[..., Any], *values: Any) -> float | None:
    found = jax.jit(function).lower(*values).compile().cost_analysis()
    found = found[0] if isinstance(found, list) else found  # as it was before jax 0.5
    return None if not found else found.get("flops")


# --- clocks ------------------------------------------------------------------------------------


def row(work: Work, turns: int) -> list[str]:
    """Time work and its products in turns and return a row of the table."""
    whole = flop(work.products)
    alone = {lowered: _products(work.products, lowered) for lowered in (True, False)}
    times: list[tuple[float, float, float]] = []
    for _ in range(turns + 1):
        times.append((_one(work.run), alone[True](), alone[False]()))
    seconds, mixed, single = (median(values) for values in zip(*times[1:], strict=True))
    compiled = "–" if work.compiled is None else f"{work.compiled / 1e9:.2f}"
    return [
        work.name,
        f"{whole / 1e9:.2f}",
        compiled,
        f"{1e3 * seconds:.2f}",
        f"{whole / seconds / 1e9:.0f}",
        f"{1e3 * mixed:.2f}",
        f"{whole / mixed / 1e9:.0f}",
        f"{mixed / seconds:.0%}",
        f"{1e3 * single:.2f}",
        f"{whole / single / 1e9:.0f}",
    ]


def _one(run: Callable[[], int]) -> float:
    """Return seconds of one."""
    begin = _clock()
    count = run()
    return (_clock() - begin) / count


def _products(products: Products, lowered: bool) -> Callable[[], float]:
    """Return what times all products alone, rounded where they are or none of them."""
    timed = [(_repeated(shape, lowered and shape[3]), count) for shape, count in products.items()]
    return lambda: sum(count * _one(run) for run, count in timed)


def _repeated(shape: Shape, rounded: bool) -> Callable[[], int]:
    """Return what multiplies two matrices again and again; rounding them is not timed."""
    rng, kind = np.random.default_rng(0), jnp.bfloat16 if rounded else jnp.float32
    rows, inner, columns, _ = shape
    a, b = (jnp.asarray(rng.normal(size=s), kind) for s in ((rows, inner), (inner, columns)))
    # Call by call: the compiler makes slower code of a loop of such products.
    once = jax.jit(partial(jnp.matmul, preferred_element_type=jnp.float32))

    def run() -> int:
        for _ in range(_REPEATS):
            result = once(a, b)
        result.block_until_ready()
        return _REPEATS

    return run


if __name__ == "__main__":
    main()
