"""What each score means, in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

__all__ = ["WORDS", "Words", "words_of"]


@dataclass(frozen=True)
class Words:
    """A score in words.

    Parameters
    ----------
    title : str
        What it is about, as a heading.
    subject : str
        The same within a sentence, after "the weakest point is".
    meaning : str
        What it measures, as a sentence.
    group : str
        ``"likeness"``, ``"use"`` or ``"privacy"``.
    judges : bool
        Whether the verdict may call it the weakest point: not so where it does not depend on the
        synthetic rows, or where a good value only says that a fault was not found.
    """

    title: str
    subject: str
    meaning: str
    group: str = "likeness"
    judges: bool = True


WORDS: Mapping[str, Words] = MappingProxyType(
    {
        "c2st": Words(
            "Detection by trees",
            "detection by trees",
            "How badly boosted trees tell synthetic rows from real ones. The strictest score: it "
            "sees all columns at once.",
        ),
        "c2st_holdout": Words(
            "Detection, held-out rows",
            "detection against held-out rows",
            "The same against the held-out rows. Much lower than against the real rows means "
            "that real rows were memorised.",
        ),
        "c2st_linear": Words(
            "Detection by a line",
            "detection by a line",
            "The same with logistic regression, which sees single columns and hardly their "
            "interplay.",
        ),
        "shape": Words(
            "Single columns",
            "the distribution of single columns",
            "How alike each column is distributed, averaged over columns; missing cells count.",
        ),
        "trend": Words(
            "Pairs of columns",
            "the way pairs of columns go together",
            "How alike correlations and joint tables are, averaged over all pairs of columns.",
        ),
        "wnmi": Words(
            "Shared information",
            "what columns tell of each other",
            "How alike the information is that each two columns share, bent and stepped links "
            "included.",
        ),
        "correlation_difference": Words(
            "Correlation error",
            "the correlations between numbers",
            "The mean difference of the correlations between numbers; less is better.",
        ),
        "alpha_precision": Words(
            "Plausible rows",
            "the plausibility of rows",
            "Whether synthetic rows lie where real rows lie, and as densely.",
        ),
        "beta_recall": Words(
            "Variety",
            "the variety of rows",
            "How much of the real rows’ variety synthetic rows reach.",
        ),
        "coverage": Words(
            "Coverage",
            "kinds of rows that are missing",
            "The share of real rows that have a synthetic row among their near neighbours: low "
            "where kinds of rows are missing.",
        ),
        "tstr": Words(
            "Models trained on synthetic rows",
            "the use in place of real rows",
            "How well models predict held-out real rows after training on synthetic rows; the "
            "ceiling is training on real rows.",
            group="use",
        ),
        "trtr": Words(
            "Models trained on real rows",
            "the use of the real rows",
            "The same models after training on the real rows: a reference, which does not depend "
            "on the synthetic rows.",
            group="use",
            judges=False,
        ),
        "copies": Words(
            "Copies",
            "copies of real rows",
            "The share of synthetic rows that are exact or near copies of real rows; less is "
            "better, and as few as among held-out rows are to be expected. A smoke test for "
            "copying, no more.",
            group="privacy",
            judges=False,
        ),
        "membership": Words(
            "Membership attack",
            "membership attacks",
            "How well the strongest of several attacks tells rows that were learned from rows "
            "that were not (0.5 is guessing, less is better).",
            group="privacy",
            judges=False,
        ),
    }
)


def words_of(name: str) -> Words:
    """Return the words of a score, or its bare name where it is not one of ours.

    Parameters
    ----------
    name : str
        The score's name.

    Returns
    -------
    Words
    """
    spaced = name.replace("_", " ")
    return WORDS.get(name) or Words(spaced.capitalize(), spaced, "")
