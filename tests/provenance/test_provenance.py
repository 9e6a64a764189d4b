"""Signed statements: every change is found and named."""

from __future__ import annotations

import base64
import json

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

import lookalike as la
from lookalike.errors import DataError, OutputError, ParameterError
from lookalike.provenance import new_key
from lookalike.provenance._content import content_of
from lookalike.provenance._envelope import canonical
from lookalike.provenance._remake import SamplingRecipe
from lookalike.provenance._sign import _origin
from lookalike.tables import read_table, write_table

crypto = pytest.importorskip("cryptography")


def ugly() -> pa.Table:
    """Return a table of all sorts of cells."""
    rng = np.random.default_rng(0)
    moments = np.datetime64("2020-01-01T12:30:00") + rng.integers(0, 10**7, 300).astype("m8[s]")
    return pa.table(
        {
            "x": pa.array(rng.normal(0, 1e6, 300).round(3), mask=rng.random(300) < 0.2),
            "n": rng.integers(-5, 10**12, 300),
            "when": pa.array(moments.astype("datetime64[us]")),
            "flag": rng.random(300) < 0.5,
            'name, "odd"': pa.array(rng.choice(["ü|ä", "", 'a "b"', "1:2", "x\ny"], 300)),
            "none": pa.array([None] * 300, pa.string()),
        }
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with a key, a model, and its rows in both formats."""
    path = tmp_path_factory.mktemp("signed")
    table = la.datasets.load("penguins", kind="pyarrow")
    model = la.Independent(random_state=3).fit(table)
    model.save(path / "m.lookalike")
    la.Independent(random_state=4).fit(table).save(path / "other.lookalike")
    model.sample_to(path / "rows.csv", 400, random_state=7)
    model.sample_to(path / "rows.parquet", 400, random_state=7)
    new_key(path / "key")
    new_key(path / "key2")
    la.sign(path / "rows.csv", path / "key", model=path / "m.lookalike", seed=7)
    return path


def signed_again(folder, tmp_path, text):
    """Write another file with the statement of the first one."""
    path = tmp_path / "rows.csv"
    path.write_text(text)
    (tmp_path / "rows.csv.dsse.json").write_text((folder / "rows.csv.dsse.json").read_text())
    return path


def result(found, name):
    return next(one for one in found.checks if one.name == name)


def test_digests_do_not_depend_on_order_or_format(tmp_path):
    table = ugly()
    moved = table.take(np.random.default_rng(1).permutation(300))
    turned = moved.select(table.column_names[::-1])
    write_table(table, tmp_path / "a.csv")
    write_table(table, tmp_path / "a.csv.gz")
    write_table(table, tmp_path / "a.parquet")
    files = [read_table(tmp_path / f"a.{s}") for s in ("csv", "csv.gz", "parquet")]
    assert len({content_of(one).digest for one in (table, moved, turned, *files)}) == 1
    assert content_of(files[0]).to_dict() == content_of(files[2]).to_dict()


def test_rows_count_as_often_as_they_come():
    a, b = pa.table({"x": ["1", "1", "2"]}), pa.table({"x": ["1", "2", "2"]})
    assert content_of(a).digest != content_of(b).digest


def test_no_two_rows_are_mixed_up():
    pairs = [
        ({"a": ["1:2"], "b": ["3"]}, {"a": ["1"], "b": ["2:3"]}),
        ({"a": [""], "b": ["x"]}, {"a": [None], "b": ["x"]}),
        ({"a": ["x|"], "b": ["y"]}, {"a": ["x"], "b": ["|y"]}),
        ({"a": ["-"], "b": ["y"]}, {"a": [None], "b": ["y"]}),
        ({"a": ["x"], "b": ["y"]}, {"a": ["y"], "b": ["x"]}),
    ]
    for one, other in pairs:
        tables = [
            pa.table({k: pa.array(v, pa.string()) for k, v in t.items()}) for t in (one, other)
        ]
        assert content_of(tables[0]).digest != content_of(tables[1]).digest


def test_a_signed_table_is_verified(folder):
    found = la.verify(
        folder / "rows.csv", key=folder / "key.pub", model=folder / "m.lookalike", rows=40
    )
    assert found.passed
    assert [one.passed for one in found.checks] == [True] * 6
    assert "40, all as in the file" in result(found, "rows made again").words
    predicate = found.statement["predicate"]
    assert predicate["synthetic"] is True
    assert predicate["recipe"]["seed"] == 7


def test_the_same_rows_in_parquet_and_in_another_order(folder, tmp_path):
    text = (folder / "rows.csv.dsse.json").read_text()
    (folder / "rows.parquet.dsse.json").write_text(text)
    found = la.verify(folder / "rows.parquet", model=folder / "m.lookalike")
    assert found.passed
    assert result(found, "file").passed is None
    (folder / "rows.parquet.dsse.json").unlink()
    head, *rows = (folder / "rows.csv").read_text().splitlines()
    path = signed_again(folder, tmp_path, "\n".join([head, *reversed(rows)]) + "\n")
    found = la.verify(path, model=folder / "m.lookalike")
    assert found.passed
    assert "another order" in result(found, "rows").words


def test_a_changed_cell_is_named(folder, tmp_path):
    head, *rows = (folder / "rows.csv").read_text().splitlines()
    cells = rows[123].split(",")
    place = head.split(",").index("body_mass_g")
    cells[place] = "99999"
    rows[123] = ",".join(cells)
    path = signed_again(folder, tmp_path, "\n".join([head, *rows]) + "\n")
    found = la.verify(path, key=folder / "key.pub", model=folder / "m.lookalike")
    assert not found.passed
    assert "cells of 'body_mass_g' were changed" in result(found, "rows").words
    assert "row 124: 'body_mass_g' is '99999'" in result(found, "rows made again").words


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda rows: rows[:-3], "3 rows are missing"),
        (lambda rows: [*rows, rows[0]], "1 rows are added"),
        (lambda rows: [*rows[:-1], rows[0]], "were changed"),
    ],
)
def test_dropped_and_added_rows_are_named(folder, tmp_path, change, words):
    head, *rows = (folder / "rows.csv").read_text().splitlines()
    path = signed_again(folder, tmp_path, "\n".join([head, *change(rows)]) + "\n")
    found = la.verify(path)
    assert not found.passed
    assert words in result(found, "rows").words


def test_another_model_and_another_key_are_named(folder):
    found = la.verify(
        folder / "rows.csv", key=folder / "key2.pub", model=folder / "other.lookalike"
    )
    assert result(found, "key").passed is False
    assert "another model" in result(found, "model").words


def test_a_changed_statement_is_found(folder, tmp_path):
    path = signed_again(folder, tmp_path, (folder / "rows.csv").read_text())
    beside = tmp_path / "rows.csv.dsse.json"
    envelope = json.loads(beside.read_text())
    statement = json.loads(base64.b64decode(envelope["payload"]))
    statement["predicate"]["synthetic"] = False
    envelope["payload"] = base64.b64encode(canonical(statement)).decode()
    beside.write_text(json.dumps(envelope))
    found = la.verify(path)
    assert result(found, "signature").passed is False
    assert not found.passed


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"payloadType": 3}', "\x00", '{"payloadType":"application/x"}']
)
def test_damaged_envelopes_are_refused(folder, tmp_path, text):
    path = signed_again(folder, tmp_path, (folder / "rows.csv").read_text())
    (tmp_path / "rows.csv.dsse.json").write_text(text)
    with pytest.raises(DataError, match="Not a signed statement"):
        la.verify(path)


def test_a_false_statement_is_not_signed(folder):
    with pytest.raises(DataError, match="does not make these rows"):
        la.sign(folder / "rows.csv", folder / "key", model=folder / "m.lookalike", seed=8)
    with pytest.raises(DataError, match="does not make these rows"):
        la.sign(folder / "rows.csv", folder / "key", model=folder / "m.lookalike", seed=7, start=1)


def test_conditions_are_made_again(folder, tmp_path):
    model = la.load(folder / "m.lookalike")
    given = {"species": {"Gentoo", "Adelie"}, "bill_depth_mm": (15, None), "sex": "female"}
    model.sample_to(tmp_path / "g.csv", 200, given=given, random_state=1, start=50)
    options = {"model": folder / "m.lookalike", "seed": 1, "start": 50}
    la.sign(tmp_path / "g.csv", folder / "key", given=given, **options)
    assert la.verify(tmp_path / "g.csv", model=folder / "m.lookalike", rows=200).passed
    with pytest.raises(ParameterError, match="mapping of conditions"):
        la.sign(tmp_path / "g.csv", folder / "key", given=pa.table({"a": [1]}), **options)


@pytest.mark.parametrize("name", ["made.csv", "made.parquet"])
def test_rows_in_the_written_form_of_a_csv(folder, tmp_path, name):
    # Numbers that a CSV has as 0.0 or +1 are written so.
    lines = [f"{k % 5}.0,{'+' if k % 2 else '-'}{k % 7}.50" for k in range(200)]
    (tmp_path / "real.csv").write_text("\n".join(["a,b", *lines]) + "\n")
    model = la.Independent(random_state=0).fit(str(tmp_path / "real.csv"))
    model.sample_to(tmp_path / name, 100)
    model.save(tmp_path / "m.lookalike")
    la.sign(tmp_path / name, folder / "key", model=tmp_path / "m.lookalike")
    assert la.verify(tmp_path / name, model=tmp_path / "m.lookalike").passed


def test_a_statement_within_parquet(folder, tmp_path):
    path = tmp_path / "rows.parquet"
    path.write_bytes((folder / "rows.parquet").read_bytes())
    la.sign(path, folder / "key", model=folder / "m.lookalike", seed=7, embedded=True)
    assert not (tmp_path / "rows.parquet.dsse.json").exists()
    assert la.verify(path, key=folder / "key.pub", model=folder / "m.lookalike").passed
    assert read_table(path).equals(read_table(folder / "rows.parquet"))
    with pytest.raises(ParameterError, match="for Parquet"):
        la.sign(folder / "rows.csv", folder / "key", embedded=True)
    parquet.write_table(read_table(path), path)
    with pytest.raises(DataError, match="is not signed"):
        la.verify(path)


def test_keys_of_the_wrong_kind(folder, tmp_path):
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    form = serialization
    other = ec.generate_private_key(ec.SECP256R1())
    text = other.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
    (tmp_path / "ec").write_bytes(text)
    with pytest.raises(ParameterError, match="key of another kind"):
        la.sign(folder / "rows.csv", tmp_path / "ec")
    with pytest.raises(ParameterError, match="This is a public key"):
        la.sign(folder / "rows.csv", folder / "key.pub")
    with pytest.raises(ParameterError, match="cannot be read"):
        la.sign(folder / "rows.csv", tmp_path / "none")
    (tmp_path / "text").write_text("key")
    with pytest.raises(ParameterError, match="holds none"):
        la.verify(folder / "rows.csv", key=tmp_path / "text")
    with pytest.raises(OutputError, match="must not replace"):
        new_key(folder / "key")
    assert (folder / "key").stat().st_mode & 0o077 == 0


def test_the_statement_tests_no_training_table(folder, tmp_path):
    table = la.datasets.load("penguins", kind="pyarrow")
    model = la.load(folder / "m.lookalike")
    text = (folder / "rows.csv.dsse.json").read_text()
    payload = base64.b64decode(json.loads(text)["payload"]).decode()
    assert model.fingerprint_
    assert model.fingerprint_ not in payload
    assert len(table) == json.loads(payload)["predicate"]["training"]["rows"]


def test_canonical_json():
    assert canonical({"ü": 1, "a": [True, 1.5]}) == '{"a":[true,1.5],"ü":1}'.encode()
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical({"a": float("nan")})


def test_rows_with_a_watermark_are_made_again_with_its_key(folder, tmp_path):
    mark, other = la.Watermark(bytes(32), 2), la.Watermark(bytes([1]) * 32)
    path, model, key = tmp_path / "rows.csv", folder / "m.lookalike", folder / "key"
    la.load(model).sample_to(path, 60, watermark=mark)
    with pytest.raises(DataError, match="does not make these rows"):
        la.sign(path, key, model=model)
    statement = la.sign(path, key, model=model, watermark=mark)
    assert statement["predicate"]["recipe"]["watermark"] == {"name": mark.name, "candidates": 2}
    assert la.verify(path, model=model, watermark=la.Watermark(bytes(32))).passed
    for wrong in (None, other):
        found = la.verify(path, model=model, watermark=wrong)
        assert result(found, "rows made again").passed is None
    with pytest.raises(ParameterError, match="give model"):
        la.sign(path, key, watermark=mark)


def test_a_private_model_of_constants_is_signed_with_its_guarantee(folder, tmp_path):
    model = la.Private(noise_seed=0, random_state=0).fit(pa.table({"c": ["x"] * 300}))
    model.save(tmp_path / "m.lookalike")
    model.sample_to(tmp_path / "rows.csv", 40)
    statement = la.sign(tmp_path / "rows.csv", folder / "key", model=tmp_path / "m.lookalike")
    said = statement["predicate"]
    assert said["privacy"] == model.ledger_.to_dict()
    assert said["training"]["rows"] is None


def test_no_ledger_is_not_taken_for_no_privacy():
    model = la.Private(noise_seed=0, random_state=0).fit(pa.table({"c": ["x"] * 300}))
    model.ledger_ = None
    with pytest.raises(DataError, match="lost its privacy ledger"):
        _origin(model, SamplingRecipe.of(0, 0, None, None, None), "", b"")
