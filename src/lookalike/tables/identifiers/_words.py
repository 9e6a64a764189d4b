"""New words that look like those of an identifier column."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lookalike._core.bounds import finite, whole
from lookalike.tables.identifiers._free_ranks import CLOSED, FreeRanks
from lookalike.tables.identifiers._numbers import NumberPattern
from lookalike.tables.identifiers._permutation import key, permuted, uniforms, words

__all__ = ["RunningPattern", "WordPattern", "runs_of", "word_patterns"]

_DIGITS, _LOWER, _UPPER = "0123456789", "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#: The alphabets of random letters, the smallest first.
_ALPHABETS = (
    _DIGITS,
    _DIGITS + "abcdef",
    _DIGITS + "ABCDEF",
    _LOWER,
    _UPPER,
    _DIGITS + _LOWER,
    _DIGITS + _UPPER,
    _DIGITS + _LOWER + _UPPER,
)
_OF_LETTER = {"9": (_DIGITS,), "a": (_LOWER,), "A": (_UPPER,)}
_RUNS = {"9": "[0-9]+", "A": r"\p{Lu}+", "a": r"\p{Ll}+", "x": "[0-9A-Za-z]+"}
#: The least number of words to take a letter as fixed; per letter, to know which may occur.
_EVIDENCE = 20
#: The greatest number of values of a part that is chosen from a list, such as a year.
_CHOICES = 50
_WORDS_PER_CHOICE = 10
#: Values of too few words are left out where the others cover this share.
_COVERED = 0.9
#: The greatest number of words that are ranked; in longer words, the first places are random.
_RANKS = 2**62
_LONGEST_NUMBER = 18
_DEFAULT_DIGITS = 6
#: The greatest number of places of a word, and of added ones.
_LONGEST_WORD, _MOST_ADDED = 10_000, 1_000


@dataclass(frozen=True)
class _LetterRun:
    """One run of digits or letters in words of one skeleton, or the separator between runs.

    Parameters
    ----------
    letter : str
        Its letter in the skeleton.
    values : pyarrow.Array of string, shape (n,)
        The run in each word.
    """

    letter: str
    values: pa.Array

    @property
    def varies(self) -> bool:
        return len(pc.unique(self.values)) > 1

    @property
    def can_vary(self) -> bool:
        return self.letter in _RUNS

    def common(self, fewest: int) -> dict[str, int]:
        """Return the values of at least `fewest` words, with counts; all if there are none."""
        counted = pc.value_counts(self.values)
        counts = dict(zip(*(counted.field(i).to_pylist() for i in range(2)), strict=True))
        return {value: n for value, n in counts.items() if n >= fewest} or counts


def runs_of(cells: pa.Array, skeleton: str) -> list[_LetterRun]:
    """Split the words with a given skeleton into runs."""
    groups = (
        f"(?P<r{i}>{_RUNS.get(letter, re.escape(letter))})" for i, letter in enumerate(skeleton)
    )
    found = pc.extract_regex(cells, f"^{''.join(groups)}$").drop_null()
    return [_LetterRun(letter, found.field(i)) for i, letter in enumerate(skeleton)]


def word_patterns(
    runs: list[_LetterRun], fewest: int
) -> list[tuple[float, RunningPattern | WordPattern]]:
    """Return the patterns of words of one skeleton, each with its number of words.

    Parts with few values, such as a prefix, a country or a year, form *frames*: combinations
    that occur together, each with its share. A frame of too few words is not kept.
    """
    frames = _frames(runs, fewest)
    kept = [having for _, having in frames]
    if not kept:
        return [(float(len(runs[0].values)), WordPattern.fit(runs, fewest))]
    every = _of_words(runs, np.sort(np.concatenate(kept)))
    running = RunningPattern.fit(every, [(values, len(having)) for values, having in frames])
    if running is not None:
        return [(float(sum(map(len, kept))), running)]
    patterns: list[tuple[float, RunningPattern | WordPattern]] = []
    for values, having in frames:
        framed = _of_words(runs, having)
        running = RunningPattern.fit(framed, [(values, len(having))])
        patterns.append((float(len(having)), running or WordPattern.fit(framed, fewest)))
    return patterns


class RunningPattern:
    """Words with a sequential number between fixed parts, which is continued.

    Parameters
    ----------
    parts : list of (str, str)
        The parts before and after the number, drawn by their shares.
    limits : list of float
        The cumulative shares of `parts`, without the last.
    numbers : NumberPattern
        The numbers that no training word has.
    width : int
        The number of digits to which numbers are padded with zeros.
    """

    kind = "running"

    def __init__(
        self, parts: list[list[str]], limits: list[float], numbers: NumberPattern, width: int
    ) -> None:
        self._parts, self._limits, self._numbers, self._width = parts, limits, numbers, width

    @classmethod
    def fit(cls, runs: list[_LetterRun], frames: list[tuple[dict[int, str], int]]) -> Self | None:
        """Learn from the runs of distinct words, or return None without a sequential number.

        Parameters
        ----------
        runs : list of _LetterRun
        frames : list of (dict of int to str, int)
            The combinations of values of some runs, with their numbers of words.
        """
        framed = frames[0][0]
        varying = [i for i, run in enumerate(runs) if run.varies and i not in framed]
        if len(varying) != 1 or runs[varying[0]].letter != "9":
            return None
        digits, at = runs[varying[0]].values, varying[0]
        widths = pc.min_max(pc.utf8_length(digits)).as_py()
        if widths["max"] > _LONGEST_NUMBER or pc.count_distinct(digits).as_py() < len(digits):
            return None
        numbers = NumberPattern.counting(pc.cast(digits, pa.int64()))
        if numbers is None:
            return None
        padded = pc.any(pc.match_substring_regex(digits, "^0[0-9]")).as_py()
        parts = []
        for values, _ in frames:
            words = [values.get(i, run.values[0].as_py()) for i, run in enumerate(runs)]
            parts.append(["".join(words[:at]), "".join(words[at + 1 :])])
        counts = np.cumsum([count for _, count in frames])
        usual = int(pc.mode(pc.utf8_length(digits))[0]["mode"].as_py())
        return cls(parts, (counts[:-1] / counts[-1]).tolist(), numbers, usual if padded else 0)

    def values(self, rows: np.ndarray, seed: int) -> pa.Array:
        """Return the words of some row numbers, shape (n,)."""
        digits = pc.cast(self._numbers.values(rows, seed), pa.string())
        padded = pc.utf8_lpad(digits, self._width, "0")
        which = np.searchsorted(self._limits, uniforms(rows, key(seed, "frame")), side="right")
        before, after = (
            pa.array(part).take(pa.array(which)) for part in zip(*self._parts, strict=True)
        )
        return pc.binary_join_element_wise(before, padded, after, "")

    def state(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Return JSON-ready values and arrays."""
        numbers, arrays = self._numbers.state()
        stored = {"parts": self._parts, "limits": self._limits, "numbers": numbers}
        return {"kind": self.kind, **stored, "width": self._width}, arrays

    @classmethod
    def from_state(cls, values: dict[str, Any], arrays: dict[str, np.ndarray]) -> Self:
        """Restore the pattern from `state`, which comes from a file."""
        numbers = NumberPattern.from_state(values["numbers"], arrays)
        parts = [[_text(before), _text(after)] for before, after in values["parts"]]
        limits = [finite(limit, "the shares of parts") for limit in values["limits"]]
        if len(limits) != len(parts) - 1:
            raise ValueError("the shares of an identifier's parts must be one for each")
        width = whole(values["width"], 0, _LONGEST_NUMBER, "the digits of a word")
        return cls(parts, limits, numbers, width)


class WordPattern:
    """Words of one shape: a sequence of places, each with options.

    When the words that training words leave free are exhausted, words with one more place follow.

    Parameters
    ----------
    places : list of list of str
        The options of each place.
    end : int
        The place before which others are added.
    alphabet : str
        The options of an added place.
    levels : list of FreeRanks or None
        The free ranks of words with no added place, with one, and so on; None for all. There are
        no training words with more places.
    """

    kind = "words"

    def __init__(
        self, places: list[list[str]], end: int, alphabet: str, levels: list[FreeRanks | None]
    ) -> None:
        self._places, self._end, self._alphabet, self._levels = places, end, alphabet, levels

    @classmethod
    def fit(cls, runs: list[_LetterRun], fewest: int) -> Self:
        """Learn from the runs of distinct words; no part of fewer words than `fewest` is kept."""
        is_random = _random_runs(runs, fewest)
        growing = _growing(runs, is_random)
        usual = _usual_lengths(runs, is_random)
        like_most = _of_lengths(runs, is_random, usual)
        places: list[list[str]] = []
        end, alphabet = 0, _DIGITS
        for i, run in enumerate(runs):
            if not is_random[i]:
                places.append(sorted(run.common(fewest)) if run.can_vary else [run.letter])
                continue
            seen = run.values.filter(pa.array(like_most))
            options, letters = _letters(run.letter, seen, usual[i], fewest)
            places += options
            if i == growing:
                end, alphabet = len(places), letters
        self = cls(places, end, alphabet, [])
        longest = pc.max(pc.utf8_length(runs[growing].values)).as_py() or 0
        for more in range(max(longest - usual[growing], 0) + 1):
            lengths = {**usual, growing: usual[growing] + more}
            mask = pa.array(_of_lengths(runs, is_random, lengths))
            cells = [run.values.filter(mask) for run in runs]
            few = more > 0 and 0 < len(cells[0]) < fewest
            # No words are generated of a length that only a few training words have.
            self._levels.append(CLOSED if few else self._taken(cells, is_random, more))
        return self

    def _taken(self, runs: list[pa.Array], is_random: list[bool], more: int) -> FreeRanks | None:
        """Return the free ranks of words with `more` added places."""
        if len(runs[0]) == 0:
            return None
        places = self._grown(more)
        columns: list[pa.Array] = []
        for run, random in zip(runs, is_random, strict=True):
            if random:
                length = pc.utf8_length(run[0]).as_py()
                columns += [pc.utf8_slice_codeunits(run, p, p + 1) for p in range(length)]
            else:
                columns.append(run)
        first = _first_counted(places)
        ranks = np.zeros(len(runs[0]), np.uint64)
        known = np.ones(len(ranks), bool)
        for options, cells in zip(places[first:], columns[first:], strict=True):
            at = pc.index_in(cells, pa.array(options)).fill_null(-1).to_numpy()
            known &= at >= 0
            ranks = ranks * np.uint64(len(options)) + np.maximum(at, 0).astype(np.uint64)
        return FreeRanks.fit(ranks[known], _size(places[first:]))

    def _grown(self, more: int) -> list[list[str]]:
        added = [list(self._alphabet)] * more
        return self._places[: self._end] + added + self._places[self._end :]

    def values(self, rows: np.ndarray, seed: int) -> pa.Array:
        """Return the words of some row numbers, shape (n,)."""
        parts: list[pa.Array] = []
        where: list[np.ndarray] = []
        for more, begin, stop, free in self._spans():
            inside = np.flatnonzero((rows >= np.uint64(begin)) & (rows < np.uint64(stop)))
            if len(inside):
                places = rows[inside] - np.uint64(begin)
                ranks = permuted(places, stop - begin, key(seed, "word", more))
                ranks = ranks if free is None else free.at(ranks)
                parts.append(self._words(ranks, rows[inside], more, seed))
                where.append(inside)
            if len(rows) == 0 or int(rows.max()) < stop:
                break
        if not parts:
            return pa.array([], pa.string())
        order = np.argsort(np.concatenate(where))
        return pa.concat_arrays(parts).take(pa.array(order))

    def _spans(self) -> Iterator[tuple[int, int, int, FreeRanks | None]]:
        """Yield each number of added places, with the range of rows whose words have it."""
        begin = 0
        for more in count():
            free = self._levels[more] if more < len(self._levels) else None
            places = self._grown(more)
            size = _size(places[_first_counted(places) :]) if free is None else free.count
            yield more, begin, begin + size, free
            begin += size

    def _words(self, ranks: np.ndarray, rows: np.ndarray, more: int, seed: int) -> pa.Array:
        places = self._grown(more)
        first = _first_counted(places)
        parts: list[pa.Array | str] = []
        for i in reversed(range(len(places))):
            options = places[i]
            if len(options) == 1:
                parts.append(options[0])
                continue
            if i >= first:
                ranks, at = np.divmod(ranks, np.uint64(len(options)))
            else:
                at = words(rows, key(seed, "place", i)) % np.uint64(len(options))
            parts.append(pa.array(options).take(pa.array(at)))
        return pc.binary_join_element_wise(*reversed(parts), "")

    def state(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Return JSON-ready values and arrays."""
        levels: list[dict[str, int] | None] = []
        arrays = {}
        for i, free in enumerate(self._levels):
            stored, bits = (None, None) if free is None else free.state()
            levels.append(stored)
            if bits is not None:
                arrays[f"taken {i}"] = bits
        values = {"kind": self.kind, "places": self._places, "end": self._end}
        return {**values, "alphabet": self._alphabet, "levels": levels}, arrays

    @classmethod
    def from_state(cls, values: dict[str, Any], arrays: dict[str, np.ndarray]) -> Self:
        """Restore the pattern from `state`, which comes from a file.

        Raises
        ------
        ValueError
            If there would never be enough words, or these would be longer than any word.
        """
        places, alphabet = values["places"], _text(values["alphabet"])
        if not 2 <= len(set(alphabet)) <= len(alphabet) <= 2**16 or not all(places):
            raise ValueError("a place must have an option, and an alphabet two letters or more")
        if len(places) > _LONGEST_WORD or len(values["levels"]) > _MOST_ADDED:
            raise ValueError(f"a word must have at most {_LONGEST_WORD:,} places")
        places = [[_text(option) for option in options] for options in places]
        if any(len(option) > _LONGEST_WORD for options in places for option in options):
            raise ValueError(f"a part of a word must have at most {_LONGEST_WORD:,} letters")
        end = whole(values["end"], 0, len(places), "the place before which words grow")
        self = cls(places, end, alphabet, [])
        for i, level in enumerate(values["levels"]):
            free = None if level is None else FreeRanks.from_state(level, arrays[f"taken {i}"])
            if free is not None:
                grown = self._grown(i)
                room = _size(grown[_first_counted(grown) :])
                whole(free.width * len(free.taken), 0, room, "the number of words")
            self._levels.append(free)
        return self


# --- learning places ------------------------------------------------------------------------------


def _is_chosen(run: _LetterRun, fewest: int) -> bool:
    """Return whether a run has one of a few values, or the same in nearly all words."""
    if not run.can_vary or len(run.values) <= 1:  # no part of a single word is kept
        return not run.can_vary
    common = run.common(fewest)
    words = sum(common.values())
    few = len(common) <= _CHOICES and len(common) * _WORDS_PER_CHOICE <= words
    return not run.varies or (few and words >= _COVERED * len(run.values))


def _random_runs(runs: list[_LetterRun], fewest: int) -> list[bool]:
    """Return a flag for each run: random letters or digits, not one of a few values."""
    random = [not _is_chosen(run, fewest) for run in runs]
    able = [i for i, run in enumerate(runs) if run.can_vary]
    last = max(able, key=lambda i: (runs[i].letter == "9", runs[i].varies, i))
    no_digits = not any(r and run.letter == "9" for r, run in zip(random, runs, strict=True))
    if not any(random) or (no_digits and runs[last].letter == "9" and runs[last].varies):
        random[last] = True
    return random


def _frames(runs: list[_LetterRun], fewest: int) -> list[tuple[dict[int, str], np.ndarray]]:
    """Return combinations of the values of runs that are not random, with their words.

    Runs with the fewest values come first; one that would give too many combinations is left out.
    """
    random = _random_runs(runs, fewest)
    chosen = [i for i, run in enumerate(runs) if run.can_vary and not random[i]]
    group = np.zeros(len(runs[0].values), np.int64)
    framed: list[int] = []
    for i in sorted(chosen, key=lambda i: len(runs[i].common(fewest))):
        codes = runs[i].values.dictionary_encode()
        joint = group * len(codes.dictionary) + codes.indices.to_numpy()
        _, joint, counts = np.unique(joint, return_inverse=True, return_counts=True)
        covered = int(counts[counts >= fewest].sum())
        few = int((counts >= fewest).sum()) <= min(_CHOICES, max(covered // _WORDS_PER_CHOICE, 1))
        if few and covered >= _COVERED * len(joint):
            group, framed = joint, [*framed, i]
    frames = []
    for one in np.unique(group):
        having = np.flatnonzero(group == one)
        if len(having) >= fewest:
            frames.append(({i: runs[i].values[int(having[0])].as_py() for i in framed}, having))
    return frames


def _of_words(runs: list[_LetterRun], words: np.ndarray) -> list[_LetterRun]:
    """Return the runs of some words."""
    return [_LetterRun(run.letter, run.values.take(pa.array(words))) for run in runs]


def _growing(runs: list[_LetterRun], is_random: list[bool]) -> int:
    """Return the run that grows: the last of digits, otherwise the last."""
    able = [i for i, random in enumerate(is_random) if random]
    return max(able, key=lambda i: (runs[i].letter == "9", i))


def _usual_lengths(runs: list[_LetterRun], is_random: list[bool]) -> dict[int, int]:
    """Return the most common combination of lengths of the random runs."""
    able = [i for i, random in enumerate(is_random) if random]
    if len(runs[0].values) == 0:
        return dict.fromkeys(able, _DEFAULT_DIGITS)
    lengths = np.stack([pc.utf8_length(runs[i].values).to_numpy() for i in able], axis=1)
    kinds, counts = np.unique(lengths, axis=0, return_counts=True)
    return dict(zip(able, kinds[counts.argmax()].tolist(), strict=True))


def _of_lengths(
    runs: list[_LetterRun], is_random: list[bool], lengths: dict[int, int]
) -> np.ndarray:
    mask = np.ones(len(runs[0].values), bool)
    for i, random in enumerate(is_random):
        if random:
            mask &= pc.utf8_length(runs[i].values).to_numpy() == lengths[i]
    return mask


def _letters(letter: str, seen: pa.Array, length: int, fewest: int) -> tuple[list[list[str]], str]:
    """Return the options of each place of a random run, and its alphabet."""
    at = [_LetterRun(letter, pc.utf8_slice_codeunits(seen, p, p + 1)) for p in range(length)]
    letters = [set(place.common(fewest)) for place in at]
    # The x of 0x1f says nothing about the letters of the places after it.
    hexadecimal = length > 2 and letters[0] == {"0"} and letters[1] in ({"x"}, {"X"})
    first = 2 if hexadecimal else 0
    known = _OF_LETTER.get(letter, _ALPHABETS)
    every = set().union(*letters[first:]) or set(known[0])
    fitting = [alphabet for alphabet in known if every <= set(alphabet)]
    alphabet = fitting[0] if fitting else known[-1] + "".join(sorted(every - set(known[-1])))
    options = [list(alphabet)] * length
    if alphabet == _DIGITS and length > 1 and "0" not in letters[0]:
        options = [list(_DIGITS[1:]), *options[1:]]
    enough = len(seen) >= _EVIDENCE * len(alphabet)
    for i, found in enumerate(letters):
        if i < first or enough or (len(found) == 1 and len(seen) >= _EVIDENCE):
            options[i] = sorted(found)
    return options, alphabet


def _first_counted(places: list[list[str]]) -> int:
    """Return the first place from which the words can be ranked."""
    size = 1
    for i in reversed(range(len(places))):
        size *= len(places[i])
        if size > _RANKS:
            return i + 1
    return 0


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"parts of a word must be text; got {value!r}")
    return value


def _size(places: list[list[str]]) -> int:
    return math.prod(len(options) for options in places)
