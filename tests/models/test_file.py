"""The model file: nothing lost, nothing leaked, nothing believed."""

from __future__ import annotations

import hashlib
import io
import json
import os
import stat
import struct
import tracemalloc
import zipfile
from contextlib import suppress

import numpy as np
import pyarrow as pa
import pytest
import safetensors.numpy
from hypothesis import given, settings
from hypothesis import strategies as st

from lookalike._core.errors import LookalikeError, ModelFileError, OutputError, ParameterError
from lookalike.models import Independent, Synthesizer, _archive, _file, load

TABLE = pa.table(
    {
        "x": [0.5, 1.5, 2.25, None, 1.75, 3.5] * 20,
        "c": ["a", "b", "b", "a", None, "b"] * 20,
    }
)
MEMBERS = ["manifest.json", "encoding.json", "weights.safetensors"]


@pytest.fixture(scope="module")
def model():
    return Independent(random_state=0).fit(TABLE, target="c")


@pytest.fixture(scope="module")
def good(model, tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "good.lookalike"
    model.save(path)
    return path.read_bytes()


@pytest.fixture
def refused(tmp_path):
    """Write bytes and return what `load` says of them."""

    def check(content):
        path = tmp_path / "bad.lookalike"
        path.write_bytes(content)
        with pytest.raises(ModelFileError) as caught:
            load(path)
        words = str(caught.value)
        assert "bad.lookalike" in words
        assert len(words) < 700
        return words

    return check


def members(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def sealed(contents):
    """Return members with the digests of the others in the manifest, as whoever writes has them."""
    manifest = json.loads(contents["manifest.json"])
    others = {name: content for name, content in contents.items() if name in MEMBERS[1:]}
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in others.items()}
    return {**contents, "manifest.json": json.dumps({**manifest, "sha256": digests}).encode()}


def packed(contents, compress=zipfile.ZIP_DEFLATED):
    """Zip members as the library does."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in contents.items():
            method = zipfile.ZIP_STORED if name.endswith("safetensors") else compress
            archive.writestr(name, content, method)
    return file.getvalue()


def changed(content, name="manifest.json", /, **values):
    held = members(content)
    held[name] = json.dumps({**json.loads(held[name]), **values}).encode()
    return packed(sealed(held))


# --- what is written


def test_nothing_is_lost(model, good, tmp_path):
    path = tmp_path / "good.lookalike"
    path.write_bytes(good)
    back = load(path)
    assert back.get_params() == model.get_params()
    assert back.target_ == "c"
    assert back.schema_ == model.schema_
    assert back.fingerprint_ == model.fingerprint_
    assert back.sample(50).equals(model.sample(50))


def test_the_same_model_gives_the_same_bytes(good, tmp_path):
    path = tmp_path / "again.lookalike"
    Independent(random_state=0).fit(TABLE, target="c").save(path)
    assert path.read_bytes() == good
    assert list(members(good)) == MEMBERS


def test_a_generator_becomes_the_seed_that_was_drawn(tmp_path):
    model = Independent(random_state=np.random.default_rng(0)).fit(TABLE)
    model.save(tmp_path / "m")
    assert load(tmp_path / "m").random_state == model.seed_


def test_a_model_that_learned_nothing_is_saved(tmp_path):
    model = Independent(random_state=0).fit(pa.table({"k": ["same"] * 3}))
    model.save(tmp_path / "m")
    assert load(tmp_path / "m").sample(2).to_pydict() == {"k": ["same"] * 2}


def test_a_parameter_that_is_no_json_is_named(model, tmp_path):
    odd = Independent(random_state=0).fit(TABLE)
    odd._fitted_with["text_placeholder"] = object()
    with pytest.raises(ParameterError, match="text_placeholder"):
        odd.save(tmp_path / "m")
    assert not list(tmp_path.iterdir())


def test_a_path_that_cannot_be_written(model, tmp_path):
    with pytest.raises(OutputError):
        model.save(tmp_path / "none" / "m")


def test_nothing_of_the_training_rows_is_in_it(tmp_path):
    rng = np.random.default_rng(0)
    rows = 3000
    x = rng.normal(size=rows)
    table = pa.table(
        {
            "x": x,
            "key": [f"K-{i:06d}" for i in rng.permutation(rows)],
            "level": ["common", "usual"] * (rows // 2 - 1) + ["usual", "planted-level"],
        }
    )
    model = Independent(random_state=0).fit(table, kinds={"key": "identifier"})
    model.save(tmp_path / "m")
    held = b"\n".join(members((tmp_path / "m").read_bytes()).values())
    assert not [key for key in table["key"].to_pylist() if key.encode() in held]
    assert b"planted-level" not in held
    # Knots of the quantile function are single values of a column: few, and no rows.
    knots = [v for v in x if struct.pack("<d", v) in held or repr(float(v)).encode() in held]
    assert len(knots) < rows // 4


@pytest.mark.parametrize("umask", [0o022, 0o077, 0])
def test_a_model_file_is_its_owners_alone_but_a_file_that_was_there_keeps_its_mode(
    model, tmp_path, umask
):
    before = os.umask(umask)
    try:
        model.save(tmp_path / "new")
        (tmp_path / "old").write_bytes(b"")
        (tmp_path / "old").chmod(0o640)
        model.save(tmp_path / "old")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "old").stat().st_mode) == 0o640


def test_what_could_not_be_read_again_is_not_written(model, tmp_path, monkeypatch):
    monkeypatch.setattr(_archive, "_VALUES_LIMIT", 50)
    with pytest.raises(OutputError, match=r"read again, but its manifest\.json has about"):
        model.save(tmp_path / "m")
    assert list(tmp_path.iterdir()) == []


def test_what_shrinks_like_a_bomb_is_written_as_it_is(tmp_path):
    long = "z" * (_archive._LITTLE + 1)
    model = Independent(random_state=0).fit(pa.table({"k": [long] * 3, "x": [1, 2, 3]}))
    model.save(tmp_path / "m")
    assert load(tmp_path / "m").sample(1)["k"].to_pylist() == [long]


# --- what is refused


def test_missing_file_and_folder(tmp_path):
    with pytest.raises(ModelFileError, match="No such file"):
        load(tmp_path / "none.lookalike")
    with pytest.raises(ModelFileError, match="directory"):
        load(tmp_path)
    with pytest.raises(ModelFileError, match="null"):
        load("a\0b")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_a_device_without_an_end_and_a_pipe_without_a_writer_are_not_read(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in ("/dev/zero", os.devnull, tmp_path / "pipe"):
        with pytest.raises(ModelFileError, match="must be a file, but this is a device or a pipe"):
            load(path)


@pytest.mark.parametrize("content", [b"", b"PK", b"a,b\n1,2\n", b"\x00" * 100, b"PK\x03\x04" * 20])
def test_no_zip(refused, content):
    words = refused(content)
    assert "not a lookalike model" in words or "not a complete lookalike model" in words


def test_truncated_anywhere(refused, good):
    for keep in (10, 50, len(good) // 2, len(good) - 22, len(good) - 1):
        refused(good[:keep])


def test_foreign_zip(refused):
    assert "manifest.json" in refused(packed({"word/document.xml": b"<x/>"}))


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_any_changed_byte_is_refused_or_harmless(good, tmp_path_factory, data):
    at = data.draw(st.integers(0, len(good) - 1))
    new = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "flipped.lookalike"
    path.write_bytes(good[:at] + bytes([new]) + good[at + 1 :])
    try:
        back = load(path)
    except ModelFileError:
        return
    assert back.sample(3).num_rows == 3


def values_in(held, path=()):
    """Yield the path of every value in JSON, the outermost one excepted."""
    items = held.items() if isinstance(held, dict) else enumerate(held)
    for key, value in items:
        yield (*path, key)
        if isinstance(value, dict | list):
            yield from values_in(value, (*path, key))


ODD = [None, True, -1, 0, 2**31, 2**63, 1e308, "", "x", "int64", "\x00", [], [None], [[]], {}]


@settings(deadline=None, max_examples=100)
@given(data=st.data())
def test_any_changed_value_is_refused_or_harmless(good, tmp_path_factory, data):
    held = members(good)
    name = data.draw(st.sampled_from(MEMBERS[:2]))
    values = json.loads(held[name])
    *way, last = data.draw(st.sampled_from(list(values_in(values))))
    inner = values
    for key in way:
        inner = inner[key]
    inner[last] = data.draw(st.sampled_from(ODD))
    path = tmp_path_factory.getbasetemp() / "odd.lookalike"
    path.write_bytes(packed(sealed({**held, name: json.dumps(values).encode()})))
    try:
        back = load(path)
    except ModelFileError:
        return
    # A type may be another one, into which values do not go: that is found with the values.
    with suppress(LookalikeError):
        assert back.sample(3).num_rows == 3


def test_newer_format(refused, good):
    words = refused(changed(good, format=_file.FORMAT + 1, lookalike="9.1"))
    assert "newer lookalike" in words
    assert "9.1" in words
    assert "Update" in words
    newer = {**members(changed(good, format=_file.FORMAT + 1)), "trees.txt": b""}
    assert "newer lookalike" in refused(packed(newer))


@pytest.mark.parametrize("number", [None, "1", 1.0, True, -1, [1]])
def test_no_format(refused, good, number):
    assert "not a lookalike model" in refused(changed(good, format=number))


def test_old_format_without_a_way(refused, good):
    words = refused(changed(good, format=0))
    assert "format 0 is no longer supported. Fit the model again" in words


def test_an_old_format_is_carried_forward(monkeypatch, good, model, tmp_path):
    """As if the format before had called the seed 'random' and had no target."""
    before = _file.FORMAT - 1
    held = members(good)
    manifest = json.loads(held["manifest.json"])
    manifest["random"] = manifest.pop("seed")
    del manifest["target"]
    held["manifest.json"] = json.dumps({**manifest, "format": before}).encode()
    (tmp_path / "old").write_bytes(packed(held))

    def renamed(parts):
        manifest = {**parts.manifest, "seed": parts.manifest["random"], "target": None}
        return _archive.ArchiveParts(manifest, parts.encoding, parts.arrays)

    monkeypatch.setitem(_file._MIGRATIONS, before, renamed)
    back = load(tmp_path / "old")
    assert back.target_ is None
    assert back.sample(20).equals(model.sample(20))


def test_members_must_be_these_three_each_once(refused, good):
    held = members(good)
    for name in MEMBERS:
        assert name in refused(packed({k: v for k, v in held.items() if k != name}))
    refused(packed({**held, "../../evil.py": b"print()"}))
    file = io.BytesIO(good)
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(file, "a") as archive:
        archive.writestr("manifest.json", held["manifest.json"])
    assert "exactly one manifest.json" in refused(file.getvalue())


def test_too_many_members(refused, good):
    many = {**members(good), **{f"{i:0200d}": b"" for i in range(400)}}
    assert "too many members" in refused(packed(many))


def test_a_zip_bomb_is_refused_by_its_declared_size(refused, good):
    bomb = b'{"format": 1, "x": "' + b" " * (_archive._JSON_LIMIT + 1) + b'"}'
    assert "would unpack" in refused(packed({**members(good), "manifest.json": bomb}))


@pytest.mark.parametrize("unit", [b"[],", b'{"a":1},'])
def test_few_bytes_do_not_become_many_values(refused, good, unit):
    """Forty kilobytes that would have been half a gigabyte."""
    bomb = b'{"format": 1, "x": [' + unit * (20 * 2**20 // len(unit)) + b"0]}"
    content = packed({**members(good), "manifest.json": bomb})
    assert len(content) < 2**18
    tracemalloc.start()
    try:
        assert "would unpack" in refused(content)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2**24


def test_values_are_counted_before_they_are_made(refused, good, monkeypatch):
    monkeypatch.setattr(_archive, "_PACKED_LIMIT", 2000)
    many = b'{"format": 1, "x": [' + b"[]," * _archive._VALUES_LIMIT + b"0]}"
    assert "3,000,000 are allowed" in refused(packed({**members(good), "manifest.json": many}))


@pytest.mark.parametrize("name", MEMBERS[1:])
def test_a_member_must_be_the_one_that_the_manifest_is_about(refused, good, model, tmp_path, name):
    """Whole in itself, but of another model."""
    Independent(random_state=0).fit(TABLE.slice(6)).save(tmp_path / "other")
    other = members((tmp_path / "other").read_bytes())
    assert other[name] != members(good)[name]
    words = refused(packed({**members(good), name: other[name]}))
    assert f"{name} does not match its digest in manifest.json" in words


@pytest.mark.parametrize("digests", [None, {}, [], "x", {"encoding.json": None}])
def test_digests_must_be_there(refused, good, digests):
    held = members(good)
    manifest = {**json.loads(held["manifest.json"]), "sha256": digests}
    words = refused(packed({**held, "manifest.json": json.dumps(manifest).encode()}))
    assert "digest" in words


def lying(content, name, size):
    """Let a member declare another size than it has."""
    real = struct.pack("<I", len(members(content)[name]))
    assert content.count(real) >= 2
    return content.replace(real, struct.pack("<I", size))


@pytest.mark.parametrize("name", MEMBERS[:2])
def test_a_lie_about_a_size_is_refused_before_all_is_unpacked(refused, good, name):
    """A member that holds more than it declares: it is read no further than it declares."""
    held = members(good)
    held[name] = held[name][:-1] + b" " * 2**25 + b"}"
    content = lying(packed(held), name, 1000)
    tracemalloc.start()
    try:
        assert "Bad CRC" in refused(content)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2**22


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_json_must_be_compressed_as_it_is_written(refused, good, method):
    words = refused(packed(members(good), method))
    assert "manifest.json is compressed in a way" in words
    assert f"(method {method})" in words


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_arrays_must_be_stored_as_they_are(refused, good, method):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members(good).items():
            archive.writestr(name, content, method if name == MEMBERS[2] else None)
    words = refused(file.getvalue())
    assert "weights.safetensors is compressed in a way" in words
    assert f"(method {method})" in words


@pytest.mark.parametrize("size", [10, 2**30])
def test_arrays_must_have_the_size_that_they_declare(refused, good, size):
    real = len(members(good)["weights.safetensors"])
    content = good.replace(struct.pack("<II", real, real), struct.pack("<II", real, size))
    assert content != good
    assert "declares a size" in refused(content)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"{",
        b"\xff\xfe",
        b'{"format": NaN}',
        b'{"format": 1, "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"format": ' + b"9" * 5000 + b"}",
        b'{"format": 1}',
    ],
    ids=["empty", "list", "half", "no utf-8", "nan", "deep", "long number", "nothing else"],
)
def test_bad_json(refused, good, text):
    refused(packed({**members(good), "manifest.json": text}))
    if text != b'{"format": 1}':
        words = refused(packed(sealed({**members(good), "encoding.json": text})))
        assert "encoding.json" in words or "fit together" in words


def tensors(header, data=b""):
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


@pytest.mark.parametrize(
    "content",
    [
        b"",
        struct.pack("<Q", 2**62) + b"{}",
        tensors({"a": {"dtype": "F32", "shape": [2**40, 2**40], "data_offsets": [0, 4]}}, b"1234"),
        tensors({"a": {"dtype": "F32", "shape": [0, 2**50], "data_offsets": [0, 0]}}),
        tensors({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 2**40]}}, b"1234"),
        tensors({"a": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}}, b"1234"),
        tensors({"a": {"dtype": "OBJ", "shape": [1], "data_offsets": [0, 8]}}, b"12345678"),
        safetensors.numpy.save({}),
        safetensors.numpy.save({"model/shares 0": np.array([np.nan])}),
    ],
)
def test_bad_arrays(refused, good, content):
    words = refused(packed(sealed({**members(good), "weights.safetensors": content})))
    assert "weights.safetensors is damaged" in words or "fit together" in words


@pytest.mark.parametrize(
    "values",
    [
        {"synthesizer": "os.system"},
        {"synthesizer": ["GAN"]},
        {"synthesizer": None},
        {"parameters": {"min_category_count": -3}},
        {"parameters": {"unknown": 1}},
        {"parameters": []},
        {"parameters": {"random_state": "x"}},
        {"seed": -1},
        {"seed": "1"},
        {"target": "none"},
        {"target": {}},
        {"rows": "many"},
        {"schema": {}},
        {"schema": {"columns": [], "dependencies": [], "rows": 0}},
        {"schema": None},
        {"origin": {}},
        {"origin": 3},
        {"history": {}},
        {"history": {"rows": 5, "stopped": ""}},
        {"model": 3},
    ],
    ids=str,
)
def test_a_manifest_that_makes_no_sense(refused, good, values):
    refused(changed(good, **values))


def test_a_network_of_more_layers_than_there_may_be_is_refused(good, tmp_path):
    path = tmp_path / "deep.lookalike"
    deep = {"networks": {"generator": {"widths": [8] * 100_000}}}
    path.write_bytes(changed(good, synthesizer="GAN", parameters=deep))
    with pytest.raises(ModelFileError, match=r"at most 257 hidden layers, but names 100,000"):
        load(path)


def test_the_class_must_be_known(refused, good):
    words = refused(changed(good, synthesizer="Independant"))
    assert "Did you mean 'Independent'?" in words
    assert "synthesizers=" in words


def test_a_class_of_ones_own_is_given_by_the_caller(tmp_path):
    class Own(Independent):
        pass

    model = Own(random_state=0).fit(TABLE)
    model.save(tmp_path / "m")
    with pytest.raises(ModelFileError, match="'Own'"):
        load(tmp_path / "m")
    back = load(tmp_path / "m", synthesizers=[Own])
    assert type(back) is Own
    assert back.sample(4).equals(model.sample(4))


def test_every_exported_synthesizer_can_be_loaded():
    import lookalike.models as room

    exported = {name for name in room.__all__ if is_synthesizer(getattr(room, name))}
    assert exported == set(_file.SYNTHESIZERS)


def is_synthesizer(thing):
    return isinstance(thing, type) and issubclass(thing, Synthesizer) and thing is not Synthesizer
