"""Images and their classes from arrays, folders of pictures, ``.npz`` and IDX files."""

from __future__ import annotations

import gzip
import os
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from lookalike._core.errors import DataError, FileFormatError, nearest
from lookalike._core.pictures import PICTURES
from lookalike._core.places import shown_path
from lookalike.images._labels import plain_labels

__all__ = ["LabelledImages", "read_images"]

#: The names of the arrays of an ``.npz`` file, the preferred ones first.
_IMAGES, _LABELS = ("images", "x_train", "x", "X", "data"), ("labels", "y_train", "y", "target")
#: The types of an IDX file by their code, and the number of its axes for images.
_IDX_TYPES = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
_AXES = (3, 4)
#: The greatest side of a picture that is read, and the most colours.
_GREATEST, _MOST_COLOURS = 4096, 64
#: The fewest images to learn from.
_FEWEST = 2
#: What readers of damaged files raise.
_DAMAGED = (
    *(OSError, ValueError, TypeError, SyntaxError, RuntimeError, EOFError, MemoryError),
    *(struct.error, zipfile.BadZipFile, zlib.error),
)


class LabelledImages(NamedTuple):
    """Images, and the class of each if there are classes.

    Parameters
    ----------
    images : ndarray, shape (n, height, width) or (n, height, width, channels)
    labels : ndarray, shape (n,), or None
    """

    images: np.ndarray
    labels: np.ndarray | None


def read_images(source: Any, labels: Any = None) -> LabelledImages:
    """Read and check images.

    Parameters
    ----------
    source : array-like, shape (n, height, width[, channels]), or path
        The images; or a folder of PNG or JPEG pictures, with one folder for each class if there are
        classes; or an ``.npz`` or IDX file.
    labels : array-like, shape (n,), or path, optional
        The class of each image, or an IDX file of classes. Files and folders have their own.

    Returns
    -------
    LabelledImages

    Raises
    ------
    DataError
        If there are no images, or they differ in size, or some pixel is no number.
    FileFormatError
        If a file cannot be read.
    """
    if isinstance(source, str | os.PathLike):
        found = _from_path(Path(source))
    else:
        found = LabelledImages(_array(source), None)
    if isinstance(labels, str | os.PathLike):
        labels = _idx(Path(labels))
    _check(found.images)
    labels = found.labels if labels is None else labels
    if labels is None:
        return found
    return LabelledImages(found.images, plain_labels(labels, len(found.images)))


def _array(values: Any) -> np.ndarray:
    try:
        found = np.asarray(values)
    except ValueError as error:
        raise DataError(
            "images must be one array, but its parts differ in size. Crop or scale the images to "
            "one size first."
        ) from error
    if found.dtype == object:
        raise DataError(
            "images must be an array of numbers, of shape (n, height, width[, channels]); got "
            "objects. Crop or scale the images to one size first."
        )
    return found


def _check(images: np.ndarray) -> None:
    if images.ndim not in _AXES:
        raise DataError(
            "images must have the shape (n, height, width) or (n, height, width, channels); got "
            f"{images.shape}. Rows of pixels need .reshape(n, height, width)."
        )
    if images.dtype.kind not in "buif":
        raise DataError(f"Pixels must be numbers; got {images.dtype}.")
    if images.ndim == 4 and images.shape[3] > _MOST_COLOURS:
        raise DataError(
            f"The last axis of images is that of colours, at most {_MOST_COLOURS}; got the shape "
            f"{images.shape}. Move the axis of colours to the end."
        )
    if len(images) < _FEWEST or 0 in images.shape:
        raise DataError(
            f"At least {_FEWEST} images are needed to learn from; got the shape {images.shape}."
        )
    if images.dtype.kind == "f" and not np.isfinite(images).all():
        raise DataError("Every pixel must be a finite number; some are not. Fill them first.")


# --- files -----------------------------------------------------------------------------------


def _from_path(path: Path) -> LabelledImages:
    if not path.exists():
        beside = nearest(path.name, os.listdir(path.parent)) if path.parent.is_dir() else ""
        raise FileFormatError(f"There is no folder or file {shown_path(path)!r}.{beside}")
    if path.is_dir():
        return _from_folder(path)
    if path.suffix.lower() == ".npz":
        return _from_npz(path)
    images = _idx(path)
    named = path.with_name(
        path.name.replace("images", "labels").replace("idx3", "idx1").replace("idx4", "idx1")
    )
    labels = _idx(named) if named != path and named.exists() else None
    return LabelledImages(images, labels)


def _pictures(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in PICTURES and not path.name.startswith(".")
    )


def _from_folder(folder: Path) -> LabelledImages:
    """Read pictures; those of folders within have the folder's name as their class."""
    own = _pictures(folder)
    folders = [p for p in folder.iterdir() if p.is_dir() and not p.name.startswith(".")]
    classes = sorted(p for p in folders if any(_pictures(p)))
    if own and classes:
        raise DataError(
            f"{shown_path(folder)!r} has both pictures and folders of pictures. Put each picture "
            "into the folder of its class, or all into one."
        )
    if own:
        return LabelledImages(_stack(own), None)
    if not classes:
        raise DataError(
            f"{shown_path(folder)!r} holds no pictures: they are {', '.join(PICTURES)} files, "
            "or folders of these, one for each class."
        )
    files = [(path, each.name) for each in classes for path in _pictures(each)]
    names = np.array([name for _, name in files])
    # One folder alone is a folder of pictures, not a class.
    return LabelledImages(_stack([path for path, _ in files]), names if len(classes) > 1 else None)


def _stack(paths: list[Path]) -> np.ndarray:
    """Return pictures of one size; grey ones beside coloured ones become coloured."""
    pictures = [_picture(path) for path in paths]
    for path, picture in zip(paths, pictures, strict=True):
        if picture.shape[:2] != pictures[0].shape[:2]:
            (a, b), (c, d) = pictures[0].shape[:2], picture.shape[:2]
            raise DataError(
                f"All images must have one size, but {paths[0].name!r} has {a} × {b} pixels and "
                f"{path.name!r} {c} × {d}. Crop or scale them first."
            )
    if len({picture.dtype for picture in pictures}) > 1:
        raise DataError("Some pictures have 8 bits for a pixel and some 16. Convert them first.")
    if any(picture.ndim == 3 for picture in pictures):
        pictures = [p if p.ndim == 3 else np.repeat(p[:, :, None], 3, axis=2) for p in pictures]
    return np.stack(pictures)


def _picture(path: Path) -> np.ndarray:
    """Read one picture: grey, or red, green and blue; of 8 or 16 bits."""
    from PIL import Image  # noqa: PLC0415 - arrays need none

    try:
        with Image.open(path) as picture:
            if max(picture.size) > _GREATEST:  # before memory is taken for it
                raise _too_large(path, f"{picture.size[0]} × {picture.size[1]}")
            if picture.mode.startswith("I;16") or picture.mode == "I":
                return np.asarray(picture).astype(np.uint16)
            if picture.mode in ("1", "L"):
                return np.asarray(picture.convert("L"))
            if "A" in picture.getbands() or "transparency" in picture.info:
                seen = np.asarray(picture.convert("RGBA"))
                if (seen[:, :, 3] != 255).any():
                    raise DataError(
                        f"{path.name!r} is transparent in places, which is not learned. Put it on "
                        "a background first."
                    )
                grey = picture.mode == "LA"
                return np.asarray(picture.convert("L" if grey else "RGB"))
            return np.asarray(picture.convert("RGB"))
    except DataError:
        raise
    except Image.DecompressionBombError as error:
        raise _too_large(path, "far too many") from error
    except _DAMAGED as error:
        raise FileFormatError(
            f"{shown_path(path)!r} is not a picture that can be read. Remove or replace it."
        ) from error


def _too_large(path: Path, count: str) -> DataError:
    return DataError(
        f"{path.name!r} has {count} pixels, which is too large to learn. Scale the images first."
    )


def _from_npz(path: Path) -> LabelledImages:
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except _DAMAGED as error:
        raise FileFormatError(
            f"{shown_path(path)!r} is not an .npz file of plain arrays ({error})."
        ) from error
    images = [name for name in _IMAGES if name in arrays and arrays[name].ndim in _AXES]
    images = images or [name for name, array in arrays.items() if array.ndim in _AXES]
    if not images:
        shapes = ", ".join(f"{name!r} {array.shape}" for name, array in arrays.items()) or "none"
        raise FileFormatError(
            f"{shown_path(path)!r} must hold an array of images, of shape (n, height, width"
            f"[, channels]); it holds {shapes}."
        )
    count = len(arrays[images[0]])
    labels = [name for name in _LABELS if name in arrays and arrays[name].shape == (count,)]
    return LabelledImages(arrays[images[0]], arrays[labels[0]] if labels else None)


def _idx(path: Path) -> np.ndarray:
    """Read an IDX file, as MNIST has them, which may be compressed."""
    try:
        with path.open("rb") as file:
            content = file.read()
        if content[:2] == b"\x1f\x8b":
            content = gzip.decompress(content)
        zero, kind, axes = struct.unpack(">HBB", content[:4])
        if zero != 0 or kind not in _IDX_TYPES or not 1 <= axes <= max(_AXES):
            raise ValueError("its first bytes are others")
        sides = struct.unpack(f">{axes}I", content[4 : 4 + 4 * axes])
        values = np.frombuffer(content, _IDX_TYPES[kind], offset=4 + 4 * axes).reshape(sides)
    except _DAMAGED as error:
        raise FileFormatError(
            f"{shown_path(path)!r} is not a whole IDX file ({error}). Images are read from folders "
            "of PNG files, .npz and IDX files."
        ) from error
    return values.astype(values.dtype.newbyteorder("="))
