"""Inputs of forecasts, and their importance."""

from copy import copy

import numpy as np
import pandas as pd
import pytest

from tests.forecasting.synthetic import SMALL
from triptych.forecasting.models.base import PanelForecaster
from triptych.forecasting.models.factory import BASELINE_NAMES

ORIGIN = pd.Timestamp("2021-04-05", tz="UTC")
Fitted = dict[str, PanelForecaster]
every_model = pytest.mark.parametrize("name", SMALL)


@every_model
def test_inputs_have_a_row_a_location_and_feature(
    name: str, fitted: Fitted, history: pd.DataFrame
) -> None:
    table = fitted[name].inputs(history, ORIGIN)
    names = fitted[name].feature_names
    assert table.columns.tolist() == ["location", "feature", "value"]
    assert table["feature"].tolist() == [*names, *names]
    assert table["location"].tolist() == ["east"] * len(names) + ["west"] * len(names)


def test_inputs_are_of_the_origin(fitted: Fitted, history: pd.DataFrame) -> None:
    table = fitted["lightgbm"].inputs(history, ORIGIN).set_index(["location", "feature"])["value"]
    assert table["east", "latitude"] == pytest.approx(52.5)
    assert table["west", "target_lead"] == 1
    assert table["east", "temperature_2m_lag1"] == pytest.approx(
        table["west", "neighbour1_temperature_2m_lag1"]
    )


@every_model
def test_importance_is_a_share_of_every_feature(name: str, fitted: Fitted) -> None:
    table = fitted[name].importance()
    if name in BASELINE_NAMES:
        assert table.empty
        return
    assert set(table["feature"]) == set(fitted[name].feature_names)
    assert table["importance"].sum() == pytest.approx(1)
    assert (table["importance"] >= 0).all()
    assert table["importance"].is_monotonic_decreasing
    assert np.isfinite(table["importance"]).all()


def test_features_of_equal_importance_are_in_the_order_of_their_names(fitted: Fitted) -> None:
    """Also where the values differ in the last bit, as they do from one CPU to another."""
    forest = copy(fitted["random_forest"])
    shares = np.full(len(forest.feature_names), 1.0)
    shares[::2] = np.nextafter(1.0, 2.0)
    forest.state = {**forest.state, "importance": shares}

    table = forest.importance()

    assert table["feature"].tolist() == sorted(forest.feature_names)
