"""From scores to probabilities, learned from scores of reviews that the model had not seen.

Platt, "Probabilistic outputs for support vector machines" (1999): a logistic curve over the score.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from triptych.nlp.classifier import Scores
from triptych.nlp.nbsvm import Labels

_FREE = 1e6  # C of a logistic regression that is in effect not regularised
_FOLDS = 5


@dataclass(frozen=True)
class Calibration:
    """Log-odds as a straight line of the score."""

    slope: float
    intercept: float

    @classmethod
    def learn(cls, scores: Scores, labels: Labels) -> Self:
        """Fit the line on scores that were made out of fold."""
        from sklearn.linear_model import LogisticRegression

        spread = float(np.std(scores)) or 1.0
        model = LogisticRegression(C=_FREE).fit(scores[:, None] / spread, labels)
        return cls(float(model.coef_[0, 0]) / spread, float(model.intercept_[0]))

    def log_odds(self, scores: Scores) -> Scores:
        """The log-odds of class 1."""
        return self.slope * scores + self.intercept

    def probabilities(self, scores: Scores) -> Scores:
        """The probability of class 1."""
        return sigmoid(self.log_odds(scores))


def cross_fitted_log_odds(scores: Scores, labels: Labels) -> Scores:
    """Calibrate out-of-fold scores for evaluation: no score by a line that its own label shaped.

    Each fold is calibrated by a line fitted on the other folds. `Calibration.learn` is for reviews
    to come: on the scores that it is fitted on, its log loss and accuracy are too good.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    spread = float(np.std(scores)) or 1.0
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=0)
    odds = cross_val_predict(
        LogisticRegression(C=_FREE), scores[:, None] / spread, labels, cv=folds,
        method="decision_function",
    )  # fmt: skip
    return np.asarray(odds, dtype=np.float64)


def sigmoid(log_odds: Scores) -> Scores:
    """Probabilities of class 1."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(log_odds, -30.0, 30.0))))
