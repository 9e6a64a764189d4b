"""Warm starts: what was learned is kept, of columns that both tables have."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from lookalike import GAN, Independent
from lookalike._core.errors import ParameterError, SchemaError

pytestmark = pytest.mark.train

QUICK: dict[str, Any] = {
    "width": 32,
    "depth": 1,
    "batch_size": 128,
    "held_out": 0.0,
    "monitors": False,
    "conditions": False,
    "refine": {"correct": False},
    "derive": False,
    "random_state": 1,
}


def table(seed: int, names: tuple[str, str, str] = ("x", "y", "c")) -> pa.Table:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=600)
    level = np.where(x > 0, "up", "down")
    columns = [x, x + 0.1 * rng.normal(size=600), level.tolist()]
    return pa.table(dict(zip(names, columns, strict=True)))


def agreement(model: GAN, names: tuple[str, str, str] = ("x", "y", "c")) -> float:
    made = model.sample(2_000)
    return float(np.corrcoef(made[names[0]].to_numpy(), made[names[1]].to_numpy())[0, 1])


@pytest.fixture(scope="module")
def taught() -> GAN:
    return GAN(steps=800, **QUICK).fit(table(0))


@pytest.mark.slow
def test_a_warm_start_keeps_what_was_learned(taught: GAN, tmp_path: Path) -> None:
    few = GAN(steps=40, **QUICK)
    assert agreement(taught) > 0.9
    cold = agreement(few.fit(table(1)))
    taught.save(tmp_path / "taught.lookalike")
    warm = few.fit(table(1), warm_start=tmp_path / "taught.lookalike")
    assert agreement(warm) > max(0.9, cold + 0.2)
    # the wish was for that fit alone
    assert agreement(few.fit(table(1))) == pytest.approx(cold, abs=1e-6)


def test_columns_of_other_names_are_mapped(taught: GAN) -> None:
    names = ("a", "b", "c")
    few = GAN(steps=40, **QUICK)
    mapped = few.fit(table(1, names), warm_start=taught, mapping={"a": "x", "b": "y"})
    assert agreement(mapped, names) > 0.9


def test_what_cannot_be_transferred_is_said(taught: GAN) -> None:
    few = GAN(steps=4, **QUICK)
    with pytest.raises(ParameterError, match="same sizes"):
        GAN(steps=4, **QUICK | {"width": 16}).fit(table(1), warm_start=taught)
    with pytest.raises(ParameterError, match="none is common"):
        few.fit(table(1, ("a", "b", "d")), warm_start=taught)
    with pytest.raises(SchemaError, match="'x'"):
        few.fit(table(1, ("a", "b", "d")), warm_start=taught, mapping={"a": "xx"})
    with pytest.raises(ParameterError, match="warm_start"):
        few.fit(table(1), mapping={"a": "x"})
    for odd in (5, b"taught.lookalike", [taught], GAN):
        with pytest.raises(ParameterError, match="warm_start must be a fitted GAN or the path"):
            few.fit(table(1), warm_start=odd)
    with pytest.raises(ParameterError, match="needs a GAN"):
        few.fit(table(1), warm_start=Independent(random_state=0).fit(table(1)))


def test_training_can_be_watched() -> None:
    seen: list[tuple[int, int]] = []

    def watch(step: int, sample: Any) -> None:
        seen.append((step, sample(7).num_rows))

    GAN(steps=40, **QUICK).fit(table(1), on_interval=watch)
    assert [rows for _, rows in seen] == [7] * len(seen)
    assert [step for step, _ in seen] == sorted(step for step, _ in seen)
    assert seen[-1][0] == 40


@pytest.mark.slow
def test_networks_of_another_form_and_unknown_names_are_refused() -> None:
    settings: dict[str, Any] = {
        "steps": 4,
        "monitors": False,
        "conditions": False,
        "refine": {"correct": False},
    }
    hidden = {"widths": [8, 8], "normalisation": "batch", "bias": True}
    model = GAN().set_params(**settings, generator=hidden, random_state=0).fit(table(0))
    for other in ({"activation": "tanh"}, {"residual": True}):
        with pytest.raises(ParameterError, match="same form"):
            GAN().set_params(**settings, generator=hidden | other).fit(table(1), warm_start=model)
    with pytest.raises(SchemaError, match="'zzz'"):
        GAN().set_params(**settings, generator=hidden).fit(
            table(1), warm_start=model, mapping={"zzz": "x"}
        )
