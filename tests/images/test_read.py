"""Images from arrays, folders, npz and IDX files, and the errors of those that cannot be used."""

from __future__ import annotations

import gzip
import struct
import zlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from lookalike.errors import DataError, FileFormatError
from lookalike.images import is_images, read_images, write_picture

GREY = np.arange(60, dtype=np.uint8).reshape(3, 4, 5)


def idx(array: np.ndarray, kind: int = 8) -> bytes:
    return struct.pack(f">HBB{array.ndim}I", 0, kind, array.ndim, *array.shape) + array.tobytes()


def folder(path: Path, pictures: dict[str, np.ndarray]) -> Path:
    for name, picture in pictures.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(path / name)
    return path


def test_a_folder_for_each_class(tmp_path):
    folder(tmp_path, {"b/1.png": GREY[0], "a/2.png": GREY[1], "b/3.PNG": GREY[2]})
    (tmp_path / "b" / "notes.txt").write_text("no picture")
    (tmp_path / "empty").mkdir()
    found = read_images(tmp_path)
    assert found.labels is not None
    assert found.labels.tolist() == ["a", "b", "b"]
    np.testing.assert_array_equal(found.images, GREY[[1, 0, 2]])
    assert is_images(str(tmp_path))


def test_pictures_without_classes_and_one_folder_alone(tmp_path):
    plain = folder(tmp_path / "plain", {"1.png": GREY[0], "2.png": GREY[1]})
    nested = folder(tmp_path / "nested", {"all/1.png": GREY[0], "all/2.png": GREY[1]})
    for path in (plain, nested):
        found = read_images(path)
        assert found.labels is None
        np.testing.assert_array_equal(found.images, GREY[:2])


def test_colours_beside_grey_and_pictures_with_palettes(tmp_path):
    coloured = np.stack([GREY[0]] * 3, axis=-1)
    folder(tmp_path, {"1.png": coloured, "2.png": GREY[0]})
    Image.fromarray(coloured).quantize(32).save(tmp_path / "3.png")
    Image.fromarray(coloured).convert("RGBA").save(tmp_path / "4.png")
    found = read_images(tmp_path).images
    assert found.shape == (4, 4, 5, 3)
    np.testing.assert_array_equal(found[1], coloured)
    np.testing.assert_array_equal(found[3], coloured)


def test_npz_and_idx_files_with_labels(tmp_path):
    labels = np.array([1, 0, 1], np.uint8)
    np.savez(tmp_path / "a.npz", x_train=GREY, y_train=labels, x_test=GREY[:1])
    found = read_images(tmp_path / "a.npz")
    np.testing.assert_array_equal(found.images, GREY)
    assert found.labels.tolist() == [1, 0, 1]
    (tmp_path / "train-images-idx3-ubyte").write_bytes(idx(GREY))
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx(labels))
    found = read_images(tmp_path / "train-images-idx3-ubyte")
    np.testing.assert_array_equal(found.images, GREY)
    assert found.labels.tolist() == [1, 0, 1]
    (tmp_path / "t-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(GREY)))
    found = read_images(tmp_path / "t-images-idx3-ubyte.gz", tmp_path / "train-labels-idx1-ubyte")
    assert found.labels.tolist() == [1, 0, 1]


def test_what_counts_as_images(tmp_path):
    pictures = folder(tmp_path / "pictures", {"1.PNG": GREY[0]})
    database = folder(tmp_path / "database", {"schema.png": GREY[0], "plots/1.png": GREY[0]})
    (database / "people.CSV").write_text("a\n1\n")
    hidden = folder(tmp_path / "hidden", {".thumbnails/1.png": GREY[0]})
    for name in ("a.npz", "a.NPZ", "a.idx", "a.idx.gz", "x-idx3-ubyte", "x-idx3-ubyte.gz"):
        assert is_images(tmp_path / name)
    assert is_images(str(pictures))
    for place in (database, hidden, tmp_path / "a.csv", "of-ubyte.csv", "-", None):
        assert not is_images(place)


@pytest.mark.parametrize(
    ("images", "labels", "words"),
    [
        ([np.zeros((3, 3)), np.zeros((4, 4))], None, "differ in size"),
        (np.zeros((1, 8, 8)), None, "At least 2 images"),
        (np.zeros((0, 8, 8)), None, "At least 2 images"),
        (np.zeros((5, 64)), None, "Rows of pixels need"),
        (np.array([[["a"]], [["b"]]]), None, "must be numbers"),
        (np.zeros((2, 3, 8, 99)), None, "axis of colours"),
        (np.full((2, 3, 3), np.nan), None, "finite"),
        (np.full((2, 3, 3), np.inf), None, "finite"),
        (GREY, [1, 1, 1], "at least two classes, but all are 1"),
        (GREY, [1, 2], "one label for each of 3 images"),
        (GREY, [1.0, np.nan, 2.0], "some are missing"),
        (GREY, np.array(["a", None, "b"], object), "some are missing"),
        (GREY, ["a", np.nan, "b"], "some are missing"),
        (GREY, pd.Series(["a", None, "b"], dtype="string"), "some are missing"),
        (GREY, ["a", 1, 2], "all numbers or all text; got int and str"),
        (GREY, np.array([1, "a", "b"], object), "all numbers or all text"),
        (GREY, [b"a", b"b", b"c"], "all numbers or all text; got bytes"),
    ],
)
def test_bad_arrays_are_one_clear_line(images, labels, words):
    with pytest.raises(DataError, match=words) as caught:
        read_images(images, labels)
    assert "\n" not in str(caught.value)


def test_bad_files_are_one_clear_line(tmp_path):
    sizes = folder(tmp_path / "sizes", {"1.png": GREY[0], "2.png": GREY[0, :2]})
    mixed = folder(tmp_path / "mixed", {"1.png": GREY[0], "a/2.png": GREY[0]})
    clear = tmp_path / "clear"
    clear.mkdir()
    Image.fromarray(np.zeros((4, 4, 4), np.uint8)).save(clear / "1.png")
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "1.png").write_bytes(b"no picture")
    (tmp_path / "none").mkdir()
    (tmp_path / "short-ubyte").write_bytes(idx(GREY)[:-3])
    (tmp_path / "a.npz").write_bytes(b"no zip")
    np.savez(tmp_path / "b.npz", numbers=np.arange(3))
    np.savez(tmp_path / "c.npz", images=np.array([[[None]]], object))
    for path, words in {
        sizes: "'1.png' has 4 × 5 pixels and '2.png' 2 × 5",
        mixed: "both pictures and folders",
        clear: "transparent",
        broken: "not a picture",
        tmp_path / "none": "holds no pictures",
        tmp_path / "short-ubyte": "not a whole IDX file",
        tmp_path / "a.npz": "not an .npz file",
        tmp_path / "b.npz": "must hold an array of images",
        tmp_path / "c.npz": "plain arrays",
        tmp_path / "b.npy": "Did you mean",
    }.items():
        with pytest.raises((DataError, FileFormatError), match=words) as caught:
            read_images(path)
        assert "\n" not in str(caught.value)


def test_damaged_compression_is_one_clear_line(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", images=np.zeros((9, 8, 8)))
    content = bytearray((tmp_path / "a.npz").read_bytes())
    start = 30 + int.from_bytes(content[26:28], "little") + int.from_bytes(content[28:30], "little")
    content[start : start + 40] = b"\xff" * 40  # no block of DEFLATE begins so
    (tmp_path / "a.npz").write_bytes(content)
    packed = bytearray(gzip.compress(idx(GREY)))
    packed[10:20] = b"\xff" * 10
    (tmp_path / "a.idx.gz").write_bytes(packed)
    for name, words in (("a.npz", "not an .npz file"), ("a.idx.gz", "not a whole IDX file")):
        with pytest.raises(FileFormatError, match=words):
            read_images(tmp_path / name)


def test_a_picture_of_too_many_pixels_is_refused(tmp_path):
    def part(kind: bytes, content: bytes) -> bytes:
        check = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)

    head = struct.pack(">IIBBBBB", 40_000, 40_000, 8, 0, 0, 0, 0)
    start = b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head)
    (tmp_path / "1.png").write_bytes(start + part(b"IDAT", b"") + part(b"IEND", b""))
    with pytest.raises(DataError, match="too large to learn"):
        read_images(tmp_path)


def test_a_picture_is_read_as_it_was_written(tmp_path):
    for picture in (GREY[0], np.stack([GREY[0]] * 3, axis=-1)):
        write_picture(picture, tmp_path / "a.png")
        with Image.open(tmp_path / "a.png") as written:
            np.testing.assert_array_equal(np.asarray(written), picture)
