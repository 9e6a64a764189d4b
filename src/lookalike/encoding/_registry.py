"""Every encoding by its name: the one place where a new one is entered."""

from __future__ import annotations

from typing import Any

from lookalike.encoding.datetime import Datetime
from lookalike.encoding.embedding import Embedding
from lookalike.encoding.minmax import MinMax
from lookalike.encoding.onehot import OneHot
from lookalike.encoding.power import Power
from lookalike.encoding.quantile import Quantile
from lookalike.encoding.standard import Standard

__all__ = ["ENCODINGS"]

#: The encodings that a user can choose.
ENCODINGS: dict[str, type[Any]] = {
    encoding.name: encoding
    for encoding in (Quantile, MinMax, Standard, Power, OneHot, Embedding, Datetime)
}
