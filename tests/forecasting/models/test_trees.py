"""LightGBM: boosters that are trained at once."""

import pandas as pd

from tests.forecasting.synthetic import MAX_LEAD, SMALL
from triptych.forecasting.models.base import PanelForecaster
from triptych.forecasting.models.factory import make_forecaster


def test_the_number_of_threads_does_not_change_a_booster(
    fitted: dict[str, PanelForecaster], training: pd.DataFrame
) -> None:
    parameters = SMALL["lightgbm"] | {"threads": 4}
    model = make_forecaster("lightgbm", parameters, max_lead=MAX_LEAD, seed=3).fit(training)

    alone = fitted["lightgbm"]
    assert alone.parameters["threads"] == 1
    assert list(alone.texts.items()) == list(model.texts.items())
