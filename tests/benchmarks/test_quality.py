"""The quality benchmark: what must hold before hours are spent on a run."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pandas as pd
import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(autouse=True)
def on_path(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS / "peers"))
    monkeypatch.syspath_prepend(str(BENCHMARKS))


def line(method="ours-balanced", seed=0, data="a", **more):
    scores = {"c2st": {"value": 0.5, "ceiling": 1.0, "floor": 0.1}}
    return {
        "data": data,
        "method": method,
        "seed": seed,
        "most_rows": None,
        "machine": {"cores": [0], "processor": "x", "python": "3", "commit": None},
        "scores": scores,
        "fit_seconds": 2.0,
        **more,
    }


def scored(value, **more):
    return line(scores={"c2st": {"value": value, "ceiling": 1.0, "floor": 0.1}}, **more)


class TestLines:
    def test_the_last_line_of_a_key_counts(self, tmp_path):
        from _quality import lines

        path = tmp_path / "deep" / "lines.jsonl"
        lines.append(path, line(error="no", stage="fit"))
        lines.append(path, line(seed=1))
        lines.append(path, line())
        found = lines.read(path)
        assert [(one["seed"], "error" in one) for one in found] == [(1, False), (0, False)]

    def test_a_cut_line_is_lost_alone(self, tmp_path):
        from _quality import lines

        path = tmp_path / "lines.jsonl"
        lines.append(path, line())
        path.write_text(path.read_text() + json.dumps(line(seed=1))[:40])
        lines.append(path, line(seed=2))
        assert [one["seed"] for one in lines.read(path)] == [0, 2]

    def test_no_file_has_no_lines(self, tmp_path):
        from _quality import lines

        assert lines.read(tmp_path / "none.jsonl") == []


class TestMethods:
    def test_ours_and_others_take_turns(self):
        from _quality.methods import alternating

        names = ["ours-fast", "ours-best", "ctgan", "arf", "tvae"]
        assert alternating(names) == ["ours-fast", "ctgan", "ours-best", "arf", "tvae"]

    def test_parameters_follow_the_budget(self):
        from _quality.methods import method

        found = method("ours-fast+steps=5+calibrate=false").settings
        assert found == {"model": "GAN", "budget": "fast", "steps": 5, "calibrate": False}

    def test_any_synthesizer_is_a_method(self):
        from _quality.methods import method

        found = method("ours-GaussianCopula+correct=false").settings
        assert found == {"model": "GaussianCopula", "correct": False}

    @pytest.mark.parametrize("name", ["ours-fast+steps", "ours-fast+steps=a", "gan"])
    def test_what_is_no_method_is_refused(self, name):
        from _quality.methods import method

        with pytest.raises(SystemExit, match=name.split("+")[0]):
            method(name)

    def test_every_peer_has_a_driver_and_a_list(self):
        from _quality.environments import ALONE, PEERS
        from _quality.methods import METHODS

        for method in METHODS.values():
            assert (PEERS / method.driver).exists()
            assert method.environment is None or (PEERS / f"{method.environment}.txt").exists()
        assert set(ALONE) <= {method.environment for method in METHODS.values()}
        assert (PEERS / "judge.txt").exists()


class TestRows:
    @pytest.mark.parametrize("fill", [True, False])
    def test_peers_frames_come_back_as_they_were(self, fill):
        from rows import prepared

        frame = pd.DataFrame(
            {
                "whole": [1, 2, 3, 4],
                "number": [0.5, None, 1.5, 2.5],
                "flag": [True, False, True, True],
                "code": [7, 8, 7, 8],
                "text": ["a", None, "b", "a"],
                "day": pd.to_datetime(["2020-01-01", "2020-01-02", None, "2021-01-01"]),
            }
        )
        plain = prepared(frame, ["flag", "code", "text"], fill=fill)
        assert all(plain.frame[n].map(type).eq(str).all() for n in plain.discrete)
        numbers = plain.frame.drop(columns=plain.discrete)
        assert all(kind.kind in "if" for kind in numbers.dtypes)
        assert numbers.notna().all(axis=None) == fill
        back = plain.restored(plain.frame)
        pd.testing.assert_frame_equal(back.astype(frame.dtypes), frame)

    def test_made_numbers_are_rounded_where_the_real_ones_are_whole(self):
        from rows import prepared

        plain = prepared(pd.DataFrame({"n": [1, 2], "x": [0.1, 0.2]}), [], fill=True)
        back = plain.restored(pd.DataFrame({"n": [1.4, 1.6], "x": [0.15, 0.25]}))
        assert back["n"].tolist() == [1, 2]
        assert back["x"].tolist() == [0.15, 0.25]

    def test_a_level_that_was_never_there_is_kept_to_be_found_out(self):
        from rows import prepared

        plain = prepared(pd.DataFrame({"c": ["a", "b"]}), ["c"], fill=True)
        assert plain.restored(pd.DataFrame({"c": ["a", "z"]}))["c"].tolist() == ["a", "z"]


class TestJobs:
    def run(self, tmp_path, code, seconds=60.0):
        from _quality.jobs import Limits, run

        script = tmp_path / "script.py"
        script.write_text(code)
        task = {"out": str(tmp_path / "out.parquet")}
        return run(Path(sys.executable), script, task, Limits((0,), seconds))

    def test_what_a_job_wrote_comes_back(self, tmp_path):
        write = (
            "import json, pathlib, sys\n"
            "task = json.loads(pathlib.Path(sys.argv[1]).read_text())\n"
            "pathlib.Path(task['out']).with_suffix('.json').write_text('{\"a\": 1}')"
        )
        assert self.run(tmp_path, write)["a"] == 1

    def test_a_failure_says_what_it_said_last(self, tmp_path):
        from _quality.jobs import JobError

        with pytest.raises(JobError, match=r"code 3: .*because"):
            self.run(tmp_path, "import sys; print('because', flush=True); sys.exit(3)")

    def test_a_job_that_never_ends_is_stopped(self, tmp_path):
        from _quality.jobs import JobError

        with pytest.raises(JobError, match=r"after 0\.5 seconds"):
            self.run(tmp_path, "import threading; threading.Event().wait()", 0.5)


DRIVER = """
import os, sys
from rows import measure, task

def fit():
    print("a library's own words")
    os.write(1, b"and its compiled code's")
    def make(rows):
        if rows == 13:
            sys.exit("thirteen")
        print(rows)
    return make

measure(task(), fit, lambda made: None, ())
"""


class TestWorker:
    def started(self, tmp_path, code, seconds=60.0):
        from _quality.jobs import Limits
        from _quality.worker import started

        script = tmp_path / "script.py"
        peers = str(BENCHMARKS / "peers")
        script.write_text(f"import sys\nsys.path.insert(0, {peers!r})\n{code}")
        task = {"train": "", "out": str(tmp_path / "out.parquet"), "rows": 0, "seed": 0}
        task |= {"discrete": [], "cores": 1}
        return started(Path(sys.executable), script, task, Limits((0,), seconds))

    def test_a_driver_makes_rows_whenever_it_is_asked(self, tmp_path):
        with self.started(tmp_path, DRIVER) as worker:
            assert {"fit_seconds", "fit_cpu_seconds", "peak_mb"} <= worker.fitted().keys()
            found = [worker.make(rows) for rows in (5, 7)]
        assert all({"sample_seconds", "idle_cpu_seconds"} <= one.keys() for one in found)
        assert worker._process.returncode == 0

    def test_a_driver_that_fails_says_what_it_said_last(self, tmp_path):
        from _quality.jobs import JobError

        with self.started(tmp_path, DRIVER) as worker:
            worker.fitted()
            with pytest.raises(JobError, match=r"code 1: .*thirteen"):
                worker.make(13)

    def test_a_driver_that_never_answers_is_stopped(self, tmp_path):
        from _quality.jobs import JobError

        late = pytest.raises(JobError, match=r"after 0\.5 seconds")
        wait = "import threading; threading.Event().wait()"
        with self.started(tmp_path, wait, 0.5) as worker, late:
            worker.fitted()
        assert worker._process.returncode is not None

    def test_no_driver_outlives_an_error(self, tmp_path):
        with pytest.raises(ZeroDivisionError), self.started(tmp_path, DRIVER) as worker:  # noqa: PT012
            worker.fitted()
            _ = 1 / 0
        assert worker._process.returncode is not None


class TestSpeed:
    def test_ratios_are_taken_within_a_turn(self):
        from _quality.speed import Turns

        seconds = {"ours-balanced": (1, 2, 1), "ctgan": (4, 8, 2), "tvae": (2, 8, 4)}
        samples = {n: [{"sample_seconds": s} for s in turns] for n, turns in seconds.items()}
        found = Turns({}, samples, 100, {})
        assert found.rates("ours-balanced") == [100, 50, 100]
        assert found.ratios("ours-balanced") == [2, 4, 2]
        assert found.ratios("ctgan") == [0.5, 1, 1]

    def test_without_peers_there_are_no_ratios(self):
        from _quality.speed import Turns

        found = Turns({}, {"ours-balanced": [{"sample_seconds": 1.0}]}, 100, {})
        assert found.ratios("ours-balanced") == []

    def test_a_line_is_found_again(self):
        from _quality.speed import line_through

        found = line_through((500, 1000, 2000), [12.0, 17.0, 27.0])
        assert found == pytest.approx((0.01, 7.0, 1.0))


class TestRun:
    def plan(self, tmp_path, **more):
        from _quality.bench import Plan
        from _quality.jobs import Limits

        given = {
            "folder": tmp_path,
            "out": tmp_path / "lines.jsonl",
            "methods": ("independent",),
            "tables": ("tiny",),
            "seeds": (0,),
            "metrics": ("shape", "trend"),
            "judge": False,
            "envs": tmp_path / "envs",
            "limits": Limits((0,), 600.0),
            "most_rows": None,
            "retry": False,
        }
        return Plan(**{**given, **more})

    @pytest.fixture(autouse=True)
    def tiny(self, tmp_path, monkeypatch):
        from _quality import data

        frame = pd.DataFrame({"x": range(60), "c": ["a", "b", "c"] * 20})
        frame.to_csv(tmp_path / "tiny.csv", index=False)
        monkeypatch.setitem(data.SOURCES, "tiny", data.Source("tiny.csv", "c"))

    @pytest.mark.slow
    def test_a_run_scores_and_goes_on_where_it_was(self, tmp_path):
        from _quality import bench, lines

        bench.run(self.plan(tmp_path, methods=("independent", "ours-nothing")))
        found = {one["method"]: one for one in lines.read(tmp_path / "lines.jsonl")}
        assert found["ours-nothing"]["stage"] == "fit and sample"
        assert "no attribute 'nothing'" in found["ours-nothing"]["error"]
        good = found["independent"]
        assert (good["rows"], good["made"], good["columns"], good["classes"]) == (48, 48, 2, True)
        shape = good["scores"]["shape"]
        assert 0.5 < shape["value"] <= 1
        assert {"ceiling", "floor"} <= shape.keys()
        before = (tmp_path / "lines.jsonl").read_text()
        bench.run(self.plan(tmp_path, methods=("independent", "ours-nothing")))
        assert (tmp_path / "lines.jsonl").read_text() == before

    def test_too_large_a_table_is_left_out_with_a_line(self, tmp_path, monkeypatch):
        from _quality import bench, lines, methods

        small = methods.Method("drive_ours.py", most_rows=10)
        monkeypatch.setitem(methods.METHODS, "small", small)
        bench.run(self.plan(tmp_path, methods=("small",)))
        (one,) = lines.read(tmp_path / "lines.jsonl")
        assert one["error"] == "left out: more than 10 training rows"
        assert one["stage"] == "limits"


class TestTables:
    def test_means_spreads_and_ratios(self):
        from _quality.markdown import report

        text = report(
            [
                scored(0.6),
                scored(0.8, seed=1),
                scored(0.35, method="ctgan"),
                scored(0.1, method="independent"),
                line(method="arf", error="it fell | over", stage="fit and sample"),
            ]
        )
        rows = [row for row in text.splitlines() if row.startswith("| a |")]
        assert rows[0] == "| a | 1.000 | 0.100 | 0.700 ± 0.141 | 0.350 | 0.100 | 2.00 (ctgan) |"
        assert "| a | arf | 0 | fit and sample | it fell / over |" in rows

    def test_targets_say_what_is_reached(self):
        from _quality.targets import Target, against_targets

        text = against_targets([line(data="adult", fit_seconds=90.0)])
        assert "| Adult fit, wall seconds | ≤ 120 | ≤ 60.0 | 90.0 | must |" in text
        assert "| Adult shape | ≥ 0.996 | ≥ 0.996 | – | not measured |" in text
        target = Target("", 1.0, 2.0, lambda _board: None)
        assert [target.met(value) for value in (0.5, 1.0, 2.5)] == ["missed", "must", "aim"]

    def test_a_peer_that_lacks_a_table_gives_no_ratio_of_means(self):
        from _quality.board import Board

        board = Board([scored(0.6), scored(0.6, data="b"), scored(0.2, method="arf")])
        assert board.over_tables("c2st", "ours-balanced", board.tables) == pytest.approx(0.6)
        assert board.over_tables("c2st", "arf", board.tables) is None
        assert board.best_peer("c2st", "a") == ("arf", 0.2)
