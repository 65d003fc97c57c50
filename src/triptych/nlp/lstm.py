"""The LSTM as a classifier of documents: vocabulary, vectors and networks learned together."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from triptych.nlp.classifier import Documents, Scores
from triptych.nlp.errors import UnfittedTextModelError
from triptych.nlp.lstm_settings import LstmSettings
from triptych.nlp.nb_weights import Labels
from triptych.nlp.sequences import FIRST_WORD, Rows, Sequences
from triptych.nlp.vectors import Matrix, WordVectors
from triptych.nlp.word_weights import learn_weights
from triptych.parallel import run_networks

if TYPE_CHECKING:
    from triptych.nlp.network import Network

SET_APART = 10  # one part in so many tells a network when to stop
_SPREAD = 0.33  # of the vectors' numbers, as the networks start from them


class LstmClassifier:
    """Networks over word vectors, their logits averaged; all is learned from the documents given.

    Args:
        settings: the networks.
        vectors: of the words that are known; of training documents alone, or pretrained.
        seed: member k takes `seed + k`.
    """

    def __init__(self, settings: LstmSettings, vectors: WordVectors, seed: int = 0) -> None:
        self.settings = settings
        self.vectors = vectors
        self.seed = seed
        self._table = np.zeros(FIRST_WORD + len(vectors.words), dtype=np.float32)
        self.networks: list[Network] = []
        self.history: list[dict[str, float]] = []

    def fit(self, documents: Documents, labels: Labels, jobs: int = 1) -> Self:
        """Train every member, each with another part of the documents set apart for stopping.

        Args:
            documents: to learn from.
            labels: 0 or 1, one a document.
            jobs: processes; the figures are the same for any number.
        """
        sequences = self.encode(documents)
        if self.settings.nb_weights:
            self._table, left_out = learn_weights(sequences, labels, len(self._table))
            sequences = sequences.weighted(left_out)
        parts = set_apart(labels, self.settings.members, self.seed)
        tasks = [
            partial(_train, self.settings, self._start(seed), seed, sequences, labels, part)
            for seed, part in enumerate(parts, start=self.seed)
        ]
        for member, (network, measures) in enumerate(run_networks(tasks, jobs)):
            self.history += [
                {"member": member, "epoch": epoch, **measure}
                for epoch, measure in enumerate(measures, start=1)
            ]
            self.networks.append(network)
        return self

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
        settings = replace(self.settings, members=count)
        fewer = type(self)(settings, self.vectors, self.seed)
        fewer._table = self._table
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

    def restore(self, arrays: Mapping[str, Matrix]) -> Self:
        """Take the weights that `arrays` gave, in networks of the same settings and vocabulary."""
        from triptych.nlp.network import Network

        self._table = arrays["words"]
        for member in range(self.settings.members):
            network = Network(self.settings, self._start(self.seed), self.seed)
            names = sorted(name for name in arrays if name.startswith(f"{member}."))
            network.model.set_weights([arrays[name] for name in names])
            self.networks.append(network)
        return self

    def encode(self, documents: Documents) -> Sequences:
        """The documents as the numbers of the known words."""
        texts = [getattr(document, self.settings.counted) for document in documents]
        index = {word: row + FIRST_WORD for row, word in enumerate(self.vectors.words)}
        return Sequences.encode(texts, index, self.settings.longest)

    def _start(self, seed: int) -> Matrix:
        """What the embedding starts from; padding and the unknown word are nothing."""
        known: Any = self.vectors.matrix
        if self.settings.embeddings == "learned":
            known = np.random.default_rng(seed).normal(size=known.shape)
        matrix = np.zeros((FIRST_WORD + len(known), known.shape[1]), dtype=np.float32)
        matrix[FIRST_WORD:] = known * (_SPREAD / max(float(known.std()), 1e-12))
        return matrix


def _train(
    settings: LstmSettings,
    start: Matrix,
    seed: int,
    sequences: Sequences,
    labels: Labels,
    stop: Rows,
) -> "tuple[Network, list[dict[str, float]]]":
    """Train one member; `stop` are the rows that tell it when to."""
    from triptych.nlp.network import Network

    network = Network(settings, start, seed)
    learn = np.setdiff1d(np.arange(len(labels)), stop)
    return network, network.train(
        (sequences.take(learn), labels[learn]), (sequences.take(stop), labels[stop])
    )


def set_apart(labels: Labels, members: int, seed: int) -> list[Rows]:
    """A tenth of the rows for each member, both classes in their shares; no two have a row in
    common unless there are more than ten members.
    """
    from triptych.nlp.tuning import stratified_folds

    count = max(2, min(SET_APART, int(np.bincount(labels, minlength=2).min())))
    folds = stratified_folds(labels, count, seed)
    return [folds[member % count][1] for member in range(members)]
