"""Texts as padded word numbers, and NB weights of words.

The NB weight of a word is a target encoding. As in scikit-learn's TargetEncoder, training texts are
encoded by cross-fitting: weights that contain a text's own label would reveal it. Excluding only
that text reveals it too, because the weight of a word then differs by label.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from triptych.nlp.classifier import Labels, Rows

PADDING, UNKNOWN, FIRST_WORD = 0, 1, 2  # as in Keras' TextVectorization
Numbers = npt.NDArray[np.int32]  # (texts, words)
Weights = npt.NDArray[np.float32]


def encode_texts(texts: Sequence[str], vocabulary: Sequence[str], max_length: int) -> Numbers:
    """Number the words of each text and pad or truncate it; an empty text is one unknown word."""
    # Keras' TextVectorization takes 4.6 ms for a single review, as long as the prediction
    index = {word: number for number, word in enumerate(vocabulary, start=FIRST_WORD)}
    numbers = np.full((len(texts), max_length), PADDING, dtype=np.int32)
    for row, text in zip(numbers, texts, strict=True):
        known = [index.get(word, UNKNOWN) for word in text.split()[:max_length]] or [UNKNOWN]
        row[: len(known)] = known
    return numbers


def learn_word_weights(numbers: Numbers, labels: Labels, size: int) -> Weights:
    """The log-odds ratio of each word's presence between the classes, for encoding other texts.

    `size` is that of the vocabulary with padding and the unknown word, whose weights are 0.
    """
    from scipy.sparse import csr_matrix
    from sklearn.naive_bayes import BernoulliNB

    rows, columns = np.nonzero(numbers)  # without padding
    ones = np.ones(len(rows), dtype=np.float32)
    presence = csr_matrix((ones, (rows, numbers[rows, columns])), shape=(len(numbers), size))
    bayes = BernoulliNB(alpha=1.0).fit(presence, labels)
    weights: Weights = np.diff(bayes.feature_log_prob_, axis=0).ravel().astype(np.float32)
    weights[:FIRST_WORD] = 0.0
    return weights


def cross_fit_word_weights(
    numbers: Numbers, labels: Labels, size: int, folds: Sequence[tuple[Rows, Rows]]
) -> Weights:
    """The weight of each word of the training texts (texts, words), learned from the other folds.

    `folds` are pairs (other rows, rows of the fold) that contain every row once.
    """
    weights = np.zeros(numbers.shape, dtype=np.float32)
    for others, fold in folds:
        weights[fold] = learn_word_weights(numbers[others], labels[others], size)[numbers[fold]]
    return weights
