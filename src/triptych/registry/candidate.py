"""A fitted forecaster with all that a reader of the registry needs to know of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd

from triptych.forecasting.base import PanelForecaster


@dataclass(frozen=True)
class Candidate:
    """A model that asks for a place in the registry.

    Attributes:
        name: what it forecasts; versions of one name succeed each other.
        algorithm: the forecaster's name.
        example: a few days of history, as the model takes it.
        data_sha256: digest of the rows it was trained on.
        as_of: when it was trained, in the data's time.
        promote_first: put it in production if it is the first of its name and beats the baselines.
    """

    name: str
    algorithm: str
    forecaster: PanelForecaster
    example: pd.DataFrame
    locations: list[str]
    train_start: datetime
    train_end: datetime
    as_of: datetime
    parameters: dict[str, Any]
    features: list[str]
    metrics: dict[str, Any]
    data_sha256: str
    promote_first: bool = False

    @property
    def beats_baselines(self) -> bool:
        """Whether it did better than both, day-ahead, over all locations of its test period."""
        scores = self.metrics.get("all", {})
        return all(scores.get(skill, 0) > 0 for skill in ("skill_day", "skill_climatology"))
