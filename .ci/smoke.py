"""Try what most users do, with the versions of libraries that are installed here.

Usage: ``python .ci/smoke.py``. It trains for a few steps; ends with an error if anything fails.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import lookalike as la


def main() -> None:
    """Fit, sample, evaluate, save and load, from Python and from the command line."""
    with tempfile.TemporaryDirectory() as folder:
        from_python(Path(folder))
        from_the_command_line(Path(folder))
    for kind in ("pandas", "polars", "pyarrow"):
        rows = la.datasets.load("penguins", kind=kind)
        made = la.Independent(random_state=0).fit(rows).sample(5)
        assert type(made) is type(rows), kind
    inputs = [[float(k), float(k % 3)] for k in range(40)]
    more, _ = la.Booster(la.Independent(), random_state=0).fit_resample(inputs, ["a", "b"] * 20)
    assert len(more) == 48


def from_python(folder: Path) -> None:
    """Do it with a GAN, and ask whether its rows help."""
    rows = la.datasets.load("penguins")
    model = la.GAN(steps=20, width=16, random_state=0).fit(rows, target="species")
    assert len(model.sample(5, given={"species": "Adelie"})) == 5
    assert not model.impute(rows[["species"]].head(3))["island"].isna().any()
    model.save(folder / "model.lookalike")
    assert la.load(folder / "model.lookalike").sample(3).equals(model.sample(3))
    found = la.evaluate(rows, model.sample(len(rows)), metrics=["shape", "c2st", "copies"])
    assert "<svg" in found.to_html(folder / "report.html")
    verdict = la.boost(
        rows, "species", synthesizer=la.Independent(), models=["decision tree"], repeats=2
    )
    assert "<svg" in verdict.to_html(folder / "verdict.html")


def from_the_command_line(folder: Path) -> None:
    """Do it with files."""
    la.datasets.load("penguins").to_csv(folder / "rows.csv", index=False)
    for words in (
        ["--help"],
        ["fit", "--help"],
        ["info", "--presets"],
        ["fit", "rows.csv", "-o", "m.lookalike", "--set", "steps=10", "--set", "width=16"],
        ["info", "m.lookalike"],
        ["sample", "m.lookalike", "-n", "20", "-o", "made.csv"],
        ["evaluate", "rows.csv", "made.csv", "--json", "scores.json", "--html", "report.html"],
    ):
        subprocess.run([sys.executable, "-m", "lookalike", *words], cwd=folder, check=True)
    assert "shape" in json.loads((folder / "scores.json").read_text(encoding="utf-8"))["scores"]


if __name__ == "__main__":
    main()
