"""How much a word speaks for a class, as a number that stands beside its vector.

The log-count ratio of Wang and Manning (see nb_weights.py), on presence in documents. Training
reviews are encoded by cross-fitting, as scikit-learn's TargetEncoder does: each fold with weights
from the other folds. A weight that contains the review's own label gives the label away. Leaving
out only that review gives it away too: the weight of a word then differs by label alone.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from triptych.nlp.nbsvm import Labels
from triptych.nlp.sequences import FIRST_WORD, Rows, Sequences

Weights = npt.NDArray[np.float32]
_ADDED = 1.0  # to each count


def learn_weights(texts: Sequences, labels: Labels, size: int) -> Weights:
    """Learn the weight of every word from labelled texts, for the encoding of other texts.

    Args:
        texts: training texts, as word numbers.
        labels: theirs, 0 or 1.
        size: how many word numbers there are.

    Returns:
        A weight per word number; 0 for padding and the unknown word.
    """
    place = np.repeat(np.arange(len(texts)), texts.lengths)
    pairs = np.unique(place.astype(np.int64) * size + texts.numbers)  # a word counts once a text
    words, truth = pairs % size, labels[pairs // size]
    of_class = [
        (np.bincount(words[truth == label], minlength=size) + _ADDED)
        / ((labels == label).sum() + 2 * _ADDED)
        for label in (0, 1)
    ]
    table: Weights = np.log(of_class[1] / of_class[0]).astype(np.float32)
    table[:FIRST_WORD] = 0.0
    return table


def cross_fit_weights(
    texts: Sequences, labels: Labels, size: int, folds: Sequence[tuple[Rows, Rows]]
) -> Sequences:
    """Weigh the words of training texts: those of each fold with weights from the other folds.

    Args:
        texts, labels, size: see learn_weights.
        folds: pairs (other rows, rows of the fold); every row is in one fold.

    Returns:
        The texts with their weights.
    """
    place = np.repeat(np.arange(len(texts)), texts.lengths)
    weights = np.zeros(len(texts.numbers), np.float32)
    for others, fold in folds:
        table = learn_weights(texts.take(others), labels[others], size)
        inside = np.isin(place, fold)
        weights[inside] = table[texts.numbers[inside]]
    return texts.weighted(weights)
