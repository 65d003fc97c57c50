"""Texts as rows of word numbers, all in one array: the full set of reviews takes 50 MB."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.intp]
Numbers = npt.NDArray[np.int32]
PADDING, UNKNOWN, FIRST_WORD = 0, 1, 2
_STEP = 8  # padded lengths are multiples of it, so that few shapes occur


@dataclass(frozen=True)
class Sequences:
    """The word numbers of many texts, one after the other; text k begins at `starts[k]`.

    `weights` has a number for every word of the texts; zeros where none is known.
    """

    numbers: Numbers
    starts: npt.NDArray[np.int64]
    weights: npt.NDArray[np.float32]

    @classmethod
    def encode(cls, texts: Iterable[str], index: Mapping[str, int], max_length: int) -> Self:
        """Number the words of each text; a word outside `index` is UNKNOWN, and so is no word.

        Args:
            texts: words with blanks between them.
            index: a word's number, from FIRST_WORD on.
            max_length: what follows this many words is left out.
        """
        parts, lengths = [], []
        for text in texts:
            row = [index.get(word, UNKNOWN) for word in text.split()[:max_length]] or [UNKNOWN]
            parts.append(np.array(row, dtype=np.int32))
            lengths.append(len(row))
        starts = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
        numbers = np.concatenate(parts) if parts else np.zeros(0, np.int32)
        return cls(numbers, starts, np.zeros(len(numbers), np.float32))

    def weighted(self, weights: npt.NDArray[np.float32]) -> Self:
        """The same texts with these weights, one for every word of theirs."""
        return replace(self, weights=weights)

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        """The number of words of each text."""
        return np.diff(self.starts)

    def take(self, rows: Rows) -> Self:
        """The texts of these rows."""
        pieces = [np.arange(self.starts[row], self.starts[row + 1]) for row in rows.tolist()]
        starts = np.concatenate([[0], np.cumsum(self.lengths[rows])])
        places = np.concatenate(pieces)
        return type(self)(self.numbers[places], starts, self.weights[places])

    def padded(self, rows: Rows) -> tuple[Numbers, npt.NDArray[np.float32]]:
        """The numbers and weights of these rows' texts as matrices, PADDING after the last word."""
        lengths = self.lengths[rows]
        width = -(-int(lengths.max()) // _STEP) * _STEP
        columns = np.arange(width)
        inside = columns < lengths[:, None]
        places = np.minimum(self.starts[rows][:, None] + columns, len(self.numbers) - 1)
        numbers = np.where(inside, self.numbers[places], PADDING).astype(np.int32)
        return numbers, np.where(inside, self.weights[places], 0.0).astype(np.float32)


def batches_by_length(lengths: npt.NDArray[Any], size: int) -> list[Rows]:
    """Part rows in batches of texts of like length, shortest first."""
    order = np.argsort(lengths, kind="stable")
    return [order[start : start + size] for start in range(0, len(order), size)]


def shuffled_batches(
    lengths: npt.NDArray[np.int64], size: int, rng: np.random.Generator
) -> Iterator[Rows]:
    """Part rows in batches of nearly like length, other ones each time, in random order."""
    blurred = lengths * rng.uniform(0.8, 1.25, len(lengths))
    batches = batches_by_length(blurred, size)
    for place in rng.permutation(len(batches)):
        yield batches[place]
