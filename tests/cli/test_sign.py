"""``lookalike sign`` and ``lookalike verify``."""

from __future__ import annotations

import pytest

pytest.importorskip("cryptography")


def test_sign_and_verify(run, fitted, tmp_path):
    rows, key = tmp_path / "rows.csv", tmp_path / "key"
    assert run("sample", fitted, "-n", 50, "-o", rows, "--where", "town=Ulm").code == 0
    assert run("sign", "--new-key", key).out.startswith("ed25519:")
    wrong = run("sign", rows, "--key", key, "--model", fitted)
    assert wrong.code == 2
    assert "does not make these rows" in wrong.err
    done = run("sign", rows, "--key", key, "--model", fitted, "--where", "town=Ulm")
    assert done.code == 0
    assert "rows.csv.dsse.json" in done.err
    good = run("verify", rows, "--key", f"{key}.pub", "--model", fitted)
    assert good.code == 0
    assert "FAILED" not in good.out
    rows.write_text(rows.read_text().replace("Ulm", "Bonn", 1))
    bad = run("verify", rows)
    assert bad.code == 1
    assert "cells of 'town' were changed, in rows 1 to 1" in bad.out


def test_wrong_calls(run, csv, tmp_path):
    assert "Name the file to sign" in run("sign").err
    assert "signed with a key" in run("sign", csv).err
    done = run("verify", csv)
    assert done.code == 2
    assert "is not signed" in done.err


def test_a_watermark(run, fitted, csv, tmp_path):
    key, rows = tmp_path / "mark", tmp_path / "rows.csv"
    assert run("watermark", "--new-key", key).out.startswith("watermark:")
    assert run("sample", fitted, "-n", 400, "-o", rows, "--watermark", key).code == 0
    found = run("watermark", rows, "--key", key)
    assert (found.code, "watermark found: p = " in found.out) == (0, True)
    assert run("watermark", csv, "--key", key).code == 1
    assert "Name the rows" in run("watermark").err
    assert "--new-key FILE makes one" in run("watermark", rows).err
