"""Texts as numbers: what is encoded, padded and batched, and what each word weighs, by hand."""

import numpy as np
import pytest

from triptych.nlp.sequences import Sequences, batches_by_length, shuffled_batches
from triptych.nlp.target_encoding import cross_fit_weights, learn_weights
from triptych.nlp.tuning import stratified_folds

INDEX = {"bon": 2, "nul": 3, "long": 4}


def test_texts_become_numbers_and_padded_rows() -> None:
    texts = Sequences.encode(["bon bon nul long", "", "autre nul"], INDEX, max_length=3)

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


def test_the_weight_of_a_word_by_hand() -> None:
    texts = Sequences.encode(["bon bon nul", "bon", "nul", "autre"], INDEX, max_length=9)

    table = learn_weights(texts, np.array([1, 1, 0, 0]), size=5)

    # bon stands in 2 of 2 positive and 0 of 2 negative reviews, each count plus 1, of 2 + 2
    assert table.tolist() == pytest.approx([0, 0, np.log(3), 0, 0], abs=1e-6)


def test_training_reviews_are_weighed_by_the_other_folds() -> None:
    rng = np.random.default_rng(1)
    words = rng.choice(list(INDEX), (40, 6))
    texts = Sequences.encode([" ".join(row) for row in words], INDEX, max_length=9)
    labels = np.arange(40) % 2
    folds = stratified_folds(labels, 5, seed=1)
    others, fold = folds[0]
    inside = np.isin(np.repeat(np.arange(40), texts.lengths), fold)

    weights = cross_fit_weights(texts, labels, 5, folds).weights
    changed = labels.copy()
    changed[fold] = 1 - labels[fold]
    with_other_labels = cross_fit_weights(texts, changed, 5, folds).weights

    expected = learn_weights(texts.take(others), labels[others], 5)
    assert np.array_equal(weights[inside], expected[texts.numbers[inside]])
    assert np.array_equal(with_other_labels[inside], weights[inside])
    assert not np.array_equal(with_other_labels[~inside], weights[~inside])
