"""Tables in parts: the same rows from any workers, whatever happens in between."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import lookalike as la
from lookalike._core.places import Place
from lookalike._core.processes import _Worker
from lookalike.errors import DataError, LookalikeError, OutputError, ParameterError
from lookalike.scale._manifest import Folder
from lookalike.tables import read_table

ROWS, PART = 2500, 600


@pytest.fixture(scope="module")
def model() -> la.Independent:
    rng = np.random.default_rng(0)
    table = pa.table({"x": rng.normal(size=90), "town": rng.choice(["Ulm", "Bonn"], 90)})
    fitted: la.Independent = la.Independent(random_state=3).fit(table)
    return fitted


def digests(folder: Path) -> list[str]:
    manifest = json.loads((folder / "_manifest.json").read_text())
    assert manifest["complete"]
    assert [part["start"] for part in manifest["parts"]] == list(range(0, ROWS, PART))
    return [part["sha256"] for part in manifest["parts"]]


def write(model: Any, folder: Any, **options: Any) -> None:
    """Write parts; `read_table` refuses a folder in which one is missing."""
    assert (
        la.sample_parts(model, folder, ROWS, **{"part_rows": PART, "workers": 1, **options}) == ROWS
    )


@pytest.fixture(scope="module")
def whole(model: la.Independent, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole") / "rows"
    write(model, folder, workers=2)
    return folder


def test_parts_are_the_rows_of_one_process(model: la.Independent, whole: Path) -> None:
    assert read_table(whole).equals(model.sample(ROWS))
    names = sorted(path.name for path in whole.iterdir())
    assert names == ["_manifest.json", *(f"part-{k:05}.parquet" for k in range(5))]
    again = la.Independent(random_state=0).fit(whole)
    assert sorted(again.sample(5, as_="arrow").column_names) == ["town", "x"]


def test_an_interrupted_run_goes_on(
    model: la.Independent, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep, kept = Folder.keep, []

    def interrupted(self: Folder, manifest: Any) -> None:
        keep(self, manifest)
        kept.append(len(manifest.parts))
        if len(kept) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(Folder, "keep", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write(model, tmp_path / "rows")
    monkeypatch.undo()
    with pytest.raises(DataError, match="not all there"):
        read_table(tmp_path / "rows")
    first = tmp_path / "rows" / "part-00000.parquet"
    made = first.stat().st_mtime_ns
    write(model, tmp_path / "rows")
    assert first.stat().st_mtime_ns == made
    assert digests(tmp_path / "rows") == digests(whole)


def test_killed_workers_are_replaced(
    model: la.Independent, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep, give, working, killed = Folder.keep, _Worker.give, [], []

    def giving(self: _Worker, *task: Any) -> None:
        working.append(self.process)
        give(self, *task)

    def killing(self: Folder, manifest: Any) -> None:
        keep(self, manifest)
        if len(manifest.parts) == 1:  # two processes have begun, and three parts are left
            for process in set(working):
                os.kill(process.pid, signal.SIGKILL)
                process.join()
                killed.append(process.exitcode)

    monkeypatch.setattr(Folder, "keep", killing)
    monkeypatch.setattr(_Worker, "give", giving)
    write(model, tmp_path / "rows", workers=2)
    assert killed == [-signal.SIGKILL] * 2
    assert len(set(working)) == 4
    assert digests(tmp_path / "rows") == digests(whole)


def test_a_killed_driver_leaves_what_goes_on(
    model: la.Independent, whole: Path, tmp_path: Path
) -> None:
    model.save(tmp_path / "m.lookalike")
    script = """
import os, signal, sys
import lookalike as la
from lookalike.scale._manifest import Folder

keep = Folder.keep

def killing(self, manifest):
    keep(self, manifest)
    if len(manifest.parts) == 2:
        os.kill(os.getpid(), signal.SIGKILL)

Folder.keep = killing
la.sample_parts(sys.argv[1], sys.argv[2], int(sys.argv[3]), part_rows=int(sys.argv[4]), workers=2)
"""
    given = [tmp_path / "m.lookalike", tmp_path / "rows", ROWS, PART]
    ended = subprocess.run([sys.executable, "-c", script, *map(str, given)], check=False)
    assert ended.returncode == -signal.SIGKILL
    with pytest.raises(DataError, match="not all there"):
        read_table(tmp_path / "rows")
    write(tmp_path / "m.lookalike", tmp_path / "rows", workers=2)
    assert digests(tmp_path / "rows") == digests(whole)
    assert not list((tmp_path / "rows").glob(".*"))


def test_a_part_that_was_cut_or_deleted_is_made_anew(
    model: la.Independent, whole: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(whole, tmp_path / "rows")
    (folder / "part-00001.parquet").write_bytes(b"PAR1")
    (folder / "part-00003.parquet").unlink()
    write(model, folder)
    assert digests(folder) == digests(whole)
    assert read_table(folder).equals(model.sample(ROWS))


def test_parts_of_another_table_are_refused_or_replaced(
    model: la.Independent, whole: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(whole, tmp_path / "rows")
    # A worker may have finished a part that nobody entered.
    shutil.copy(folder / "part-00001.parquet", folder / "part-00009.parquet")
    (folder / ".DS_Store").write_text("")
    with pytest.raises(ParameterError, match="its seed is 3, not 4"):
        write(model, folder, random_state=4)
    write(model, folder, random_state=4, part_rows=1500, overwrite=True)
    assert read_table(folder).equals(model.sample(ROWS, random_state=4))
    assert sorted(path.name for path in folder.glob("part-*")) == [
        "part-00000.parquet",
        "part-00001.parquet",
    ]
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    with pytest.raises(OutputError, match=r"holds 'notes\.txt'"):
        write(model, tmp_path / "mine", overwrite=True)
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OutputError, match="Cannot make the folder"):
        write(model, tmp_path / "file")
    (folder / "_manifest.json").write_text("{}")
    with pytest.raises(DataError, match=r"manifest .* is damaged"):
        write(model, folder)


def test_conditions_and_addresses(model: la.Independent, tmp_path: Path) -> None:
    folder = f"file://{tmp_path / 'rows'}"
    write(model, folder, given={"town": {"Ulm"}}, file_format="csv")
    table = read_table(folder)
    assert (table.num_rows, set(table["town"].to_pylist())) == (ROWS, {"Ulm"})
    assert not [path.name for path in (tmp_path / "rows").iterdir() if path.suffix == ".tmp"]
    model.save(f"file://{tmp_path / 'm.lookalike'}")
    assert la.load(f"file://{tmp_path / 'm.lookalike'}").sample(5).equals(model.sample(5))
    with pytest.raises(DataError, match="no file"):
        read_table(f"file://{tmp_path / 'none.csv'}")
    with pytest.raises(LookalikeError, match=r"no place|needs fsspec"):
        read_table("nonsense://a/b.csv")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"n": 0}, "n must be"),
        ({"part_rows": 0}, "part_rows must be"),
        ({"engine": "spark"}, "engine must be"),
        ({"address": "localhost:1"}, "engine='ray'"),
        ({"given": [1]}, "mapping"),
        ({"n": 10**9, "part_rows": 10}, "at most 1,000,000 parts"),
    ],
)
def test_what_cannot_be(model: la.Independent, tmp_path: Path, options: Any, words: str) -> None:
    values = {"n": 5, **options}
    with pytest.raises(ParameterError, match=words):
        la.sample_parts(model, tmp_path / "rows", values.pop("n"), **values)
    assert not (tmp_path / "rows").exists() or not list((tmp_path / "rows").glob("part-*"))


def test_no_key_is_shown() -> None:
    with pytest.raises(ParameterError) as caught:
        read_table("s3://AKIA:abc/def@bucket/x.csv")
    assert "abc" not in str(caught.value)
    assert "def" not in str(caught.value)


def test_numbers_of_numpy_and_an_automatic_choice(tmp_path: Path) -> None:
    table = pa.table({"x": np.arange(120.0), "town": ["Ulm", "Bonn"] * 60})
    chosen = la.Auto(None, models=["Independent"], tune=False, random_state=0).fit(table)
    la.sample_parts(chosen, tmp_path / "rows", np.int64(5), part_rows=3, workers=1)
    assert read_table(tmp_path / "rows").equals(chosen.best_.sample(5))


def test_command_line(
    model: la.Independent, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from lookalike.cli import main

    file = str(tmp_path / "m.lookalike")
    model.save(file)
    out = f"{tmp_path / 'rows'}/"
    words = ["sample", file, "-n", "50", "-o", out, "--part-rows", "20", "--workers", "1"]
    assert main(words) == 0
    assert "50 rows" in capsys.readouterr().err
    assert read_table(out).equals(model.sample(50))
    assert main([*words, "--seed", "9"]) == 2
    assert main([*words[:4], "-o", str(tmp_path / "a.csv"), "--workers", "2"]) == 2
    assert "end the output in /" in capsys.readouterr().err


# --- folders as tables ----------------------------------------------------------------------------


def test_partitioned_folders_are_one_table(tmp_path: Path) -> None:
    for year, rows in (("2023", "1\n2\n"), ("2024", "3\n"), ("__HIVE_DEFAULT_PARTITION__", "4\n")):
        folder = tmp_path / f"year={year}"
        folder.mkdir()
        (folder / "part-0.csv").write_text(f"x\n{rows}")
    (tmp_path / "_SUCCESS").write_text("")
    table = read_table(tmp_path)
    assert table.sort_by("x").to_pydict() == {
        "x": ["1", "2", "3", "4"],
        "year": ["2023", "2023", "2024", None],
    }
    (tmp_path / "year=2024" / "part-1.csv").write_text("y\n3\n")
    with pytest.raises(DataError, match=r"same columns, but .* differ in 'x'"):
        read_table(tmp_path)


def test_other_file_systems(tmp_path: Path) -> None:
    pytest.importorskip("fsspec")
    table = pa.table({"x": [1.5, 2.5]})
    la.tables.write_table(table, "memory://folder/a.parquet")
    assert read_table("memory://folder/a.parquet").equals(table)
    assert read_table("memory://folder").equals(table)


# --- a cluster ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """Start a cluster of two nodes, and stop it."""
    if find_spec("ray") is None:
        pytest.skip("Ray is not installed")
    ray, port = [sys.executable, "-m", "ray.scripts.scripts"], "6399"
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    # Nodes and drivers have a secret in common, which Ray reads when it is imported.
    patch = pytest.MonkeyPatch()
    patch.setenv("RAY_AUTH_MODE", "token")
    patch.setenv("RAY_AUTH_TOKEN", secrets.token_hex(32))
    head = ["start", "--head", f"--port={port}", "--num-cpus=1", "--include-dashboard=false"]
    node = ["start", f"--address=127.0.0.1:{port}", "--num-cpus=1"]
    subprocess.run([*ray, *head], check=True, **quiet)
    try:
        subprocess.run([*ray, *node], check=True, **quiet)
        yield f"127.0.0.1:{port}"
    finally:
        subprocess.run([*ray, "stop", "--force"], check=False, **quiet)
        patch.undo()


def test_a_cluster_makes_the_same_parts(
    model: la.Independent, whole: Path, tmp_path: Path, cluster: str
) -> None:
    write(model, tmp_path / "rows", engine="ray", workers=2, address=cluster)
    assert digests(tmp_path / "rows") == digests(whole)


def test_a_study_runs_on_a_cluster_by_the_backend_of_joblib(cluster: str) -> None:
    import joblib
    import ray
    from ray.util.joblib import register_ray

    rng = np.random.default_rng(0)
    x = rng.normal(size=120)
    table = pa.table({"x": x, "y": np.where(x + rng.normal(size=120) > 0, "a", "b")})
    settings: dict[str, Any] = {
        "synthesizer": la.Independent(),
        "models": ["decision tree"],
        "repeats": 2,
        "controls": False,
        "random_state": 0,
    }
    alone = la.boost(table, "y", **settings)
    ray.init(address=cluster, log_to_driver=False)
    try:
        register_ray()
        with joblib.parallel_config("ray", n_jobs=2):
            there = la.boost(table, "y", **settings)
    finally:
        ray.shutdown()
    assert [vars(r) for r in there.records] == [vars(r) for r in alone.records]


def test_no_cluster_is_one_line(model: la.Independent, tmp_path: Path) -> None:
    pytest.importorskip("ray")
    with pytest.raises(LookalikeError, match=r"No Ray cluster answers at '127\.0\.0\.1:1'"):
        write(model, tmp_path / "rows", engine="ray", address="127.0.0.1:1")
    assert not (tmp_path / "rows").exists()


def test_ray_is_asked_for(
    model: la.Independent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(LookalikeError, match="pip install ray"):
        write(model, tmp_path / "rows", engine="ray")
    assert not (tmp_path / "rows").exists()


# --- an object store ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    """Serve a bucket on loopback."""
    server = pytest.importorskip("moto.server").ThreadedMotoServer(port=5599)
    patch = pytest.MonkeyPatch()
    patch.setenv("AWS_ACCESS_KEY_ID", "test")
    patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    server.start()
    from pyarrow import fs

    options = "?endpoint_override=127.0.0.1:5599&scheme=http&allow_bucket_creation=true"
    system, _ = fs.FileSystem.from_uri(f"s3://shop{options}")
    system.create_dir("shop")
    yield options
    server.stop()
    patch.undo()


def test_parts_and_models_in_a_bucket(model: la.Independent, whole: Path, bucket: str) -> None:
    folder = f"s3://shop/rows{bucket}"
    write(model, folder)
    assert read_table(folder).equals(read_table(whole))
    at = Place(f"s3://shop/rows/part-00000.parquet{bucket}")
    made = at.system.get_file_info(at.path).mtime
    write(model, folder)
    assert at.system.get_file_info(at.path).mtime == made
    model.save(f"s3://shop/m.lookalike{bucket}")
    assert la.load(f"s3://shop/m.lookalike{bucket}").sample(5).equals(model.sample(5))
    with pytest.raises(LookalikeError, match=r"Cannot write|Cannot read"):
        write(model, f"s3://another/rows{bucket.replace('&allow_bucket_creation=true', '')}")
