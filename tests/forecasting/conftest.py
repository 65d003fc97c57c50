"""A synthetic history and every forecaster fitted on its beginning, once a session."""

import pandas as pd
import pytest

from tests.forecasting.synthetic import MAX_LEAD, SMALL, make_history
from triptych.forecasting.models.base import PanelForecaster
from triptych.forecasting.models.factory import make_forecaster

TRAIN_END = pd.Timestamp("2021-03-01", tz="UTC")


@pytest.fixture(scope="session")
def history() -> pd.DataFrame:
    return make_history()


@pytest.fixture(scope="session")
def training(history: pd.DataFrame) -> pd.DataFrame:
    return history[history["time"] < TRAIN_END]


@pytest.fixture(scope="session")
def fitted(training: pd.DataFrame) -> dict[str, PanelForecaster]:
    return {
        name: make_forecaster(name, parameters, max_lead=MAX_LEAD, seed=3).fit(training)
        for name, parameters in SMALL.items()
    }
