"""The contract of all forecasters."""

import logging
from copy import copy

import numpy as np
import pandas as pd
import pytest

from tests.forecasting.synthetic import MAX_LEAD, SMALL
from triptych.forecasting.contract import FORECAST_COLUMNS
from triptych.forecasting.errors import (
    ForecastingError,
    ShortHistoryError,
)
from triptych.forecasting.evaluation.backtest import backtest
from triptych.forecasting.models.base import PanelForecaster
from triptych.forecasting.models.factory import (
    BASELINE_NAMES,
    MODEL_NAMES,
    NWP_NAMES,
    make_forecaster,
)

ORIGINS = pd.to_datetime(
    ["2021-03-05 00:00", "2021-03-05 15:00", "2021-03-20 00:00", "2021-04-01 06:00"], utc=True
)
Fitted = dict[str, PanelForecaster]
every_model = pytest.mark.parametrize("name", SMALL)


def test_every_model_is_tested() -> None:
    assert {*SMALL, *NWP_NAMES} == set(MODEL_NAMES)  # NWP: models/test_nwp.py


@every_model
def test_forecasts_have_the_shape_of_the_contract(
    name: str, fitted: Fitted, history: pd.DataFrame
) -> None:
    forecasts = fitted[name].predict(history, ORIGINS[[2, 0]], [9, 1])
    assert tuple(forecasts.columns) == FORECAST_COLUMNS
    assert forecasts["location"].tolist() == ["east"] * 4 + ["west"] * 4
    assert forecasts["lead"].tolist() == [1, 9] * 4
    assert (
        forecasts["as_of"].tolist()
        == [ORIGINS[0]] * 2 + [ORIGINS[2]] * 2 + [ORIGINS[0]] * 2 + [ORIGINS[2]] * 2
    )
    wait = 3 * (forecasts["lead"] - 1)
    assert (forecasts["time"] == forecasts["as_of"] + pd.to_timedelta(wait, unit="h")).all()
    assert forecasts["mean"].between(-40, 50).all()
    assert forecasts["lower"].isna().all() and forecasts["upper"].isna().all()


@every_model
def test_forecasts_do_not_depend_on_other_origins_or_the_order_of_rows(
    name: str, fitted: Fitted, history: pd.DataFrame
) -> None:
    leads = [1, 2, 8, 13, MAX_LEAD]
    together = fitted[name].predict(history, ORIGINS, leads)
    for place in (1, 2):
        alone = fitted[name].predict(history, ORIGINS[[place]], leads)
        expected = together[together["as_of"] == ORIGINS[place]].reset_index(drop=True)
        pd.testing.assert_frame_equal(alone, expected, check_exact=True)
    shuffled = history.sample(frac=1, random_state=1)
    single = fitted[name].predict(shuffled, ORIGINS, [13])
    expected = together[together["lead"] == 13].reset_index(drop=True)
    pd.testing.assert_frame_equal(single, expected, check_exact=True)


@every_model
def test_missing_values_are_tolerated(
    name: str, training: pd.DataFrame, history: pd.DataFrame
) -> None:
    rng = np.random.default_rng(5)
    values = [c for c in history if c not in ("location", "time", "latitude", "longitude")]
    holes = history.copy()
    holes[values] = holes[values].mask(rng.random((len(holes), len(values))) < 0.02)
    week = holes["time"].between(ORIGINS[2] - pd.Timedelta("7D"), ORIGINS[2], inclusive="left")
    holes.loc[week & (holes["location"] == "east"), values] = np.nan
    holes = holes.drop(columns="cloud_cover")
    model = make_forecaster(name, SMALL[name], max_lead=MAX_LEAD, seed=3)
    model.fit(holes[holes["time"] < training["time"].max()])
    forecasts = model.predict(holes, ORIGINS, [1, 8, 20])
    known = forecasts[~((forecasts["location"] == "east") & (forecasts["as_of"] == ORIGINS[2]))]
    assert known["mean"].between(-40, 50).all()
    unknown = forecasts.drop(known.index)["mean"]
    if name in ("persistence", "same_hour_yesterday"):
        assert unknown.isna().all()  # a baseline that knows nothing says nothing
    else:
        assert unknown.between(-40, 50).all()


@every_model
def test_a_constant_series_is_forecast_as_it_is(name: str, training: pd.DataFrame) -> None:
    still = training.assign(
        **dict.fromkeys([c for c in training if c.startswith("temperature")], 12.5)
    )
    model = make_forecaster(name, SMALL[name], max_lead=MAX_LEAD, seed=3).fit(still)
    origins = pd.DatetimeIndex([still["time"].max() + pd.Timedelta("3h")])
    forecasts = model.predict(still, origins, [1, 8, 20])
    assert forecasts["mean"].to_numpy() == pytest.approx(12.5, abs=1e-3)


@every_model
def test_temperature_alone_is_enough(name: str, training: pd.DataFrame) -> None:
    bare = training[["location", "time", "latitude", "longitude", "temperature_2m"]]
    bare = bare[bare["location"] == "west"]
    model = make_forecaster(name, SMALL[name], max_lead=8, seed=3).fit(bare)
    forecasts = model.predict(bare, pd.DatetimeIndex(["2021-02-28"], tz="UTC"), [1, 8])
    assert forecasts["mean"].between(-40, 50).all()


@every_model
def test_a_short_history_is_rejected(name: str, training: pd.DataFrame) -> None:
    baseline = name in BASELINE_NAMES
    needed, end, found = (60, "2020-02-20", 50) if baseline else (365, "2020-12-01", 335)
    short = training[training["time"] < pd.Timestamp(end, tz="UTC")]
    with pytest.raises(ShortHistoryError, match=rf"needs {needed} days .* east has {found}"):
        make_forecaster(name, SMALL[name], max_lead=8, seed=3).fit(short)


@every_model
def test_an_unfitted_model_raises(name: str, history: pd.DataFrame) -> None:
    model = make_forecaster(name, SMALL[name], max_lead=8, seed=3)
    with pytest.raises(ForecastingError, match=f"{name} has not been fitted"):
        model.predict(history, ORIGINS, [1])


@every_model
def test_an_unknown_location_is_named(name: str, fitted: Fitted, history: pd.DataFrame) -> None:
    with pytest.raises(ForecastingError, match="oslo; it has 2 locations, such as east, west"):
        fitted[name].predict(history.replace({"location": {"east": "oslo"}}), ORIGINS, [1])


@pytest.mark.parametrize(
    ("origins", "leads", "error", "message"),
    [
        ([], [1], ForecastingError, "no origin"),
        (["2021-03-05 01:00"], [1], ForecastingError, "3-hour grid"),
        (["2021-06-04 03:00"], [1], ForecastingError, "ends at 2021-06-04 00:00:00"),
        (["2020-01-01 21:00"], [1], ShortHistoryError, "a day of history"),
        (["2021-03-05"], [], ForecastingError, "these are none"),
        (["2021-03-05"], [0, 1], ForecastingError, "1 to 20 .* 0 to 1"),
        (["2021-03-05"], [21], ForecastingError, "1 to 20 .* 21 to 21"),
    ],
)
def test_invalid_origins_and_leads_are_rejected(
    origins: list[str],
    leads: list[int],
    error: type[Exception],
    message: str,
    fitted: Fitted,
    history: pd.DataFrame,
) -> None:
    with pytest.raises(error, match=message):
        fitted["ridge"].predict(history, pd.DatetimeIndex(origins, tz="UTC"), leads)


def test_the_end_of_the_history_is_an_origin(fitted: Fitted, history: pd.DataFrame) -> None:
    end = pd.DatetimeIndex(["2021-06-04"], tz="UTC")
    assert fitted["ridge"].predict(history, end, [1])["mean"].notna().all()


def test_a_kernel_model_serves_the_steps_it_was_fitted_for(training: pd.DataFrame) -> None:
    parameters = {"max_rows": 50, "origin_steps": (0,)}
    model = make_forecaster("kernel_ridge", parameters, max_lead=8, seed=0).fit(training)
    with pytest.raises(ForecastingError, match=r"steps of the day \[0\], not from 1"):
        model.predict(training, pd.DatetimeIndex(["2021-02-01 03:00"], tz="UTC"), [1])


def test_a_missing_neighbour_is_reported(
    fitted: Fitted, history: pd.DataFrame, caplog: pytest.LogCaptureFixture
) -> None:
    alone = history[history["location"] == "east"]
    with caplog.at_level(logging.WARNING):
        forecasts = fitted["ridge"].predict(alone, ORIGINS, [1])
    assert forecasts["mean"].between(-40, 50).all()
    assert "neighbours that this history lacks: west" in caplog.text


def test_unknown_names_and_parameters_are_rejected() -> None:
    with pytest.raises(ForecastingError, match=r"no forecaster 'prophet'; there are persistence"):
        make_forecaster("prophet", {}, max_lead=8, seed=0)
    with pytest.raises(ForecastingError, match="ridge has no parameter penalty; it has alpha"):
        make_forecaster("ridge", {"penalty": 1}, max_lead=8, seed=0)
    with pytest.raises(ForecastingError, match="it got members ridge and weights of forest"):
        make_forecaster(
            "ensemble", {"members": {"ridge": {}}, "weights": {"forest": [1]}}, max_lead=8, seed=0
        )


@pytest.mark.parametrize("name", [name for name in SMALL if name not in BASELINE_NAMES])
def test_models_beat_climatology_on_synthetic_weather(
    name: str, fitted: Fitted, history: pd.DataFrame
) -> None:
    start, end = pd.to_datetime(["2021-03-02", "2021-05-31"], utc=True)

    def error(model: str) -> float:
        rows = backtest(fitted[model], history, start, end, range(1, 9))
        return float(((rows["mean"] - rows["observed"]) ** 2).mean() ** 0.5)

    assert error(name) < 0.85 * error("climatology")


@every_model
def test_inputs_have_a_row_a_location_and_feature(
    name: str, fitted: Fitted, history: pd.DataFrame
) -> None:
    table = fitted[name].inputs(history, ORIGINS[2])
    names = fitted[name].feature_names
    assert table.columns.tolist() == ["location", "feature", "value"]
    assert table["feature"].tolist() == [*names, *names]
    assert table["location"].tolist() == ["east"] * len(names) + ["west"] * len(names)


def test_inputs_are_of_the_origin(fitted: Fitted, history: pd.DataFrame) -> None:
    inputs = fitted["lightgbm"].inputs(history, ORIGINS[2])
    table = inputs.set_index(["location", "feature"])["value"]
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
