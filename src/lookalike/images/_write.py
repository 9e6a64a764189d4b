"""Images as PNG files: one by one in a folder, or side by side on a contact sheet."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lookalike._core.errors import OutputError, ParameterError
from lookalike._core.files import open_output
from lookalike.images._form import ImageForm

__all__ = [
    "contact_sheet",
    "folders_of",
    "picture_folder",
    "png",
    "write_arrays",
    "write_film",
    "write_picture",
    "write_pictures",
]

#: The pixels between two images of a contact sheet, and the least side that an image has there.
_GAP, _SIDE = 2, 24
_WHITE = 255


def folders_of(labels: Sequence[object] | np.ndarray) -> list[str]:
    """Return a name of a folder for each class, all different."""
    names: list[str] = []
    for label in labels:
        name = "".join(c if c.isalnum() or c in " ._-+" else "_" for c in str(label)).strip(" .")
        name, taken = name or "_", {n.casefold() for n in names}
        while name.casefold() in taken:
            name += "_"
        names.append(name)
    return names


def write_pictures(
    images: np.ndarray, folders: Sequence[str] | None, form: ImageForm, folder: str, first: int
) -> None:
    """Write images as PNG files that are numbered from `first` on.

    Parameters
    ----------
    images : ndarray, shape (n, height, width[, channels])
    folders : sequence of str or None
        The folder of each within `folder`.
    form : ImageForm
    folder : str
    first : int
    """
    for number, picture in enumerate(_bytes(images, form)):
        place = Path(folder) if folders is None else Path(folder, folders[number])
        try:
            place.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"The folder {str(place)!r} cannot be made ({error}).") from error
        write_picture(picture, place / f"{first + number:06d}.png")


def picture_folder(folder: str | os.PathLike[str]) -> None:
    """Raise an error if a folder holds something already, among which images would be lost."""
    path = Path(folder)
    if path.is_dir() and any(path.iterdir()):
        raise OutputError(
            f"The folder {str(folder)!r} is not empty: images would mix with what is there. Name "
            "another one."
        )


def write_picture(picture: np.ndarray, path: str | os.PathLike[str]) -> None:
    """Write a picture as a PNG file.

    Parameters
    ----------
    picture : ndarray of uint8, shape (height, width) or (height, width, 3)
    path : str or path-like
        The file; it is whole or absent.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    content = png(picture)
    with open_output(path) as file:
        file.write(content)


def png(picture: np.ndarray) -> bytes:
    """Return a picture as the content of a PNG file."""
    from PIL import Image  # noqa: PLC0415 - arrays need none

    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG")
    return buffer.getvalue()


def write_film(frames: Sequence[np.ndarray], path: str | os.PathLike[str], seconds: float) -> None:
    """Write pictures as an animated GIF file, the last of which stays for longer.

    Parameters
    ----------
    frames : sequence of ndarray of uint8
    path : str or path-like
        The file; it is whole or absent.
    seconds : float
        The time of each picture.
    """
    from PIL import Image  # noqa: PLC0415 - arrays need none

    pictures, buffer = [Image.fromarray(frame) for frame in frames], io.BytesIO()
    times = [round(1000 * seconds)] * (len(frames) - 1) + [round(4000 * seconds)]
    pictures[0].save(
        buffer, "GIF", save_all=True, append_images=pictures[1:], duration=times, loop=0
    )
    with open_output(path) as file:
        file.write(buffer.getvalue())


def write_arrays(
    images: np.ndarray, labels: np.ndarray | None, path: str | os.PathLike[str]
) -> None:
    """Write an ``.npz`` file of the arrays ``images`` and, if there are classes, ``labels``."""
    buffer = io.BytesIO()
    if labels is None:
        np.savez_compressed(buffer, images=images)
    else:
        np.savez_compressed(buffer, images=images, labels=labels)
    with open_output(path) as file:
        file.write(buffer.getvalue())


def contact_sheet(
    images: np.ndarray, form: ImageForm, columns: int | None = None, scale: int | None = None
) -> np.ndarray:
    """Return images side by side, row by row, as an array of bytes.

    Parameters
    ----------
    images : ndarray, shape (n, height, width[, channels])
    form : ImageForm
    columns : int, optional
        The number of images in a row; by default as many as there are rows.
    scale : int, optional
        The pixels of the sheet for each pixel of an image; by default images have at least 24.

    Returns
    -------
    ndarray of uint8, shape (height, width[, 3])
    """
    tiles = _bytes(images, form)
    scale = scale or max(-(-_SIDE // min(form.height, form.width)), 1)
    tiles = tiles.repeat(scale, axis=1).repeat(scale, axis=2)
    columns = columns or max(round(len(tiles) ** 0.5), 1)
    rows = -(-len(tiles) // columns)
    high, wide = tiles.shape[1] + _GAP, tiles.shape[2] + _GAP
    shape = (rows * high + _GAP, columns * wide + _GAP, *tiles.shape[3:])
    sheet = np.full(shape, _WHITE, np.uint8)
    for number, tile in enumerate(tiles):
        top, left = number // columns * high + _GAP, number % columns * wide + _GAP
        sheet[top : top + tile.shape[0], left : left + tile.shape[1]] = tile
    return sheet


def _bytes(images: np.ndarray, form: ImageForm) -> np.ndarray:
    """Return grey images, shape (n, height, width), or coloured ones, (n, height, width, 3)."""
    scaled = (images.astype(np.float64) - form.low) / (form.high - form.low)
    found = np.rint(255 * np.clip(scaled, 0, 1)).astype(np.uint8)
    if form.channels == 1:
        return found.reshape(-1, form.height, form.width)
    if form.channels != 3:
        raise ParameterError(
            f"Pictures have 1 or 3 colours; these images have {form.channels}. Use sample() and "
            "numpy.savez."
        )
    return found
