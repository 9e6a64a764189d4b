"""Images: small pictures learned by a convolutional GAN, drawn, scored and augmented.

Room rule: it builds on the synthesizers of `models`; arrays are the callers' until they are read.
"""

from __future__ import annotations

from lookalike._core.pictures import is_images
from lookalike.images._classifier import ImageClassifier
from lookalike.images._file import read
from lookalike.images._form import ImageForm
from lookalike.images._images import Images
from lookalike.images._presets import IMAGE_PRESETS
from lookalike.images._read import LabelledImages, read_images
from lookalike.images._score_results import ImageScore, ImageScores
from lookalike.images._scores import evaluate_images, image_models
from lookalike.images._write import contact_sheet, write_picture
from lookalike.images.augment import (
    ElasticDeformation,
    ImageTransformer,
    PixelNoise,
    RandomRotation,
    RandomScale,
    RandomShear,
    RandomShift,
    augmented,
)

__all__ = [
    "IMAGE_PRESETS",
    "ElasticDeformation",
    "ImageClassifier",
    "ImageForm",
    "ImageScore",
    "ImageScores",
    "ImageTransformer",
    "Images",
    "LabelledImages",
    "PixelNoise",
    "RandomRotation",
    "RandomScale",
    "RandomShear",
    "RandomShift",
    "augmented",
    "contact_sheet",
    "evaluate_images",
    "image_models",
    "is_images",
    "read",
    "read_images",
    "write_picture",
]
