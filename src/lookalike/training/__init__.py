"""The training loop. Room rule: ``training`` knows networks, never tables, models or metrics."""

from lookalike.training._game import MEASURES, Data, Game, State
from lookalike.training._history import History
from lookalike.training._loop import Selection, train

__all__ = ["MEASURES", "Data", "Game", "History", "Selection", "State", "train"]
