"""Measure models of images: quality on scikit-learn's digits, and the speed of training.

``python benchmarks/images.py digits [--seeds 3] [--engines gan components]`` holds out 30 % of the
digits, fits each engine, and scores as many generated images. ``python benchmarks/images.py boost``
studies whether they help classifiers. ``python benchmarks/images.py speed [--torch PYTHON]`` trains
a DCGAN of two layers on 28 × 28 pixels; given a Python that has PyTorch, it trains one of
the same sizes there, eagerly; each has one thread. ``python benchmarks/images.py large`` learns
60,000 made images of 28 × 28 pixels from an IDX file for some steps of the default, and measures
time and memory. ``--sheets FOLDER`` writes contact sheets, films of training and latent walks.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import struct
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

ENGINES = {
    "gan": {},
    "components": {"engine": "components"},
    "components, forest": {"engine": "components", "family": "forest"},
}


def main() -> None:
    """Run the chosen part and print a JSON line for each result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", choices=["digits", "boost", "speed", "large"])
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--engines", nargs="+", choices=list(ENGINES), default=list(ENGINES))
    parser.add_argument("--share", type=float, default=1.0, help="of the training images of boost")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--steps", type=int, default=None)
    parser.add_argument("--sheets", type=Path, default=None)
    parser.add_argument("--no-networks", action="store_true", help="score without small networks")
    parser.add_argument("--torch", default=None, help="a Python with PyTorch")
    asked = parser.parse_args()
    if asked.part == "digits":
        for seed in range(asked.first, asked.first + asked.seeds):
            for engine in asked.engines:
                show(
                    digits(engine, seed, asked.steps, asked.sheets, networks=not asked.no_networks)
                )
    elif asked.part == "boost":
        show(boost(asked.share, asked.repeats, asked.steps, asked.engines[0]))
    elif asked.part == "large":
        show(large(asked.steps or 60, asked.sheets))
    else:
        one_thread()
        show({"with": "lookalike", **speed(asked.steps or 40)})
        if asked.torch is not None:
            script = Path(__file__).parent / "peers" / "torch_dcgan.py"
            command = [asked.torch, str(script), str(asked.steps or 40)]
            said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            show({"with": "pytorch", **json.loads(said)})


def one_thread() -> None:
    """Leave this process and its children one processor."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def show(result: dict[str, object]) -> None:
    """Print a result as a JSON line."""
    print(json.dumps(result), flush=True)


def digits(
    engine: str, seed: int, steps: int | None, sheets: Path | None, *, networks: bool
) -> dict[str, object]:
    """Fit an engine to 70 % of the digits and score its images against the others."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    import lookalike as la
    from lookalike.images import contact_sheet, evaluate_images, write_picture

    images, labels = load_digits().images, load_digits().target
    a, b, of_a, of_b = train_test_split(
        images, labels, test_size=0.3, random_state=seed, stratify=labels
    )
    cpu, wall = time.process_time(), time.perf_counter()
    model = la.Images(**ENGINES[engine], steps=steps, random_state=seed).fit(a, of_a)
    times = {"cpu_s": time.process_time() - cpu, "wall_s": time.perf_counter() - wall}
    show({"engine": engine, "seed": seed, **{k: round(v, 1) for k, v in times.items()}})
    made = model.sample(len(a))
    if sheets is not None:
        sheets.mkdir(parents=True, exist_ok=True)
        name = engine.replace(", ", "_")
        of_each = np.concatenate([model.sample(10, given=k)[0] for k in range(10)])
        write_picture(contact_sheet(of_each, model.form_), sheets / f"{name}_{seed}.png")
        if engine == "gan":
            model.film_to(sheets / f"{name}_{seed}_film.png")
            walks = np.concatenate([model.walk(10, given=k, random_state=k) for k in range(10)])
            write_picture(contact_sheet(walks, model.form_), sheets / f"{name}_{seed}_walk.png")
    found = evaluate_images((a, of_a), made, (b, of_b), networks=networks, random_state=seed)
    scores = {
        s.name: [None if v is None else round(v, 4) for v in (s.value, s.ceiling, s.floor)]
        for s in found.scores
    }
    return {"engine": engine, "seed": seed, "generated, real, floor": scores}


def boost(share: float, repeats: int, steps: int | None, engine: str) -> dict[str, object]:
    """Study the digits: real images, generated ones, changed copies."""
    from sklearn.datasets import load_digits

    import lookalike as la
    from lookalike.experiments import boost_images

    found = load_digits()
    model = la.Images(**ENGINES[engine], steps=steps)
    verdict = boost_images(
        found.images, found.target, synthesizer=model, share=share, repeats=repeats
    )
    print(verdict)
    return {
        "engine": engine,
        "share": share,
        "repeats": repeats,
        "answer": verdict.answer,
        "accuracy": {row.label: row.models for row in verdict.table},
    }


def large(steps: int, sheets: Path | None) -> dict[str, object]:
    """Learn 60,000 images of 28 × 28 pixels from IDX files, as MNIST has them, for some steps."""
    import lookalike as la

    images, labels = made_digits(60_000)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "train-images-idx3-ubyte")
        path.write_bytes(struct.pack(">IIII", 0x803, *images.shape) + images.tobytes())
        names = Path(folder, "train-labels-idx1-ubyte")
        names.write_bytes(struct.pack(">II", 0x801, len(labels)) + labels.tobytes())
        del images
        # The first fit compiles; the other two differ in steps alone.
        cpu = []
        for count in (4, 4, 4 + steps):
            model = la.Images(steps=count, monitors=False, random_state=0).fit(path)
            cpu.append(time.process_time())
    each = (cpu[2] - 2 * cpu[1] + cpu[0]) / steps
    if sheets is not None:
        sheets.mkdir(parents=True, exist_ok=True)
        model.film_to(sheets / "large_film.png")
    return {
        "cpu_s_a_step": round(each, 3),
        "images_per_cpu_s": round(model.batch_size / each),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def made_digits(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return images like those of MNIST: enlarged and changed copies of digits, each ten times."""
    from scipy.ndimage import zoom
    from sklearn.datasets import load_digits

    from lookalike.images import augmented

    found = load_digits()
    wide = np.pad(zoom(found.images / 16, (1, 2.5, 2.5), order=1), ((0, 0), (4, 4), (4, 4)))
    few = np.rint(255 * wide.clip(0, 1)).astype(np.uint8)
    images, labels = augmented(few, found.target, count // 10, random_state=0)
    return np.resize(images, (count, 28, 28)), np.resize(labels, count).astype(np.uint8)


def speed(steps: int) -> dict[str, object]:
    """Return the images that a DCGAN trains on per second of processor time."""
    import jax

    from lookalike.encoding import EncodedRows
    from lookalike.images import Images
    from lookalike.images._form import ImageForm
    from lookalike.images._recipe import image_game
    from lookalike.training import Data, keep_compiled_programs

    keep_compiled_programs()
    rng, batch = np.random.default_rng(0), 128
    images = rng.integers(0, 256, (1024, 28, 28), dtype=np.uint8)
    form = ImageForm.of(images)
    norm = {"normalisation": "batch", "bias": False, "initial": "dcgan"}
    model = Images.preset(
        "dcgan",
        networks={
            "generator": {"widths": [128, 64], "activation": "relu", **norm},
            "discriminator": {"widths": [64, 128], **norm},
            "latent_size": 100,
        },
    )
    game = image_game(model, form, 0)
    data = Data.of(EncodedRows(form.rows(images), np.zeros((len(images), 0), np.int32)))
    rates = {name: np.full(steps, 2e-4, np.float32) for name in game.optimisers}
    state, _ = game.advance(game.begin(0), data, 0, rates)
    jax.block_until_ready(state.step)
    cpu, wall = time.process_time(), time.perf_counter()
    state, _ = game.advance(state, data, 0, rates)
    jax.block_until_ready(state.step)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    count = steps * batch
    return {"images_per_cpu_s": round(count / cpu), "images_per_s": round(count / wall)}


if __name__ == "__main__":
    main()
