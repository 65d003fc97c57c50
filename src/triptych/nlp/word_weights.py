"""How much a word speaks for a class, as a number that stands beside its vector.

The log-count ratio of Wang and Manning (see nb_weights.py), on presence in documents. A review that
is learned from is left out of its own words' counts: otherwise each rare word would tell the label
of the only review that has it, and a network would believe that of all reviews.
"""

import numpy as np
import numpy.typing as npt

from triptych.nlp.nb_weights import Labels
from triptych.nlp.sequences import FIRST_WORD, Sequences

Weights = npt.NDArray[np.float32]
_ADDED = 1.0  # to each count


def learn_weights(texts: Sequences, labels: Labels, size: int) -> tuple[Weights, Weights]:
    """Learn the weight of every word from labelled texts.

    Args:
        texts: to learn from, as word numbers.
        labels: theirs, 0 or 1.
        size: how many word numbers there are.

    Returns:
        A weight a word number, for texts to come; and one for every word of these texts, made
        without the text that it stands in.
    """
    place = np.repeat(np.arange(len(texts)), texts.lengths)
    pairs = np.unique(place.astype(np.int64) * size + texts.numbers)  # a word counts once a text
    words, truth = pairs % size, labels[pairs // size]
    positive = np.bincount(words[truth == 1], minlength=size).astype(np.float64)
    negative = np.bincount(words[truth == 0], minlength=size).astype(np.float64)
    totals = float((labels == 1).sum()), float((labels == 0).sum())
    table = _ratio(positive, negative, *totals)
    own = labels[place]
    left_out = _ratio(positive[texts.numbers] - own, negative[texts.numbers] - (1 - own), *totals)
    table[:FIRST_WORD] = 0.0
    left_out[texts.numbers < FIRST_WORD] = 0.0
    return table, left_out


def _ratio(
    positive: npt.NDArray[np.float64],
    negative: npt.NDArray[np.float64],
    positives: float,
    negatives: float,
) -> Weights:
    of_positive = (positive + _ADDED) / (positives + 2 * _ADDED)
    of_negative = (negative + _ADDED) / (negatives + 2 * _ADDED)
    return np.log(of_positive / of_negative).astype(np.float32)
