"""The errors and warnings that lookalike raises on purpose; see `lookalike._core.errors`."""

from lookalike._core.errors import (
    DatabaseError,
    DataError,
    FileFormatError,
    InputError,
    LookalikeError,
    LookalikeWarning,
    MissingDependencyError,
    ModelFileError,
    NotFittedError,
    OutputError,
    ParameterError,
    SchemaError,
    TrainingError,
)

__all__ = [
    "DataError",
    "DatabaseError",
    "FileFormatError",
    "InputError",
    "LookalikeError",
    "LookalikeWarning",
    "MissingDependencyError",
    "ModelFileError",
    "NotFittedError",
    "OutputError",
    "ParameterError",
    "SchemaError",
    "TrainingError",
]
