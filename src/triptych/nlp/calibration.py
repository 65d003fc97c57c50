"""From scores to probabilities, learned from scores of reviews that the model had not seen.

Platt, "Probabilistic outputs for support vector machines" (1999): a logistic curve over the score.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from triptych.nlp.classifier import Scores
from triptych.nlp.nb_weights import Labels

_FREE = 1e6  # C of a logistic regression that is in effect not regularised


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
        return np.asarray(1.0 / (1.0 + np.exp(-np.clip(self.log_odds(scores), -30.0, 30.0))))
