"""Leak test of all forecasts and features, with deliberate violations."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from tests.forecasting.synthetic import MAX_LEAD, SMALL
from triptych.forecasting.arrays import FloatArray, IntArray
from triptych.forecasting.contract import TEMPERATURE
from triptych.forecasting.features.feature_table import origin_features, target_features
from triptych.forecasting.features.panel import Panel
from triptych.forecasting.models.anomaly import LearnedForecaster
from triptych.forecasting.models.base import PanelForecaster
from triptych.forecasting.models.baselines import ClimatologyForecaster

ORIGINS = ["2021-03-20 00:00", "2021-04-02 15:00"]
LEADS = range(1, MAX_LEAD + 1)


class Leaking(ClimatologyForecaster):
    """Forecasts the step at its origin as it will be."""

    def _forecast(self, panel: Panel, origins: IntArray, leads: IntArray) -> FloatArray:
        honest = super()._forecast(panel, origins, leads)
        column = np.minimum(origins - panel.grid.first, panel.grid.length - 1)
        return honest + 0.01 * panel.grid.values[TEMPERATURE][:, column, None]


@pytest.mark.parametrize("name", SMALL)
def test_forecasts_do_not_depend_on_later_values(
    name: str, fitted: dict[str, PanelForecaster], history: pd.DataFrame
) -> None:
    at = pd.Timestamp(ORIGINS[1], tz="UTC")

    def look(known: pd.DataFrame) -> np.ndarray:
        return fitted[name].predict(known, pd.DatetimeIndex([at]), LEADS)["mean"].to_numpy()

    assert leaks(look, history, at) == []


@pytest.mark.parametrize("origin", ORIGINS)
def test_features_do_not_depend_on_later_values(
    origin: str, fitted: dict[str, PanelForecaster], history: pd.DataFrame
) -> None:
    at = pd.Timestamp(origin, tz="UTC")
    model = fitted["lightgbm"]
    assert isinstance(model, LearnedForecaster)

    def look(known: pd.DataFrame) -> np.ndarray:
        panel = model.panel(known)
        step = np.array([(at - pd.Timestamp(0, tz="UTC")) // pd.Timedelta("3h")])
        of_origin = origin_features(panel, model.neighbours, step)
        of_target = target_features(panel, step, np.array(LEADS))
        return np.concatenate([of_origin.ravel(), of_target.ravel()])

    assert np.isfinite(look(history)).mean() > 0.85  # two places have no second neighbour
    assert leaks(look, history, at) == []


def test_a_leaking_forecaster_is_detected(training: pd.DataFrame, history: pd.DataFrame) -> None:
    at = pd.Timestamp(ORIGINS[0], tz="UTC")
    model = Leaking(max_lead=8).fit(training)

    def look(known: pd.DataFrame) -> np.ndarray:
        return model.predict(known, pd.DatetimeIndex([at]), [1, 8])["mean"].to_numpy()

    assert leaks(look, history, at) == ["noise", "blank", "cut"]


def test_a_leaking_feature_is_detected(history: pd.DataFrame) -> None:
    at = pd.Timestamp(ORIGINS[0], tz="UTC")

    def centred_mean(known: pd.DataFrame) -> np.ndarray:
        around = known[(known["time"] - at).abs() <= pd.Timedelta("6h")]
        return around.groupby("location")[TEMPERATURE].mean().to_numpy()

    assert leaks(centred_mean, history, at) == ["noise", "blank", "cut"]


KEYS = ["location", "time", "latitude", "longitude"]


def later_changed(history: pd.DataFrame, origin: pd.Timestamp) -> dict[str, pd.DataFrame]:
    """Copies of a history whose values at or after `origin` are noise, missing, or cut off."""
    later = (history["time"] >= origin).to_numpy()
    values = [name for name in history if name not in KEYS]
    noise, blank = history.copy(), history.copy()
    rng = np.random.default_rng(1)
    noise.loc[later, values] = rng.normal(0, 1e4, (int(later.sum()), len(values)))
    blank.loc[later, values] = np.nan
    return {"noise": noise, "blank": blank, "cut": history[~later]}


def leaks(
    look: Callable[[pd.DataFrame], np.ndarray], history: pd.DataFrame, origin: pd.Timestamp
) -> list[str]:
    """The changes of the future that move what `look` sees of a history; none for an honest one."""
    before = look(history)
    return [
        change
        for change, changed in later_changed(history, origin).items()
        if not np.array_equal(before, look(changed), equal_nan=True)
    ]
