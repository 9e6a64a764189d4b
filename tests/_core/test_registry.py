"""Registries: names, mappings, instances, and parts of other installed packages."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import pytest

from lookalike._core.parameters import Instance, Number
from lookalike._core.registry import Component, Registry
from lookalike.encoding import ENCODINGS
from lookalike.errors import ModelFileError, ParameterError
from lookalike.metrics import METRICS
from lookalike.models import SYNTHESIZERS, Independent, load
from lookalike.nn import OBJECTIVES, PENALTIES
from lookalike.nn.normalisations import NORMALISATIONS
from lookalike.relations import RELATIONS
from lookalike.training.monitors import MONITORS
from lookalike.training.strategies import STRATEGIES

EVERY = (
    ENCODINGS,
    METRICS,
    MONITORS,
    NORMALISATIONS,
    OBJECTIVES,
    PENALTIES,
    RELATIONS,
    STRATEGIES,
    SYNTHESIZERS,
)

Install = Callable[[str, str], None]


@dataclass(frozen=True)
class Figure(Component):
    """A shape."""

    sides: int = 4

    name: ClassVar[str] = "polygon"
    rules: ClassVar = {"sides": Number(3, integer=True)}


@dataclass(frozen=True)
class Framed(Figure):
    """A shape around another one."""

    inner: Figure = field(default_factory=Figure)

    name: ClassVar[str] = "framed"
    rules: ClassVar = {**Figure.rules, "inner": Instance((Figure,), "a shape")}


@pytest.fixture
def shapes() -> Registry[Figure]:
    registry: Registry[Figure] = Registry("shape", Figure)
    registry.enter(Figure, Framed)
    return registry


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Return what makes Python see an installed package with one module and some entry points."""
    kept = [(registry, dict(registry._entered)) for registry in EVERY]

    def make(points: str, code: str) -> None:
        folder = tmp_path / "foreign_parts-1.0.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(
            "Metadata-Version: 2.1\nName: foreign-parts\nVersion: 1.0\n"
        )
        (folder / "entry_points.txt").write_text(points)
        (tmp_path / "foreign_parts.py").write_text(code)
        monkeypatch.syspath_prepend(str(tmp_path))
        monkeypatch.delitem(sys.modules, "foreign_parts", raising=False)

    yield make
    sys.modules.pop("foreign_parts", None)
    for registry, entries in kept:
        registry._entered = entries


# --- names, mappings, instances -------------------------------------------------------------------


def test_a_name_a_mapping_and_an_instance_are_taken(shapes: Registry[Figure]) -> None:
    assert shapes.create("polygon") == Figure()
    assert shapes.create({"name": "polygon", "sides": 3}) == Figure(3)
    own = Figure(9)
    assert shapes.create(own) is own
    assert shapes.create_all(["polygon", own]) == [Figure(), own]
    assert shapes.create_all("polygon") == [Figure()]


def test_a_part_within_a_part_is_made_and_written_too(shapes: Registry[Figure]) -> None:
    made = shapes.create({"name": "framed", "inner": {"name": "framed", "inner": "polygon"}})
    assert made == Framed(4, Framed(4, Figure()))
    assert shapes.create(made.to_mapping()) == made


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("polygn", r"^A shape must be one of 'polygon', 'framed', .*'polygn'\. Did you mean 'poly"),
        ({"sides": 3}, r"^A shape must be one of .*; got \{'sides': 3\}\.$"),
        (7, "^A shape must be one of .*; got 7"),
        ({"name": ["polygon"]}, "^A shape must be one of"),
        (
            {"name": "polygon", "side": 3},
            r"'polygon' has no parameter 'side'\. Did you mean 'sides'",
        ),
        ({"name": "polygon", "sides": 2}, r"'polygon': sides must be an integer in \[3, inf\)"),
        ({"name": "framed", "inner": "polygn"}, "Did you mean 'polygon'"),
    ],
)
def test_wrong_specifications_are_explained(
    shapes: Registry[Figure], spec: Any, words: str
) -> None:
    with pytest.raises(ParameterError, match=words):
        shapes.create(spec)


def test_all_wrong_specifications_are_reported_at_once(shapes: Registry[Figure]) -> None:
    with pytest.raises(ParameterError, match=r"(?s)got 'a'\..*got 'b'\."):
        shapes.create_all(["a", "polygon", "b"])


def test_a_loader_is_called_at_the_first_use_only() -> None:
    calls = []

    def loader() -> type[Figure]:
        calls.append(1)
        return Figure

    registry: Registry[Figure] = Registry("shape", Figure)
    registry.enter(late=loader)
    assert "late" in registry
    assert calls == []
    assert registry["late"] is registry["late"] is Figure
    assert calls == [1]


def test_a_class_of_another_family_is_refused(shapes: Registry[Figure]) -> None:
    shapes["number"] = int  # type: ignore[assignment]
    with pytest.raises(ParameterError, match="'number' must be a subclass of Figure; got"):
        shapes.create("number")


# --- other packages -------------------------------------------------------------------------------

METRIC = """
from lookalike.metrics import Measured, Metric

class Half(Metric):
    name = "half"
    def _measure(self, pair):
        return Measured(0.5)
"""


def test_a_metric_of_an_installed_package_is_found_by_its_name(install: Install) -> None:
    install("[lookalike.metrics]\nhalf = foreign_parts:Half\n", METRIC)
    assert "half" in METRICS
    assert "half" in list(METRICS)
    assert "half" not in METRICS.entered  # it joins no default
    assert "foreign_parts" not in sys.modules  # nothing of it was imported yet
    assert METRICS.create("half").name == "half"
    with pytest.raises(ParameterError, match="Did you mean 'half'"):
        METRICS.create("halff")


def test_every_registry_has_a_group_of_entry_points() -> None:
    assert {registry.group.removeprefix("lookalike.") for registry in EVERY} == {
        *("encodings", "metrics", "monitors", "normalisations"),
        *("objectives", "penalties", "relations", "strategies", "synthesizers"),
    }


def test_an_entry_point_that_is_no_such_part_is_refused(install: Install) -> None:
    install("[lookalike.metrics]\nhalf = foreign_parts:Half\n", "class Half: pass\n")
    with pytest.raises(
        ParameterError, match=r"'half' must be a subclass of Metric; .*foreign_parts"
    ):
        METRICS.create("half")


def test_a_model_file_cannot_have_an_installed_package_imported(
    install: Install, tmp_path: Path
) -> None:
    import pyarrow as pa

    code = "from lookalike.models import Independent\nclass Foreign(Independent): pass\n"
    install("[lookalike.synthesizers]\nForeign = foreign_parts:Foreign\n", code)
    Foreign = type("Foreign", (Independent,), {})
    Foreign(random_state=0).fit(pa.table({"x": [1.5, 2.5, 2.0]})).save(tmp_path / "m")
    with pytest.raises(ModelFileError, match=r"'Foreign'.*synthesizers="):
        load(tmp_path / "m")
    assert "foreign_parts" not in sys.modules
    # Whoever asks for the class by its name has registered it: now a file may name it.
    assert type(load(tmp_path / "m", synthesizers=[SYNTHESIZERS["Foreign"]])).__name__ == "Foreign"
    assert type(load(tmp_path / "m")) is SYNTHESIZERS["Foreign"]


def test_a_parameter_in_a_model_file_cannot_have_an_installed_package_imported(
    install: Install, tmp_path: Path
) -> None:
    import pyarrow as pa

    class Chooser(Independent):
        _rules: ClassVar = {**Independent._rules, "objective": OBJECTIVES.name_rule}

        def __init__(self, *, objective: str = "hinge", random_state: Any = None) -> None:
            super().__init__(random_state=random_state)
            self.objective = objective

    code = (
        "from lookalike.nn.objectives import Hinge\nclass Foreign(Hinge):\n    name = 'foreign'\n"
    )
    install("[lookalike.objectives]\nforeign = foreign_parts:Foreign\n", code)
    model = Chooser(objective="foreign", random_state=0)
    model.fit(pa.table({"x": [1.5, 2.5, 2.0]})).save(tmp_path / "m")
    with pytest.raises(ModelFileError, match=r"objective must be one of .*got 'foreign'"):
        load(tmp_path / "m", synthesizers=[Chooser])
    assert "foreign_parts" not in sys.modules
    assert OBJECTIVES["foreign"].name == "foreign"  # who asks for it has registered it
    assert load(tmp_path / "m", synthesizers=[Chooser]).objective == "foreign"


def test_an_encoding_of_an_installed_package_can_be_chosen_not_named_by_a_state(
    install: Install,
) -> None:
    code = "from lookalike.encoding import MinMax\nclass Own(MinMax):\n    name = 'own'\n"
    install("[lookalike.encodings]\nown = foreign_parts:Own\n", code)
    assert ENCODINGS.name_rule.broken_by("own") is None
    assert ENCODINGS.registered("own") is None
    assert ENCODINGS["own"].name == "own"
    assert ENCODINGS.registered("own") is ENCODINGS["own"]
