"""LIME finds the word that decides, and says the same again."""

from collections.abc import Sequence

import numpy as np

from triptych.nlp.lime import explain_review


def decided_by_one_word(texts: Sequence[str]) -> np.ndarray:
    positive = np.array([0.9 if "génial" in text else 0.2 for text in texts])
    return np.stack([1 - positive, positive], axis=1)


def test_the_word_that_decides_is_found() -> None:
    review = "L'histoire est longue, mais le casting est génial !"

    words, fit = explain_review(decided_by_one_word, review, samples=200, seed=1)

    assert words[0][0] == "génial"
    assert 0.6 < words[0][1] < 0.8
    assert max(abs(weight) for _, weight in words[1:]) < 0.1
    assert fit > 0.9
    assert (words, fit) == explain_review(decided_by_one_word, review, samples=200, seed=1)
