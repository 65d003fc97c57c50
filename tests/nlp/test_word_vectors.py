"""Word vectors: reproducible training, and invalid pretrained files."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from triptych.nlp.errors import VectorsError
from triptych.nlp.word_vectors import (
    VectorSettings,
    VectorSource,
    frequent_words,
    load_vectors,
    measure_coverage,
    nearest_words,
    train_vectors,
)
from triptych.parameters.reviews import LstmParameters, NetworkParameters, VectorParameters
from triptych.pipelines.nlp.lstm_nodes import learn_word_vectors

SETTINGS = VectorSettings(dimension=8, window=2, epochs=30, min_df=2)
TEXTS = ["un film nul et long", "un film long et nul", "une fin belle", "une belle fin"] * 10
VECTORS = pd.DataFrame(
    [[1, 0], [0.9, 0.1], [0, 1], [-1, 0]],
    index=pd.Index(["beau", "joli", "long", "nul"], name="word"),
    columns=["v000", "v001"],
    dtype="float32",
)
PROGRAM = """
from tests.nlp.test_word_vectors import SETTINGS, TEXTS
from triptych.nlp.word_vectors import train_vectors
print(train_vectors(TEXTS, SETTINGS, seed=3).to_csv())
"""


def test_the_same_seed_trains_the_same_vectors_in_every_process() -> None:
    here = train_vectors([*TEXTS, "rare rare"], SETTINGS, seed=3)
    environment = {**os.environ, "PYTHONHASHSEED": "2"}
    elsewhere = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, env=environment
    )

    assert elsewhere.stdout.strip() == here.to_csv().strip()
    assert "nul" in here.index
    assert set(here.index) == frequent_words([*TEXTS, "rare rare"], SETTINGS.min_df)
    assert "rare" not in here.index  # it is in one text only
    assert not np.array_equal(here, train_vectors(TEXTS, SETTINGS, seed=4))


def test_neighbours_and_coverage() -> None:
    near = nearest_words(VECTORS, ["beau", "absent"], 2)

    assert near["neighbour"].tolist() == ["joli", "long"]
    assert near["cosine"].tolist() == pytest.approx([0.9938, 0.0], abs=1e-4)
    row = measure_coverage(VECTORS.index, {"test": ["beau beau nul", "autre"]}).iloc[0]
    assert (row["words"], row["known_words"], row["split"]) == (3, 2, "test")
    assert (row["share_of_words"], row["share_of_text"]) == pytest.approx((2 / 3, 3 / 4))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Write the vectors in word2vec's binary format."""
    rows = [
        word.encode() + b" " + row.astype("<f4").tobytes() + b"\n"
        for word, row in zip(VECTORS.index, VECTORS.to_numpy(), strict=True)
    ]
    path = tmp_path / "v.bin"
    path.write_bytes(b"4 2\n" + b"".join(rows))
    return path


def test_a_pretrained_file_is_read_in_both_formats(file: Path, tmp_path: Path) -> None:
    text = tmp_path / "v.txt"
    VECTORS.to_csv(text, sep=" ", header=False)
    text.write_text(f"4 2\n{text.read_text(encoding='utf-8')}", encoding="utf-8")

    for path in (file, text):
        pd.testing.assert_frame_equal(load_vectors(path, 2, 10), VECTORS)
    assert load_vectors(file, 2, 3).index.tolist() == ["beau", "joli", "long"]


def test_words_of_the_texts_have_the_vectors_of_the_file_or_of_their_parts() -> None:
    source = VectorSource(SETTINGS, VECTORS)

    found = source.find(["nul long-beau beau' xx rare", "long-beau beau' xx"], seed=1)

    assert found.index.tolist() == ["beau'", "long-beau", "nul", "xx"]
    assert found.loc["beau'"].tolist() == VECTORS.loc["beau"].tolist()
    assert found.loc["long-beau"].tolist() == pytest.approx([0.5, 0.5])
    assert not found.loc["xx"].any()
    row = measure_coverage(found.index[found.any(axis=1)], {"test": ["nul xx xx"]}).iloc[0]
    assert (row["known_words"], row["share_of_text"]) == pytest.approx((1, 1 / 3))
    with pytest.raises(VectorsError, match="has none of the words of the reviews"):
        source.find(["yy yy", "yy"], seed=1)
    assert (
        VectorSource(SETTINGS, VECTORS)
        .find(TEXTS, 3, pretrained=False)
        .equals(train_vectors(TEXTS, SETTINGS, 3))
    )


def test_coverage_of_a_file_beside_that_of_the_training_reviews() -> None:
    words = [f"{text} xx" for text in TEXTS]
    training = pd.DataFrame({"words": words, "split": "train"}).assign(
        text="", stems="", polarity=np.arange(len(words)) % 2, group=np.arange(len(words))
    )
    lstm = LstmParameters.model_construct(network=NetworkParameters())
    vectors = VectorParameters(**SETTINGS.model_dump(), shown_words=["nul"], shown_neighbours=1)

    found = learn_word_vectors(
        training, training.iloc[:0], VectorSource(SETTINGS, VECTORS), lstm, vectors, seed=1
    )

    known = found["vocabulary_coverage"].set_index("vectors")["known_words"].to_dict()
    assert known == {"file": 2, "training reviews": 9}  # `long` and `nul`; `xx` has no vector


@pytest.mark.parametrize(
    ("content", "dimension", "message"),
    [
        (None, 2, r"no file of word vectors .*v.bin.*fauconnier"),
        (slice(-6), 2, r"v.bin \(\d+ bytes\) ends before its last vector"),
        (b"<html>not found</html>\n", 2, "v.bin .* is not in word2vec's binary format"),
        (b"", 2, "v.bin .* is not in word2vec's binary format"),
        (slice(None), 200, "has vectors of 2 numbers, and 200 are asked for"),
    ],
)
def test_an_invalid_pretrained_file_is_rejected(
    file: Path, content: bytes | slice | None, dimension: int, message: str
) -> None:
    whole = file.read_bytes()
    file.unlink()
    if content is not None:
        file.write_bytes(content if isinstance(content, bytes) else whole[content])

    with pytest.raises(VectorsError, match=message):
        load_vectors(file, dimension, 10)
