"""A statistical model forecasts the same from sixty days of history as from years: serving needs no
more.
"""

from datetime import date

import pandas as pd
import pytest

from tests.weather.places import PARIS, fetch_one
from triptych.forecasting.models.base import PanelForecaster
from triptych.forecasting.models.factory import STATISTICAL_NAMES, make_forecaster
from triptych.weather.locations import locations_frame
from triptych.weather.sources.sample import SampleClimate
from triptych.weather.steps import hours_to_history
from triptych.weather.variables import VARIABLES

TRAIN_END = pd.Timestamp("2020-01-01", tz="UTC")
ORIGINS = pd.date_range("2020-01-05", "2020-12-20", freq="70D", tz="UTC")
LEADS = range(1, 17)


@pytest.fixture(scope="module")
def climate() -> pd.DataFrame:
    hours = fetch_one(SampleClimate(), PARIS, date(2018, 1, 1), date(2021, 1, 1), list(VARIABLES))
    return hours_to_history(locations_frame([PARIS]), 6, hours.frame)


def largest_difference(model: PanelForecaster, climate: pd.DataFrame, days: int) -> float:
    whole = model.predict(climate, ORIGINS, LEADS)
    short = [
        model.predict(
            climate[climate["time"].between(origin - pd.Timedelta(days=days), origin, "left")],
            pd.DatetimeIndex([origin]),
            LEADS,
        )
        for origin in ORIGINS
    ]
    return float((pd.concat(short, ignore_index=True)["mean"] - whole["mean"]).abs().max())


@pytest.mark.parametrize("name", STATISTICAL_NAMES)
def test_sixty_days_of_history_are_enough(name: str, climate: pd.DataFrame) -> None:
    model = make_forecaster(name, {}, max_lead=16, seed=0)
    model.fit(climate[climate["time"] < TRAIN_END])
    assert largest_difference(model, climate, days=60) <= 0.02
    assert largest_difference(model, climate, days=1) > 0.02  # the check would notice
