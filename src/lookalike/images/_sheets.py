"""Contact sheets of scored images, to look at beside the numbers."""

from __future__ import annotations

import base64

import numpy as np
from sklearn.neighbors import NearestNeighbors

from lookalike._core.errors import DataError
from lookalike.images._form import ImageForm
from lookalike.images._read import LabelledImages
from lookalike.images._write import contact_sheet, png

__all__ = ["score_sheets"]

#: The most classes on a sheet, the images of each, and the pairs of nearest images.
_CLASSES, _OF_EACH, _PAIRS = 10, 12, 24


def score_sheets(
    real: LabelledImages, fake: LabelledImages, others: LabelledImages
) -> dict[str, str]:
    """Return sheets of generated, of real and of nearest images as PNG files in base64.

    Parameters
    ----------
    real, fake, others : LabelledImages
        Training images, generated ones and held-out ones.

    Returns
    -------
    dict of str to str
        ``"generated"``, ``"real"`` and ``"nearest"``; empty if images have other colours than a
        picture has, or could not be learned.
    """
    try:
        form = ImageForm.of(real.images)
    except DataError:  # scores need no small images, nor any that show something
        return {}
    if form.channels not in (1, 3):
        return {}
    classes = np.unique(np.asarray(real.labels))[:_CLASSES]
    sheets = {
        "generated": (_by_class(fake, classes, form.high), _OF_EACH),
        "real": (_by_class(others, classes, form.high), _OF_EACH),
        "nearest": (_nearest_pairs(real, fake), min(_PAIRS, len(fake.images)) // 2 or 1),
    }
    return {
        name: base64.b64encode(png(contact_sheet(images, form, columns))).decode()
        for name, (images, columns) in sheets.items()
    }


def _by_class(part: LabelledImages, classes: np.ndarray, blank: float) -> np.ndarray:
    """Return the first images of each class, and blank ones where there are few."""
    rows = []
    for label in classes:
        own = np.flatnonzero(np.asarray(part.labels) == label)[:_OF_EACH]
        row = np.full((_OF_EACH, *part.images.shape[1:]), blank, part.images.dtype)
        row[: len(own)] = part.images[own]
        rows.append(row)
    return np.concatenate(rows)


def _nearest_pairs(real: LabelledImages, fake: LabelledImages) -> np.ndarray:
    """Return the generated images that are nearest to a training image, in rows above these."""
    flat = [part.images.reshape(len(part.images), -1).astype(float) for part in (real, fake)]
    gaps, found = NearestNeighbors(n_neighbors=1).fit(flat[0]).kneighbors(flat[1])
    count = min(_PAIRS, max(len(flat[1]) // 2 * 2, 1))
    order = np.argsort(gaps[:, 0], kind="stable")[:count]
    some, places = fake.images[order], found[order, 0]
    half = len(some) // 2 or 1
    parts = [some[:half], real.images[places[:half]], some[half:], real.images[places[half:]]]
    return np.concatenate(parts)
