"""Models of reviews, whole: preparation, classifier, calibration. They answer for raw texts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from triptych.nlp.calibration import Calibration, cross_fitted_log_odds, sigmoid
from triptych.nlp.classifier import Documents, Scores, TextClassifier
from triptych.nlp.config import ModelSettings
from triptych.nlp.lstm import LstmClassifier
from triptych.nlp.nbsvm import Labels
from triptych.nlp.preprocessing import Preparation
from triptych.nlp.tuning import Tuned, judge_scores

BLEND, LSTM, LSTM_ENSEMBLE = "blend", "lstm", "lstm_ensemble"
CLASSES = ("negative", "positive")
_LARGEST_BLEND = 4


class DocumentModel(Protocol):
    """Anything that gives log-odds of class 1 for prepared documents."""

    def log_odds(self, documents: Documents) -> Scores:
        """The calibrated log-odds of each document."""
        ...


@dataclass(frozen=True)
class CalibratedClassifier:
    """A classifier fitted on all training documents, calibrated on its out-of-fold scores."""

    classifier: TextClassifier | LstmClassifier
    calibration: Calibration

    def log_odds(self, documents: Documents) -> Scores:
        """The calibrated log-odds of class 1."""
        return self.calibration.log_odds(self.classifier.scores(documents))


@dataclass(frozen=True)
class Blend:
    """The mean of the members' log-odds, calibrated again."""

    members: Mapping[str, CalibratedClassifier]
    calibration: Calibration

    def log_odds(self, documents: Documents) -> Scores:
        """The calibrated log-odds of class 1."""
        odds = [member.log_odds(documents) for member in self.members.values()]
        return self.calibration.log_odds(np.mean(odds, axis=0))


@dataclass(frozen=True)
class ReviewModel:
    """A document model with the preparation that it was trained with."""

    name: str
    preparation: Preparation
    model: DocumentModel
    parameters: Mapping[str, object] = field(default_factory=dict)

    @property
    def classes(self) -> list[str]:
        """What a review can be, in the order of the columns of `probabilities`."""
        return list(CLASSES)

    def probabilities(self, reviews: Sequence[str]) -> Scores:
        """The probability of each class, a row a review."""
        positive = self.document_probabilities(self.preparation.prepare(reviews))
        return np.stack([1 - positive, positive], axis=1)

    def document_probabilities(self, documents: Documents) -> Scores:
        """The probability that each prepared review is positive."""
        return sigmoid(self.model.log_odds(documents))


def choose_members(tuned: Mapping[str, Tuned[ModelSettings]], labels: Labels) -> list[str]:
    """Choose a blend's members on out-of-fold scores: the best one, then whoever helps most.

    Caruana et al., "Ensemble selection from libraries of models" (ICML 2004), without repeats.
    """
    odds = {name: cross_fitted_log_odds(found.scores, labels) for name, found in tuned.items()}
    members: list[str] = []
    loss = np.inf
    while len(members) < min(_LARGEST_BLEND, len(odds)):
        losses = {
            name: judge_scores(np.mean([odds[m] for m in [*members, name]], axis=0), labels)[0]
            for name in odds
            if name not in members
        }
        best = min(losses, key=lambda name: (round(losses[name], 9), name))
        if round(losses[best], 9) >= round(loss, 9):
            break
        members, loss = [*members, best], losses[best]
    return members


def blend_scores(
    tuned: Mapping[str, Tuned[ModelSettings]], members: Sequence[str], labels: Labels
) -> Scores:
    """The out-of-fold log-odds of a blend, before its own calibration."""
    odds = [cross_fitted_log_odds(tuned[name].scores, labels) for name in members]
    return np.asarray(np.mean(odds, axis=0))
