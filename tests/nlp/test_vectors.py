"""Word vectors: learned alike in every process, and pretrained files that are not what they say."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from triptych.nlp.errors import VectorsError
from triptych.nlp.word_vectors import VectorSettings, WordVectors, load_vectors, train_vectors

SETTINGS = VectorSettings(dimension=8, window=2, epochs=30, min_df=2)
TEXTS = ["un film nul et long", "un film long et nul", "une fin belle", "une belle fin"] * 10
DIGEST = """
import hashlib
from tests.nlp.test_vectors import SETTINGS, TEXTS
from triptych.nlp.word_vectors import train_vectors
vectors = train_vectors(TEXTS, SETTINGS, seed=3)
print(hashlib.sha256(vectors.matrix.tobytes()).hexdigest(), *vectors.words)
"""


def write(path: Path, vectors: WordVectors) -> Path:
    """Write vectors in word2vec's binary format."""
    rows = [
        word.encode() + b" " + row.astype("<f4").tobytes() + b"\n"
        for word, row in zip(vectors.words, vectors.matrix, strict=True)
    ]
    header = f"{len(vectors.words)} {vectors.matrix.shape[1]}\n".encode()
    path.write_bytes(header + b"".join(rows))
    return path


@pytest.fixture
def vectors() -> WordVectors:
    """Give four words in the plane, two that lie close together."""
    matrix = np.array([[1, 0], [0.9, 0.1], [0, 1], [-1, 0]], dtype=np.float32)
    return WordVectors(("beau", "joli", "long", "nul"), matrix)


def test_the_same_seed_learns_the_same_in_every_process() -> None:
    told = [
        subprocess.run(
            [sys.executable, "-c", DIGEST], capture_output=True, text=True, check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    ]  # fmt: skip

    assert told[0] == told[1]
    assert "nul" in told[0].split()
    other = train_vectors(TEXTS, SETTINGS, seed=4)
    assert not np.array_equal(other.matrix, train_vectors(TEXTS, SETTINGS, seed=3).matrix)


def test_a_word_of_one_document_gets_no_vector() -> None:
    learned = train_vectors([*TEXTS, "rare rare"], SETTINGS, seed=1)

    assert "rare" not in learned.index
    assert WordVectors.from_frame(learned.frame()).words == learned.words
    assert np.array_equal(WordVectors.from_frame(learned.frame()).matrix, learned.matrix)


def test_neighbours_and_coverage_by_hand(vectors: WordVectors) -> None:
    near = vectors.neighbours(["beau", "absent"], 2)

    assert near["neighbour"].tolist() == ["joli", "long"]
    assert near["cosine"].tolist() == pytest.approx([0.9938, 0.0], abs=1e-4)
    row = vectors.coverage({"test": ["beau beau nul", "autre"]}).iloc[0]
    assert (row["words"], row["known_words"], row["split"]) == (3, 2, "test")
    assert (row["share_of_words"], row["share_of_text"]) == pytest.approx((2 / 3, 3 / 4))


def test_a_pretrained_file_is_read_for_the_words_that_occur(
    vectors: WordVectors, tmp_path: Path
) -> None:
    read = load_vectors(write(tmp_path / "v.bin", vectors), 2, ["nul", "beau", "absent"])

    assert read.words == ("beau", "nul")
    assert read.matrix.tolist() == [[1, 0], [-1, 0]]


def test_a_pretrained_file_that_is_not_what_it_says(vectors: WordVectors, tmp_path: Path) -> None:
    whole = write(tmp_path / "v.bin", vectors)
    cut, text, empty = (tmp_path / name for name in ("cut.bin", "text.bin", "empty.bin"))
    cut.write_bytes(whole.read_bytes()[:-6])
    text.write_text("<html>not found</html>\n")
    empty.touch()

    for path, dimension, message in (
        (tmp_path / "absent.bin", 2, r"no file of word vectors .*absent.bin.*fauconnier"),
        (cut, 2, r"cut.bin \(\d+ bytes\) ends before its last vector"),
        (text, 2, "text.bin .* is not in word2vec's binary format"),
        (empty, 2, "empty.bin .* is not in word2vec's binary format"),
        (whole, 200, "has vectors of 2 numbers, and 200 are asked for"),
    ):
        with pytest.raises(VectorsError, match=message):
            load_vectors(path, dimension, ["nul"])
    with pytest.raises(VectorsError, match="for none of the reviews' words"):
        load_vectors(whole, 2, ["absent"])
