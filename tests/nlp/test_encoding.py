"""Word numbers and NB weights, checked by hand."""

import numpy as np
import pytest

from triptych.nlp.encoding import cross_fit_word_weights, encode_texts, learn_word_weights
from triptych.nlp.folds import grouped_folds

WORDS = ["bon", "nul", "long"]


def test_texts_become_padded_word_numbers() -> None:
    numbers = encode_texts(["bon bon nul long", "", "autre nul"], WORDS, max_length=3)

    assert numbers.tolist() == [[2, 2, 3], [1, 0, 0], [1, 3, 0]]


def test_the_weight_of_a_word() -> None:
    numbers = encode_texts(["bon bon nul", "bon", "nul", "autre"], WORDS, max_length=9)

    weights = learn_word_weights(numbers, np.array([1, 1, 0, 0]), size=5)

    # bon is in 2 of 2 positive and 0 of 2 negative reviews, with 1 added to each count of 2 + 2
    assert weights.tolist() == pytest.approx([0, 0, np.log(3), 0, 0], abs=1e-6)


def test_training_reviews_have_weights_of_the_other_folds() -> None:
    numbers = np.random.default_rng(1).integers(2, 5, (40, 6)).astype(np.int32)
    labels = np.arange(40) % 2
    folds = grouped_folds(labels, np.arange(len(labels)), 5, seed=1)
    others, fold = folds[0]

    weights = cross_fit_word_weights(numbers, labels, 5, folds)
    changed = labels.copy()
    changed[fold] = 1 - labels[fold]
    with_other_labels = cross_fit_word_weights(numbers, changed, 5, folds)

    expected = learn_word_weights(numbers[others], labels[others], 5)
    assert np.array_equal(weights[fold], expected[numbers[fold]])
    assert np.array_equal(with_other_labels[fold], weights[fold])
    assert not np.array_equal(with_other_labels[others], weights[others])
