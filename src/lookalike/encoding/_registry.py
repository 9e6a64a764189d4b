"""Every encoding by its name: the one place where a new one is entered."""

from __future__ import annotations

from typing import Any

from lookalike.encoding.onehot import OneHot
from lookalike.encoding.quantile import Quantile

__all__ = ["ENCODINGS"]

#: The encodings that a user can choose.
ENCODINGS: dict[str, type[Any]] = {encoding.name: encoding for encoding in (Quantile, OneHot)}
