"""The collapse monitor: right on known mixtures, and silent on healthy samples of any kind."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from lookalike.training.monitors import Collapse

ROWS = 512


def labelled(mixtures, normalise) -> Iterator[tuple[str, bool, object, bool, dict]]:
    """Yield cases: a name, whether modes are lost, a mixture, whether rows are made normal."""
    healthy = [{}, {"wider": 1.5}, {"wider": 0.7}, {"strays": 0.05}]
    lost = {"ring": (1, 2, 4, 6, 7), "grid": (1, 5, 12, 20, 24), "rare": (1, 4, 7)}
    for name, mixture in mixtures.items():
        modes = len(mixture.centres)
        for normal in (False, True):
            for how in healthy:
                yield f"{name}, all, {how}", False, mixture, normal, how
            for count in lost[name]:
                # Made normal, modes have no gaps around them: one of 25 is then a hole like any.
                if normal and count > 20:
                    continue
                for strays in (0.0, 0.03):
                    kept = np.zeros(modes)
                    kept[np.random.default_rng(count).permutation(modes)[:count]] = 1
                    how = {"kept": kept, "strays": strays}
                    yield f"{name}, {count} modes, {strays} strays", True, mixture, normal, how
            yield f"{name}, every mode a point", True, mixture, normal, {"wider": 0.02}


@pytest.mark.slow
def test_the_yes_or_no_is_right_on_known_mixtures(scenes, mixtures, normalise):
    wrong, cases = [], 0
    for seed, held_out in ((0, True), (1, False)):
        for name, collapsed, mixture, normal, how in labelled(mixtures, normalise):
            rng = np.random.default_rng(seed)
            shape = normalise(mixture.draw(rng, 5_000)) if normal else np.asarray
            real, others = (scenes.rows(shape(mixture.draw(rng))) for _ in range(2))
            fakes = [scenes.rows(shape(mixture.draw(rng, **how))) for _ in range(2)]
            found = scenes.watch(Collapse(), real, fakes, held_out=others if held_out else None)
            cases += 1
            if found[-1]["collapsed"] != collapsed:
                wrong.append((name, normal, seed))
    assert cases >= 100
    assert len(wrong) <= 0.05 * cases, wrong
    assert not any("all" in name for name, *_ in wrong), "a healthy sample raises an alarm"


def test_modes_that_are_reached_are_counted(scenes, mixtures):
    rng = np.random.default_rng(0)
    ring = mixtures["ring"]
    real = scenes.rows(ring.draw(rng))
    for count in (1, 5, 8):
        kept = np.arange(8) < count
        found = scenes.watch(Collapse(), real, [scenes.rows(ring.draw(rng, kept=kept))])
        assert found[0]["modes"] == count / 8


CROWD = 1_536


@pytest.mark.slow
def test_the_loss_of_a_mode_of_one_percent_is_a_collapse(scenes, mixtures):
    rare = mixtures["rare"]
    seen = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        real, more = scenes.rows(rare.draw(rng)), scenes.rows(rare.draw(rng, CROWD)).matrix
        whole = [scenes.rows(rare.draw(rng)) for _ in range(10)]
        without = [scenes.rows(rare.draw(rng, kept=np.arange(9) < 8)) for _ in range(8)]
        healthy = scenes.watch(Collapse(), real, whole, crowd=more)
        assert not any(look["collapsed"] for look in healthy)
        seen += scenes.watch(Collapse(), real, without, crowd=more)[-1]["collapsed"]
        # Where it comes back, it is not lost: one look of eight gets more than a tenth.
        assert not scenes.watch(Collapse(), real, without[:4] + whole, crowd=more)[-1]["collapsed"]
    assert seen >= 19


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", ["ring", "grid", "normal", "heavy tails", "counts", "equal"])
def test_healthy_samples_lose_no_rare_mode(scenes, mixtures, kind, seed):
    rng = np.random.default_rng(seed)

    def draw(rows=ROWS):
        if kind in mixtures:
            return mixtures[kind].draw(rng, rows)
        return {
            "normal": lambda: rng.normal(size=(rows, 3)),
            "heavy tails": lambda: np.clip(rng.standard_t(1.5, (rows, 3)), -1e4, 1e4),
            "counts": lambda: rng.poisson(2, (rows, 2)).astype(float),
            "equal": lambda: np.full((rows, 2), 2.5),
        }[kind]()

    fakes = [scenes.rows(draw()) for _ in range(16)]
    more = scenes.rows(draw(CROWD)).matrix
    found = scenes.watch(Collapse(), scenes.rows(draw()), fakes, crowd=more)
    assert not any(look["collapsed"] for look in found)


def test_a_mode_is_forgotten_after_four_looks(scenes, mixtures):
    rng = np.random.default_rng(3)
    ring = mixtures["ring"]
    fakes = [scenes.rows(ring.draw(rng))]
    fakes += [scenes.rows(ring.draw(rng, kept=np.arange(8) < 4)) for _ in range(4)]
    found = scenes.watch(Collapse(), scenes.rows(ring.draw(rng)), fakes)
    assert [look["modes"] for look in found] == [1, 1, 1, 1, 0.5]
    assert [look["collapsed"] for look in found] == [0, 0, 1, 1, 1]


def draw_levels(rng, widths, rows=ROWS):
    return np.stack(
        [rng.choice(w, rows, p=np.arange(1, w + 1) / (w * (w + 1) / 2)) for w in widths], 1
    )


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "kind",
    ["heavy tails", "levels", "levels and a constant", "one column", "duplicates", "equal", "wide"],
)
def test_healthy_samples_raise_no_alarm(scenes, kind, seed):
    rng = np.random.default_rng(seed)
    widths = (5, 4, 3) if kind.startswith("levels") else ()
    kinds = rng.normal(size=(20, 3))

    def draw():
        levels = draw_levels(rng, widths) if widths else None
        numbers = {
            "heavy tails": lambda: np.clip(rng.standard_t(1.5, (ROWS, 3)), -1e4, 1e4),
            "levels": lambda: np.zeros((ROWS, 0)),
            "levels and a constant": lambda: np.full((ROWS, 1), 3.0),
            "one column": lambda: rng.exponential(size=(ROWS, 1)),
            "duplicates": lambda: kinds[rng.geometric(0.2, ROWS).clip(max=20) - 1],
            "equal": lambda: np.full((ROWS, 3), -1.5),
            "wide": lambda: rng.normal(size=(ROWS, 24)),
        }[kind]()
        return scenes.rows(numbers, levels, widths)

    for others in (None, draw()):
        fakes = [draw() for _ in range(4)]
        found = scenes.watch(Collapse(), draw(), fakes, held_out=others, widths=widths)
        assert [look["collapsed"] for look in found] == [0, 0, 0, 0]
        assert found[-1]["coverage"] > 0.9
        if widths:
            assert found[-1]["levels"] == 1


@pytest.mark.parametrize(("share", "collapsed"), [(0.03, 0), (0.08, 1), (0.3, 1)])
def test_a_lost_level_is_found_and_a_collapse_if_it_is_common(scenes, share, collapsed):
    rng = np.random.default_rng(0)
    shares = np.array([share, 0.3, 0.7 - share])
    without = np.array([0, 0.3, 0.7 - share])

    def draw(shares):
        levels = np.stack([rng.choice(3, ROWS, p=shares / shares.sum()) for _ in range(2)], 1)
        return scenes.rows(rng.normal(size=(ROWS, 4)), levels, (3, 3))

    fakes = [draw(without) for _ in range(2)]
    found = scenes.watch(Collapse(), draw(shares), fakes, widths=(3, 3))[-1]
    assert found["levels"] == 4 / 6
    assert found["collapsed"] == collapsed


def test_a_few_rows_repeated_are_a_collapse(scenes):
    rng = np.random.default_rng(0)
    real, others = rng.normal(size=(2, ROWS, 6))
    fakes = [scenes.rows(others[rng.integers(0, 40, ROWS)]) for _ in range(2)]
    assert scenes.watch(Collapse(), scenes.rows(real), fakes)[-1]["collapsed"] == 1


def test_rows_beside_a_curve_are_not_a_collapse(scenes):
    """Rows of poor quality that go everywhere: coverage says so, and nothing is lost."""
    rng = np.random.default_rng(0)
    x = rng.uniform(-2, 2, (2, ROWS))
    curve = np.stack([x, np.sin(3 * x)], axis=-1)
    beside = curve[1] + rng.normal(0, 0.1, (ROWS, 2))
    found = scenes.watch(Collapse(), scenes.rows(curve[0]), [scenes.rows(beside)] * 2)[-1]
    assert found["coverage"] < 0.8
    assert found["collapsed"] == 0


@pytest.mark.parametrize(("total", "first"), [(100, 25), (1_500, 250), (9_000, 900)])
def test_nothing_is_said_while_a_run_has_to_find_all_parts(total, first, scenes):
    rows = scenes.rows(np.random.default_rng(0).normal(size=(ROWS, 2)))
    nothing = scenes.rows(np.zeros((ROWS, 2)))
    for step in (first - 1, first):
        last = scenes.watch(Collapse(), rows, [nothing] * 2, step=step, total=total)[-1]
        assert last.get("collapsed") == (1 if step == first else None)


@pytest.mark.parametrize("rows", [6, 30])
def test_small_tables_raise_no_alarm(scenes, rows):
    for seed in range(5):
        rng = np.random.default_rng(seed)
        fakes = [scenes.rows(rng.normal(size=(ROWS, 3))) for _ in range(3)]
        found = scenes.watch(Collapse(), scenes.rows(rng.normal(size=(rows, 3))), fakes)
        assert all(look.get("collapsed", 0) == 0 for look in found)
