"""Word vectors: word2vec of the training reviews, or a pretrained file. Tables: a row per word."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from triptych.nlp.errors import VectorsError

NEIGHBOUR_COLUMNS = ("word", "rank", "neighbour", "cosine")
COVERAGE_COLUMNS = ("split", "words", "known_words", "share_of_words", "share_of_text")
SOURCE = "https://fauconnier.github.io/#data"  # French vectors in word2vec's binary format


class VectorSettings(BaseModel):
    """Training of word2vec (skip-gram with negative sampling, Mikolov et al. 2013)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    dimension: int = Field(100, ge=1)
    window: int = Field(5, ge=1)  # words on each side
    epochs: int = Field(30, ge=1)
    min_df: int = Field(2, ge=1)  # reviews that contain a word, at least


VectorSource = VectorSettings | pd.DataFrame  # to be trained, or pretrained vectors


def find_vectors(texts: Sequence[str], source: VectorSource, seed: int) -> pd.DataFrame:
    """The vectors of the words of these texts: trained on them, or selected."""
    if isinstance(source, VectorSettings):
        return train_vectors(texts, source, seed)
    return source[source.index.isin({word for text in texts for word in text.split()})]


def train_vectors(texts: Sequence[str], settings: VectorSettings, seed: int) -> pd.DataFrame:
    """Train word2vec on texts whose words are separated by spaces.

    One thread and an own hash function make the vectors reproducible in any process.
    """
    from gensim.models import Word2Vec

    sentences = [text.split() for text in texts]
    counts = Counter(word for sentence in sentences for word in set(sentence))
    frequent = {word for word, count in counts.items() if count >= settings.min_df}
    model = Word2Vec(
        [[word for word in sentence if word in frequent] for sentence in sentences],
        vector_size=settings.dimension, window=settings.window, epochs=settings.epochs,
        sg=1, negative=8, sample=1e-3, min_count=1, workers=1, seed=seed, hashfxn=_digest,
    )  # fmt: skip
    return _table(model.wv, model.wv.key_to_index)


def load_vectors(path: Path, dimension: int, words: Iterable[str]) -> pd.DataFrame:
    """Read a pretrained file in word2vec's binary format.

    Only the vectors of `words` are returned.

    Raises:
        VectorsError: the file is missing, truncated, of another format or dimension, or has none of
            the words.
    """
    from gensim.models import KeyedVectors

    if not path.is_file():
        raise VectorsError(
            f"There is no file of word vectors {path}. Download one (binary, from {SOURCE}) and "
            "correct nlp.vectors.file; null learns vectors from the training reviews."
        )
    try:
        vectors = KeyedVectors.load_word2vec_format(
            str(path), binary=True, unicode_errors="replace"
        )
    except (EOFError, ValueError, OSError, OverflowError, MemoryError) as error:
        fault = f"is not in word2vec's binary format ({error})"
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
    known = {word for word in words if word in vectors.key_to_index}
    if not known:
        raise VectorsError(
            f"{path} has a vector for none of the reviews' words. It must hold French words as "
            "they are written, in lower case, without part of speech. Name another file."
        )
    return _table(vectors, known)


def _table(vectors: Any, words: Iterable[str]) -> pd.DataFrame:
    ordered = sorted(words)
    columns = [f"v{column:03d}" for column in range(vectors.vector_size)]
    index = pd.Index(ordered, name="word")
    return pd.DataFrame(vectors[ordered], index=index, columns=columns)


def nearest_words(vectors: pd.DataFrame, words: Iterable[str], count: int) -> pd.DataFrame:
    """List the words with the most similar vectors (NEIGHBOUR_COLUMNS); skip unknown words."""
    from sklearn.metrics.pairwise import cosine_similarity

    known = [word for word in words if word in vectors.index]
    rows = []
    for word in known:
        cosine = cosine_similarity(vectors.loc[[word]], vectors)[0].round(6)
        cosines = pd.Series(cosine, vectors.index).drop(word)
        nearest = cosines.sort_values(ascending=False, kind="stable").head(count)
        rows += [(word, rank, *each) for rank, each in enumerate(nearest.items(), start=1)]
    return pd.DataFrame(rows, columns=list(NEIGHBOUR_COLUMNS))


def measure_coverage(
    vectors: pd.DataFrame, texts_by_split: Mapping[str, Iterable[str]]
) -> pd.DataFrame:
    """Measure the shares of distinct and of running words with a vector (COVERAGE_COLUMNS)."""
    rows = []
    for split, texts in texts_by_split.items():
        counts = Counter(word for text in texts for word in text.split())
        known = [count for word, count in counts.items() if word in vectors.index]
        distinct, running = max(len(counts), 1), max(counts.total(), 1)
        rows.append((split, len(counts), len(known), len(known) / distinct, sum(known) / running))
    return pd.DataFrame(rows, columns=list(COVERAGE_COLUMNS))


def _digest(word: str) -> int:
    """A hash that, unlike Python's, is the same in every process."""
    return int.from_bytes(hashlib.blake2b(word.encode(), digest_size=4).digest(), "little")
