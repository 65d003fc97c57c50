"""Texts as numbers: what is encoded, padded and batched, and what each word weighs, by hand."""

import numpy as np
import pytest

from triptych.nlp.sequences import Sequences, batches_by_length, shuffled_batches
from triptych.nlp.word_weights import learn_weights

INDEX = {"bon": 2, "nul": 3, "long": 4}


def test_texts_become_numbers_and_padded_rows() -> None:
    texts = Sequences.encode(["bon bon nul long", "", "autre nul"], INDEX, longest=3)

    assert texts.lengths.tolist() == [3, 1, 2]
    assert texts.numbers.tolist() == [2, 2, 3, 1, 1, 3]
    weighted = texts.weighted(np.arange(6, dtype=np.float32))
    numbers, weights = weighted.take(np.array([2, 0])).padded(np.array([0, 1]))
    assert numbers[:, :4].tolist() == [[1, 3, 0, 0], [2, 2, 3, 0]]
    assert weights[:, :4].tolist() == [[4, 5, 0, 0], [0, 1, 2, 0]]
    assert numbers.shape == (2, 8)
    assert not numbers[:, 4:].any()


def test_batches_hold_every_row_once_and_like_lengths() -> None:
    lengths = np.random.default_rng(1).integers(1, 200, 103)

    rng = np.random.default_rng(2)
    once, again = (list(shuffled_batches(lengths, 10, rng)) for _ in range(2))
    for batches in (batches_by_length(lengths, 10), once, again):
        assert sorted(np.concatenate(batches).tolist()) == list(range(103))
    assert [batch.tolist() for batch in once] != [batch.tolist() for batch in again]
    padded = sum(lengths[batch].max() * len(batch) for batch in once)
    assert padded < 1.35 * lengths.sum() < 200 * 103 / 1.3


def test_the_weight_of_a_word_leaves_its_own_review_out() -> None:
    texts = Sequences.encode(["bon bon nul", "bon", "nul", "autre"], INDEX, longest=9)

    table, left_out = learn_weights(texts, np.array([1, 1, 0, 0]), size=5)

    # bon stands in 2 of 2 positive and 0 of 2 negative reviews, each count plus 1, of 2 + 2
    assert table.tolist() == pytest.approx([0, 0, np.log(3), 0, 0], abs=1e-6)
    # without its own review: bon 1 positive; nul 0 positive and 1 negative, or 1 and 0
    expected = [np.log(2), np.log(2), np.log(1 / 2), np.log(2), np.log(2), 0]
    assert left_out.tolist() == pytest.approx(expected, abs=1e-6)
