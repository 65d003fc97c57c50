"""The LSTM as a classifier of documents: vocabulary, vectors, word weights and networks."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from triptych.execution.parallel import run_networks
from triptych.nlp.classifier import Documents, Scores
from triptych.nlp.errors import UnfittedTextModelError
from triptych.nlp.lstm_config import LstmSettings
from triptych.nlp.nbsvm import Labels
from triptych.nlp.sequences import FIRST_WORD, Rows, Sequences
from triptych.nlp.target_encoding import cross_fit_weights, learn_weights
from triptych.nlp.tuning import Fold, stratified_folds
from triptych.nlp.word_vectors import Matrix, VectorSource, WordVectors

if TYPE_CHECKING:
    from triptych.nlp.lstm_network import Labelled, Network

_STOPPING = 10  # one part in so many is the early-stopping split
_WEIGHT_FOLDS = 5  # of the cross-fitting
_SPREAD = 0.33  # of the vectors' numbers, as the networks start from them


class LstmClassifier:
    """Networks over word vectors, their logits averaged.

    Vocabulary, vectors and word weights of the training are fitted without the early-stopping
    split, which is encoded as unseen. Reviews to come are encoded with the weights of all reviews.

    Args:
        settings: the networks.
        seed: of the split, the vectors and the folds; member k takes `seed + k`.
    """

    def __init__(self, settings: LstmSettings, seed: int = 0) -> None:
        self.settings = settings
        self.seed = seed
        self.vectors = WordVectors((), np.zeros((0, 0), dtype=np.float32))
        self._table = np.zeros(FIRST_WORD, dtype=np.float32)
        self.networks: list[Network] = []
        self.history: list[dict[str, float]] = []

    def fit(
        self, documents: Documents, labels: Labels, source: VectorSource, n_jobs: int = 1
    ) -> Self:
        """Train every member.

        Args:
            documents: training and early-stopping split together.
            labels: 0 or 1, one a document.
            source: of the word vectors.
            n_jobs: processes; the figures are the same for any number.
        """
        train, stop = early_stopping_split(labels, self.seed)
        texts = [getattr(document, self.settings.analyzer) for document in documents]
        self.vectors = source.vectors([texts[row] for row in train], self.seed)
        parts = self._encode_parts(documents, labels, train, stop)
        tasks = [
            partial(_train, self.settings, self._start(seed), seed, *parts)
            for seed in range(self.seed, self.seed + self.settings.ensemble_size)
        ]
        for member, (network, measures) in enumerate(run_networks(tasks, n_jobs)):
            self.history += [
                {"member": member, "epoch": epoch, **measure}
                for epoch, measure in enumerate(measures, start=1)
            ]
            self.networks.append(network)
        return self

    def _encode_parts(
        self, documents: Documents, labels: Labels, train: Rows, stop: Rows
    ) -> "tuple[Labelled, Labelled]":
        """Encode the training split by cross-fitting, the other with weights of the training."""
        sequences = self.encode(documents)
        training, stopping = sequences.take(train), sequences.take(stop)
        size = FIRST_WORD + len(self.vectors.words)
        self._table = np.zeros(size, dtype=np.float32)
        if self.settings.nb_weights:
            self._table = learn_weights(sequences, labels, size)
            known = learn_weights(training, labels[train], size)
            stopping = stopping.weighted(known[stopping.numbers])
            folds = _folds(labels[train], _WEIGHT_FOLDS, self.seed)
            training = cross_fit_weights(training, labels[train], size, folds)
        return (training, labels[train]), (stopping, labels[stop])

    def scores(self, documents: Documents) -> Scores:
        """How much each document speaks for class 1 (positive); 0 is undecided."""
        if not self.networks:
            raise UnfittedTextModelError(
                "The LSTM is not fitted yet: call fit with documents and labels first."
            )
        sequences = self.encode(documents)
        sequences = sequences.weighted(self._table[sequences.numbers])
        return np.asarray(np.mean([network.logits(sequences) for network in self.networks], axis=0))

    def first(self, count: int) -> Self:
        """The first `count` members as a classifier of their own; the networks are shared."""
        settings = replace(self.settings, ensemble_size=count)
        fewer = type(self)(settings, self.seed)
        fewer.vectors, fewer._table = self.vectors, self._table
        fewer.networks = self.networks[:count]
        fewer.history = [epoch for epoch in self.history if epoch["member"] < count]
        return fewer

    def arrays(self) -> dict[str, Matrix]:
        """The weights of the words, and those of every network by member and place."""
        arrays = {"words": self._table}
        for member, network in enumerate(self.networks):
            for place, weights in enumerate(network.model.get_weights()):
                arrays[f"{member}.{place:02d}"] = weights
        return arrays

    def restore(self, vectors: WordVectors, arrays: Mapping[str, Matrix]) -> Self:
        """Take a vocabulary and the weights that `arrays` gave, in networks of these settings."""
        from triptych.nlp.lstm_network import Network

        self.vectors = vectors
        self._table = arrays["words"]
        for member in range(self.settings.ensemble_size):
            network = Network(self.settings, self._start(self.seed), self.seed)
            names = sorted(name for name in arrays if name.startswith(f"{member}."))
            network.model.set_weights([arrays[name] for name in names])
            self.networks.append(network)
        return self

    def encode(self, documents: Documents) -> Sequences:
        """The documents as the numbers of the known words."""
        texts = [getattr(document, self.settings.analyzer) for document in documents]
        index = {word: row + FIRST_WORD for row, word in enumerate(self.vectors.words)}
        return Sequences.encode(texts, index, self.settings.max_length)

    def _start(self, seed: int) -> Matrix:
        """What the embedding starts from; padding and the unknown word are nothing."""
        known: Any = self.vectors.matrix
        if self.settings.embeddings == "learned":
            known = np.random.default_rng(seed).normal(size=known.shape)
        matrix = np.zeros((FIRST_WORD + len(known), known.shape[1]), dtype=np.float32)
        matrix[FIRST_WORD:] = known * (_SPREAD / max(float(known.std()), 1e-12))
        return matrix


def _train(
    settings: LstmSettings, start: Matrix, seed: int, training: "Labelled", stopping: "Labelled"
) -> "tuple[Network, list[dict[str, float]]]":
    from triptych.nlp.lstm_network import Network

    network = Network(settings, start, seed)
    return network, network.train(training, stopping)


def early_stopping_split(labels: Labels, seed: int) -> tuple[Rows, Rows]:
    """The rows to train on, and a tenth that tells when to stop; both classes in their shares."""
    return _folds(labels, _STOPPING, seed)[0]


def _folds(labels: Labels, most: int, seed: int) -> list[Fold]:
    count = min(most, int(np.bincount(labels, minlength=2).min()))
    return stratified_folds(labels, max(2, count), seed)
