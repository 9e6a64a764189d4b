"""The Gaussian copula synthesizer of sdv, with its own defaults. It takes missing numbers."""

from __future__ import annotations

import logging
import warnings

from rows import Make, Plain, Task, drive

#: sdv takes and gives tables by name.
TABLE = "rows"


def fit(plain: Plain, task: Task) -> Make:
    """Fit with the columns' types given, as sdv wants them."""
    from sdv.metadata import Metadata
    from sdv.single_table import GaussianCopulaSynthesizer

    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    columns = {
        name: {"sdtype": "categorical" if name in plain.discrete else "numerical"}
        for name in plain.frame.columns
    }
    metadata = Metadata.load_from_dict({"tables": {TABLE: {"columns": columns}}})
    model = GaussianCopulaSynthesizer(metadata, **task.settings)
    model.fit({TABLE: plain.frame})
    return lambda rows: model.sample(rows)[TABLE]


if __name__ == "__main__":
    drive(fit, ("sdv", "copulas", "rdt"), fill=False)
