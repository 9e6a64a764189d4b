"""Results that are written as JSON and as one page, and read back from JSON."""

from __future__ import annotations

import json
import os
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Self

from lookalike._core.errors import DataError
from lookalike._core.files import saved
from lookalike._core.late import PAGES

__all__ = ["Document"]


class Document(ABC):
    """A result that can be saved: as JSON, to be read back, and as an HTML page for readers."""

    #: Its noun with an article, for messages; its JSON format number; the heading of its page,
    #: and the name by which `PAGES` draws it.
    _noun: ClassVar[str]
    _format: ClassVar[int]
    _heading: ClassVar[str]
    _page_name: ClassVar[str]

    def to_json(self, path: str | os.PathLike[str] | None = None) -> str:
        """Return the result as JSON, and write it to a file where one is given.

        Parameters
        ----------
        path : str or path-like, optional
            The file; it is whole or absent.

        Returns
        -------
        str
            A JSON object with its ``"format"`` number, for `from_json` to read.

        Raises
        ------
        OutputError
            If the file cannot be written.
        """
        return saved(self._json(), path)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read a result that `to_json` wrote.

        Parameters
        ----------
        text : str
            JSON text.

        Returns
        -------
        Document
            The result, of this class; its page is the same.

        Raises
        ------
        DataError
            If the text is not such JSON, or was written by a later version.
        """
        try:
            values = json.loads(text)
            if values["format"] > cls._format:
                raise DataError(
                    f"{cls._noun.capitalize()} must be of format {cls._format} or less, this one "
                    f"is of format {values['format']}. Install a newer lookalike."
                )
            return cls._from_values(values)
        except DataError:
            raise
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DataError(f"Not the JSON of {cls._noun}: {error!r}.") from error

    def to_html(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        title: str | None = None,
        date: str | None = None,
    ) -> str:
        """Return the result as one HTML page, and write it to a file where one is given.

        Parameters
        ----------
        path : str or path-like, optional
            The file; it is whole or absent.
        title : str, optional
            The page's heading.
        date : str, optional
            A date to print. By default there is none, so that equal results give equal pages.

        Returns
        -------
        str
            HTML that refers to nothing outside of itself.

        Raises
        ------
        OutputError
            If the file cannot be written.
        """
        return saved(self._page(self._heading if title is None else title, date), path)

    @abstractmethod
    def _json(self) -> str:
        """Return JSON text."""

    @classmethod
    @abstractmethod
    def _from_values(cls, values: Mapping[str, Any]) -> Self:
        """Build a result from its JSON values."""

    def _page(self, title: str, date: str | None) -> str:
        """Return the HTML page."""
        return PAGES[self._page_name](self, title=title, date=date)
