"""Stratified samples of labelled items."""

import numpy as np
import numpy.typing as npt


def draw_rows(labels: npt.NDArray[np.int64], size: int, seed: int) -> npt.NDArray[np.intp]:
    """Draw a stratified sample of rows, sorted; all rows if there are no more than `size`.

    A smaller sample of the same seed is part of a larger one.
    """
    order = np.random.default_rng(seed).permutation(len(labels))
    place = np.empty(len(labels))
    for label in np.unique(labels):
        of_label = order[labels[order] == label]
        place[of_label] = (np.arange(len(of_label)) + 0.5) / len(of_label)
    return np.sort(np.argsort(place, kind="stable")[:size])
