"""Vectors of words: learned from the training reviews by word2vec, or from a pretrained file."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from triptych.nlp.errors import VectorsError

Matrix = npt.NDArray[np.float32]
NEIGHBOUR_COLUMNS = ("word", "rank", "neighbour", "cosine")
COVERAGE_COLUMNS = ("split", "words", "known_words", "share_of_words", "share_of_text")
SOURCE = "https://fauconnier.github.io/#data"  # binary word2vec files of French, 120 MB and more


@dataclass(frozen=True)
class VectorSettings:
    """How word2vec learns (skip-gram with negative sampling, Mikolov et al. 2013).

    Attributes:
        dimension: numbers a word.
        window: words to each side.
        epochs: passes over the reviews; few reviews need many.
        min_df: rarer words get no vector.
    """

    dimension: int = 100
    window: int = 5
    epochs: int = 30
    min_df: int = 2


@dataclass(frozen=True)
class WordVectors:
    """A vector a word; `matrix` has a row a word."""

    words: tuple[str, ...]
    matrix: Matrix

    @classmethod
    def from_frame(cls, frame: pd.DataFrame) -> Self:
        """What `frame` gave, after it was written and read."""
        return cls(tuple(frame["word"]), frame.drop(columns="word").to_numpy(dtype=np.float32))

    def frame(self) -> pd.DataFrame:
        """The words and their numbers as a table: word, v000, v001, …"""
        names = [f"v{column:03d}" for column in range(self.matrix.shape[1])]
        frame = pd.DataFrame(self.matrix, columns=names)
        frame.insert(0, "word", list(self.words))
        return frame

    @cached_property
    def index(self) -> dict[str, int]:
        """The row of each word."""
        return {word: row for row, word in enumerate(self.words)}

    def neighbours(self, words: Iterable[str], count: int) -> pd.DataFrame:
        """The words whose vectors point the same way; words without a vector are passed over.

        Returns:
            NEIGHBOUR_COLUMNS, nearest first.
        """
        lengths = np.linalg.norm(self.matrix, axis=1, keepdims=True)
        unit = self.matrix / np.maximum(lengths, 1e-12)
        rows = []
        for word in words:
            if word not in self.index:
                continue
            cosines = unit @ unit[self.index[word]]
            cosines[self.index[word]] = -np.inf
            nearest = np.argsort(-cosines.round(6), kind="stable")[:count]
            rows += [(word, rank, self.words[row], float(cosines[row]))
                     for rank, row in enumerate(nearest, start=1)]  # fmt: skip
        return pd.DataFrame(rows, columns=list(NEIGHBOUR_COLUMNS))

    def coverage(self, texts_by_split: Mapping[str, Iterable[str]]) -> pd.DataFrame:
        """How much of prepared texts has a vector, by split.

        Returns:
            COVERAGE_COLUMNS: distinct words (or stems, as prepared), those with a vector, their
            share, and their share of all running ones.
        """
        rows = []
        for split, texts in texts_by_split.items():
            counts = Counter(word for text in texts for word in text.split())
            known = [count for word, count in counts.items() if word in self.index]
            distinct, running = max(len(counts), 1), max(counts.total(), 1)
            rows.append(
                (split, len(counts), len(known), len(known) / distinct, sum(known) / running)
            )
        return pd.DataFrame(rows, columns=list(COVERAGE_COLUMNS))


@dataclass(frozen=True)
class VectorSource:
    """Where an LSTM's word vectors come from: learned from its training texts, or pretrained."""

    settings: VectorSettings = VectorSettings()
    pretrained: WordVectors | None = None

    def vectors(self, texts: Sequence[str], seed: int) -> WordVectors:
        """Vectors of the words of these texts alone."""
        if self.pretrained is None:
            return train_vectors(texts, self.settings, seed)
        there = {word for text in texts for word in text.split()}
        kept = [row for row, word in enumerate(self.pretrained.words) if word in there]
        return WordVectors(
            tuple(self.pretrained.words[row] for row in kept), self.pretrained.matrix[kept]
        )

    def learned(self, texts: Sequence[str], seed: int) -> Self:
        """A source that has the vectors of these texts ready, for several networks."""
        return replace(self, pretrained=self.vectors(texts, seed))


def train_vectors(texts: Sequence[str], settings: VectorSettings, seed: int) -> WordVectors:
    """Learn vectors from texts whose words have blanks between them, in one thread.

    The same texts and seed give the same vectors, whatever PYTHONHASHSEED is.
    """
    from gensim.models import Word2Vec

    sentences = [text.split() for text in texts]
    frequent = frequent_words(sentences, settings.min_df)
    model = Word2Vec(
        [[word for word in sentence if word in frequent] for sentence in sentences],
        vector_size=settings.dimension, window=settings.window, epochs=settings.epochs,
        sg=1, negative=8, sample=1e-3, min_count=1, workers=1, seed=seed, hashfxn=_digest,
    )  # fmt: skip
    words = tuple(sorted(model.wv.key_to_index))
    return WordVectors(words, np.stack([model.wv[word] for word in words]).astype(np.float32))


def frequent_words(sentences: Iterable[Sequence[str]], min_df: int) -> set[str]:
    """The words that stand in at least so many documents."""
    counts = Counter(word for sentence in sentences for word in set(sentence))
    return {word for word, count in counts.items() if count >= min_df}


def load_vectors(path: Path, dimension: int, words: Iterable[str]) -> WordVectors:
    """Read a pretrained file in word2vec's binary format, and keep the vectors of some words.

    Args:
        path: of a file, such as `frWac_non_lem_no_postag_no_phrase_200_skip_cut100.bin`.
        dimension: that the file must have.
        words: of the training reviews; the other vectors are let go.

    Raises:
        VectorsError: there is no such file, it is of another format or dimension, it is cut off, or
            it has none of the words.
    """
    vectors = _read(path)
    if vectors.vector_size != dimension:
        raise VectorsError(
            f"{path} has vectors of {vectors.vector_size} numbers, and {dimension} are asked for. "
            "Name another file, or set nlp.vectors.dimension to the file's."
        )
    known = tuple(sorted(word for word in set(words) if word in vectors.key_to_index))
    if not known:
        raise VectorsError(
            f"{path} has a vector for none of the reviews' words. It must hold French words as "
            "they are written, in lower case, without part of speech. Name another file."
        )
    return WordVectors(known, np.stack([vectors[word] for word in known]).astype(np.float32))


def _read(path: Path) -> Any:
    from gensim.models import KeyedVectors

    if not path.is_file():
        raise VectorsError(
            f"There is no file of word vectors {path}. Download one (binary, from {SOURCE}) and "
            "correct nlp.vectors.file; null learns vectors from the training reviews."
        )
    try:
        return KeyedVectors.load_word2vec_format(str(path), binary=True, unicode_errors="replace")
    except EOFError as error:
        _refuse(path, "ends before its last vector: the download was cut off", error)
    except (ValueError, OSError, OverflowError, MemoryError) as error:
        _refuse(path, f"is not in word2vec's binary format ({error})", error)


def _refuse(path: Path, fault: str, error: Exception) -> NoReturn:
    raise VectorsError(
        f"The file of word vectors {path} ({path.stat().st_size:,} bytes) {fault}. Download it "
        f"again from {SOURCE}."
    ) from error


def _digest(word: str) -> int:
    """A hash that is the same in every process, which Python's own is not."""
    return int.from_bytes(hashlib.blake2b(word.encode(), digest_size=4).digest(), "little")
