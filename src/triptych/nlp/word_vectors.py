"""Word vectors: word2vec of the training reviews, or a pretrained file. Tables: a row per word."""

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from triptych.execution.progress import track
from triptych.nlp.errors import VectorsError

NEIGHBOUR_COLUMNS = ("word", "rank", "neighbour", "cosine")
COVERAGE_COLUMNS = ("split", "words", "known_words", "share_of_words", "share_of_text")
SOURCE = "https://fauconnier.github.io/#data"  # French vectors in word2vec's formats
_PARTS = re.compile("['-]")  # separators that the words of pretrained files do not contain


# Reads the first words of a file: its name, the dimension and the number of words.
ReadVectors = Callable[[str, int, int], pd.DataFrame]


class VectorSettings(BaseModel):
    """Training of word2vec (skip-gram with negative sampling, Mikolov et al. 2013)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    dimension: int = Field(100, ge=1)
    window: int = Field(5, ge=1)  # words on each side
    epochs: int = Field(30, ge=1)
    min_df: int = Field(2, ge=1)  # reviews that contain a word, at least
    limit: int = Field(50_000, ge=1)  # words of a pretrained file, the most frequent ones


@dataclass(frozen=True)
class VectorSource:
    """Where vectors come from: a pretrained table, or training with these settings."""

    settings: VectorSettings
    pretrained: pd.DataFrame | None = None

    def find(self, texts: Sequence[str], seed: int, *, pretrained: bool = True) -> pd.DataFrame:
        """The vectors of words for texts to train on; a row is zero where there is none.

        Pretrained vectors are of the words of the file that the texts contain. Other words of at
        least `min_df` texts get those of their parts: `n'` that of `n`, `chef-d'oeuvre` the mean of
        `chef`, `d` and `oeuvre`. `pretrained` is false for words that are no surface forms, and to
        compare: then vectors are trained on the texts.
        """
        if self.pretrained is None or not pretrained:
            return train_vectors(texts, self.settings, seed)
        rows = {word: row for row, word in enumerate(self.pretrained.index)}
        words = frequent_words(texts, self.settings.min_df)
        words |= {word for text in texts for word in text.split()} & rows.keys()
        ordered, values = sorted(words), self.pretrained.to_numpy()
        found = np.zeros((len(ordered), values.shape[1]), dtype=np.float32)
        for vector, word in zip(found, ordered, strict=True):
            parts = [word] if word in rows else [p for p in _PARTS.split(word) if p in rows]
            if parts:
                vector[:] = values[[rows[part] for part in parts]].mean(axis=0)
        if not found.any():
            raise VectorsError(
                "The file of word vectors has none of the words of the reviews. Name one of French "
                "surface forms (in no *_postag_* file), or set vectors_file to null."
            )
        return pd.DataFrame(found, pd.Index(ordered, name="word"), self.pretrained.columns)


def train_vectors(texts: Sequence[str], settings: VectorSettings, seed: int) -> pd.DataFrame:
    """Train word2vec on texts whose words are separated by spaces.

    One thread and an own hash function make the vectors reproducible in any process.
    """
    from gensim.models import Word2Vec
    from gensim.models.callbacks import CallbackAny2Vec

    frequent = frequent_words(texts, settings.min_df)
    shown, epochs = track(range(settings.epochs), "Training word vectors"), CallbackAny2Vec()
    epochs.on_epoch_begin, epochs.on_train_end = lambda _: next(shown), lambda _: shown.close()
    model = Word2Vec(
        [[word for word in text.split() if word in frequent] for text in texts],
        vector_size=settings.dimension, window=settings.window, epochs=settings.epochs,
        sg=1, negative=8, sample=1e-3, min_count=1, workers=1, seed=seed, hashfxn=_digest,
        callbacks=[epochs],
    )  # fmt: skip
    return _table(model.wv, model.wv.key_to_index)


def read_file(
    name: str, dimension: int, limit: int, *, path: str, folder: str | None
) -> pd.DataFrame:
    """Read the pretrained file `name` below the project (`path`), or else below `folder`."""
    places = [Path(base) / name for base in (path, folder) if base]
    file = next((place for place in places if place.is_file()), places[0])
    return load_vectors(file, dimension, limit)


def load_vectors(path: Path, dimension: int, limit: int) -> pd.DataFrame:
    """Read the first `limit` words of a pretrained file, which are the most frequent ones.

    A file whose name ends in `.bin` is in word2vec's binary format, another one in its text format.

    Raises:
        VectorsError: the file is missing, truncated, or of another format or dimension.
    """
    from gensim.models import KeyedVectors

    if not path.is_file():
        raise VectorsError(
            f"There is no file of word vectors {path}. Download one from {SOURCE} and correct "
            "vectors_file (relative to the project or TRIPTYCH_REAL_DATA); null trains vectors "
            "on the training reviews."
        )
    try:
        vectors = KeyedVectors.load_word2vec_format(
            str(path), binary=path.suffix == ".bin", unicode_errors="replace", limit=limit
        )
    except (EOFError, ValueError, OSError, OverflowError, MemoryError) as error:
        kind = "binary" if path.suffix == ".bin" else "text"
        fault = f"is not in word2vec's {kind} format ({error})"
        if isinstance(error, EOFError):
            fault = "ends before its last vector: the download was cut off"
        raise VectorsError(
            f"The file of word vectors {path} ({path.stat().st_size:,} bytes) {fault}. Download it "
            f"again from {SOURCE}."
        ) from error
    if vectors.vector_size != dimension:
        raise VectorsError(
            f"{path} has vectors of {vectors.vector_size} numbers, and {dimension} are asked for. "
            "Name another file, or set nlp.vectors.dimension to the file's."
        )
    return _table(vectors, vectors.key_to_index)


def _table(vectors: Any, words: Iterable[str]) -> pd.DataFrame:
    ordered = sorted(words)
    columns = [f"v{column:03d}" for column in range(vectors.vector_size)]
    return pd.DataFrame(vectors[ordered], pd.Index(ordered, name="word"), columns)


def nearest_words(vectors: pd.DataFrame, words: Iterable[str], count: int) -> pd.DataFrame:
    """List the words with the most similar vectors (NEIGHBOUR_COLUMNS); skip unknown words."""
    from sklearn.metrics.pairwise import cosine_similarity

    rows = []
    for word in (each for each in words if each in vectors.index):
        cosine = cosine_similarity(vectors.loc[[word]], vectors)[0].round(6)
        cosines = pd.Series(cosine, vectors.index).drop(word)
        nearest = cosines.sort_values(ascending=False, kind="stable").head(count)
        rows += [(word, rank, *each) for rank, each in enumerate(nearest.items(), start=1)]
    return pd.DataFrame(rows, columns=list(NEIGHBOUR_COLUMNS))


def measure_coverage(
    with_vector: Container[str], texts_by_split: Mapping[str, Iterable[str]]
) -> pd.DataFrame:
    """Measure the shares of distinct and of running words with a vector (COVERAGE_COLUMNS)."""
    rows = []
    for split, texts in texts_by_split.items():
        counts = Counter(word for text in texts for word in text.split())
        known = [count for word, count in counts.items() if word in with_vector]
        distinct, running = max(len(counts), 1), max(counts.total(), 1)
        rows.append((split, len(counts), len(known), len(known) / distinct, sum(known) / running))
    return pd.DataFrame(rows, columns=list(COVERAGE_COLUMNS))


def frequent_words(texts: Iterable[str], min_df: int) -> set[str]:
    """The words of at least `min_df` texts."""
    counts = Counter(word for text in texts for word in set(text.split()))
    return {word for word, count in counts.items() if count >= min_df}


def _digest(word: str) -> int:
    """A hash that, unlike Python's, is the same in every process."""
    return int.from_bytes(hashlib.blake2b(word.encode(), digest_size=4).digest(), "little")
