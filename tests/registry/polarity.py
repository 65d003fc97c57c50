"""A small real classifier of reviews: naive Bayes of a vocabulary, kept as JSON."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np


class Polarity:
    """Says how likely a text is negative and positive, by words counted in training."""

    classes = ("negative", "positive")

    def __init__(self, counts: dict[str, list[int]]) -> None:
        self.counts = counts

    @classmethod
    def fit(cls, texts: Sequence[str], positive: Sequence[bool]) -> "Polarity":
        counts: dict[str, list[int]] = {}
        for text, is_positive in zip(texts, positive, strict=True):
            for word in text.split():
                counts.setdefault(word, [0, 0])[int(is_positive)] += 1
        return cls(counts)

    def probabilities(self, items: Sequence[Any]) -> np.ndarray:
        """Probabilities (items, classes)."""
        odds = [
            sum(np.log((self.counts.get(word, [0, 0])[1] + 1)
                       / (self.counts.get(word, [0, 0])[0] + 1)) for word in text.split())
            for text in items
        ]  # fmt: skip
        positive = 1 / (1 + np.exp(-np.array(odds, dtype=float)))
        return np.column_stack([1 - positive, positive])


def save_classifier(classifier: Polarity, folder: Path) -> None:
    """Write it as JSON."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "counts.json").write_text(json.dumps(classifier.counts, sort_keys=True))


def load_classifier(folder: Path) -> Polarity:
    """Read it back."""
    return Polarity(json.loads((folder / "counts.json").read_text()))
