"""The LSTM as a classifier of documents: vocabulary, word weights and networks."""

from collections.abc import Sequence
from functools import partial
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from triptych.execution.parallel import run_networks
from triptych.nlp.classifier import Documents, Labels, Matrices, Rows, Scores
from triptych.nlp.config import LstmSettings
from triptych.nlp.duplicates import Groups
from triptych.nlp.encoding import (
    FIRST_WORD,
    Numbers,
    Weights,
    cross_fit_word_weights,
    encode_texts,
    learn_word_weights,
)
from triptych.nlp.folds import Fold, early_stopping_split, grouped_folds
from triptych.nlp.lstm_network import Labelled, Network, train_network
from triptych.nlp.word_vectors import VectorSource

_ENCODING_FOLDS = 5
_SPREAD = 0.33  # standard deviation of the initial embedding


def find_vectors(
    texts: Sequence[str], source: VectorSource, settings: LstmSettings, seed: int
) -> pd.DataFrame:
    """The vectors of a network for texts to train on; those of a file are of words, not stems."""
    wanted = settings.pretrained and settings.analyzer == "words"
    return source.find(texts, seed, pretrained=wanted)


class LstmClassifier:
    """Networks over word vectors whose logits are averaged.

    In training, vocabulary, vectors and word weights are fitted without the early-stopping split,
    which is encoded like unseen documents. New documents are encoded with the weights of all
    training documents. Network k has the seed `seed + k`.
    """

    def __init__(self, settings: LstmSettings, seed: int = 0) -> None:
        self.settings = settings
        self.seed = seed
        self.vocabulary: Sequence[str] = ()
        self.word_weights: Weights = np.zeros(FIRST_WORD, dtype=np.float32)
        self.networks: list[Network] = []
        self.history: list[dict[str, float]] = []

    def fit(
        self,
        documents: Documents,
        labels: Labels,
        groups: Groups,
        source: VectorSource | pd.DataFrame,
        n_jobs: int = 1,
    ) -> Self:
        """Train every network; a part of the documents is the early-stopping split.

        `source` may be the table that it gives. Results do not depend on `n_jobs`, the number of
        processes.
        """
        train, stop = early_stopping_split(labels, groups, self.seed)
        vectors = source
        if isinstance(vectors, VectorSource):
            texts = self._texts(documents)
            vectors = find_vectors([texts[row] for row in train], vectors, self.settings, self.seed)
        self.vocabulary = vectors.index.tolist()
        folds = grouped_folds(labels[train], groups[train], _ENCODING_FOLDS, self.seed)
        splits = self._encode_splits(self.encode(documents), labels, train, stop, folds)
        tasks = [
            partial(train_network, self.settings, self._embedding(vectors, seed), seed, *splits)
            for seed in range(self.seed, self.seed + self.settings.ensemble_size)
        ]
        for member, (network, epochs) in enumerate(run_networks(tasks, n_jobs)):
            self.networks.append(network)
            self.history += [
                {"member": member, "epoch": epoch, **measures}
                for epoch, measures in enumerate(epochs, start=1)
            ]
        return self

    def scores(self, documents: Documents, known: Matrices | None = None) -> Scores:  # noqa: ARG002
        """The mean logit of each document; positive for class 1."""
        numbers = self.encode(documents)
        weights = self.word_weights[numbers]
        return np.asarray(np.mean([each.logits(numbers, weights) for each in self.networks], 0))

    def first(self, count: int) -> Self:
        """A classifier of the first `count` networks."""
        fewer = type(self)(self.settings.change(ensemble_size=count), self.seed)
        fewer.history = [epoch for epoch in self.history if epoch["member"] < count]
        return fewer.restore(self.vocabulary, self.word_weights, self.networks[:count])

    def restore(self, vocabulary: Sequence[str], weights: Weights, networks: list[Network]) -> Self:
        """Set a stored vocabulary, word weights and networks instead of fitting."""
        self.vocabulary, self.word_weights, self.networks = vocabulary, weights, networks
        return self

    def encode(self, documents: Documents) -> Numbers:
        """Encode documents as padded word numbers."""
        return encode_texts(self._texts(documents), self.vocabulary, self.settings.max_length)

    def _texts(self, documents: Documents) -> list[str]:
        return [getattr(document, self.settings.analyzer) for document in documents]

    def _encode_splits(
        self, numbers: Numbers, labels: Labels, train: Rows, stop: Rows, folds: Sequence[Fold]
    ) -> tuple[Labelled, Labelled]:
        """Encode the training split by cross-fitting and the other one with its weights.

        `folds` are of the training split.
        """
        size = FIRST_WORD + len(self.vocabulary)
        self.word_weights = np.zeros(size, dtype=np.float32)
        weights = np.zeros(numbers.shape, dtype=np.float32)
        if self.settings.nb_weights:
            self.word_weights = learn_word_weights(numbers, labels, size)
            weights[train] = cross_fit_word_weights(numbers[train], labels[train], size, folds)
            of_training = learn_word_weights(numbers[train], labels[train], size)
            weights[stop] = of_training[numbers[stop]]
        return (
            ((numbers[train], weights[train]), labels[train]),
            ((numbers[stop], weights[stop]), labels[stop]),
        )

    def _embedding(self, vectors: pd.DataFrame, seed: int) -> npt.NDArray[Any]:
        """The initial embedding; padding and the unknown word are zero."""
        known: Any = vectors.to_numpy(dtype=np.float32)
        if self.settings.embeddings == "random":
            known = np.random.default_rng(seed).normal(size=known.shape)
        spread = float(known[known.any(axis=1)].std())  # of words with a vector
        scaled = known * (_SPREAD / max(spread, 1e-12))
        return np.vstack([np.zeros((FIRST_WORD, known.shape[1])), scaled]).astype(np.float32)
