"""Weights by lead, and the mean of members that they make."""

import numpy as np
import pandas as pd

from triptych.forecasting.models.base import PanelForecaster
from triptych.forecasting.models.ensemble import (
    EnsembleForecaster,
    cross_fitted,
    learn_weights,
    weighted_mean,
)


def _errors(errors: dict[str, np.ndarray], lead: int) -> pd.DataFrame:
    start = pd.Timestamp("2021-01-01", tz="UTC")
    frames = []
    for model, values in errors.items():
        as_of = start + pd.to_timedelta(np.arange(len(values)), unit="D")
        frame = pd.DataFrame(
            {"model": model, "location": "a", "data_age": 0, "as_of": as_of, "lead": lead}
        )
        frame["time"] = as_of + pd.Timedelta(3 * (lead - 1), unit="h")
        frames.append(frame.assign(mean=values, observed=0.0))
    return pd.concat(frames)


def test_equal_independent_members_count_alike() -> None:
    one = np.array([1.0, -1.0] * 50)
    other = np.array([1.0, 1.0, -1.0, -1.0] * 25)
    weights = learn_weights(_errors({"x": one, "y": other}, 1), ["x", "y"])
    assert weights == {"x": [0.5], "y": [0.5]}


def test_the_inverse_of_the_variance_decides() -> None:
    one = np.array([1.0, -1.0] * 50)
    other = 2 * np.array([1.0, 1.0, -1.0, -1.0] * 25)
    weights = learn_weights(_errors({"x": one, "y": other}, 1), ["x", "y"])
    assert weights == {"x": [0.8], "y": [0.2]}


def test_no_weight_is_negative() -> None:
    rng = np.random.default_rng(0)
    good = rng.normal(size=400)
    worse = 2 * good + 0.1 * rng.normal(size=400)  # the least squares answer is 2 and -1
    weights = learn_weights(_errors({"x": good, "y": worse}, 1), ["x", "y"])
    assert weights == {"x": [1.0], "y": [0.0]}


def test_leads_not_validated_take_the_nearest_ones() -> None:
    one, other = np.array([1.0, -1.0] * 8), np.array([1.0, 1.0, -1.0, -1.0] * 4)
    table = pd.concat(
        [_errors({"x": one, "y": 2 * other}, 1), _errors({"x": 2 * one, "y": other}, 12)]
    )
    weights = learn_weights(table, ["x", "y"])
    assert weights["x"] == [0.8] * 6 + [0.2] * 6


def test_an_ensemble_is_the_weighted_mean(
    fitted: dict[str, PanelForecaster], history: pd.DataFrame
) -> None:
    members = [fitted["ridge"], fitted["climatology"]]
    weights = {"ridge": [1.0, 0.25], "climatology": [0.0, 0.75]}
    ensemble = EnsembleForecaster.of_fitted(members, weights)
    origins = pd.to_datetime(["2021-03-05", "2021-03-09"], utc=True)
    mixed = ensemble.predict(history, origins, [1, 2, 20])["mean"].to_numpy().reshape(-1, 3)
    ridge, normal = (
        m.predict(history, origins, [1, 2, 20])["mean"].to_numpy().reshape(-1, 3) for m in members
    )
    np.testing.assert_allclose(mixed[:, 0], ridge[:, 0])
    np.testing.assert_allclose(mixed[:, 1:], 0.25 * ridge[:, 1:] + 0.75 * normal[:, 1:])
    assert ensemble.train_end == fitted["ridge"].train_end
    assert ensemble.feature_names == fitted["ridge"].feature_names


def test_a_member_may_know_the_temperature_alone(
    fitted: dict[str, PanelForecaster], history: pd.DataFrame
) -> None:
    members = [fitted["arima"], fitted["ridge"]]
    ensemble = EnsembleForecaster.of_fitted(members, {"arima": [0.0], "ridge": [1.0]})
    origins = pd.to_datetime(["2021-03-05"], utc=True)

    made, ridge = (m.predict(history, origins, [1, 2])["mean"] for m in (ensemble, members[1]))
    np.testing.assert_allclose(made, ridge)


def test_the_mean_of_forecasts_uses_the_last_weight_for_later_leads() -> None:
    table = pd.concat(
        [_errors({"x": np.array([1.0]), "y": np.array([5.0])}, lead) for lead in (1, 2, 3)]
    )
    mixed = weighted_mean(table, {"x": [1.0, 0.5], "y": [0.0, 0.5]}, "both")
    assert mixed[["lead", "mean", "observed", "model"]].to_numpy().tolist() == [
        [1, 1.0, 0.0, "both"],
        [2, 3.0, 0.0, "both"],
        [3, 3.0, 0.0, "both"],
    ]


def test_a_month_is_forecast_with_weights_that_never_saw_it() -> None:
    rng = np.random.default_rng(1)
    table = _errors({"x": rng.normal(size=59), "y": rng.normal(size=59)}, 1)  # January, February
    january = table["as_of"].dt.month == 1

    def mixed(frame: pd.DataFrame) -> list[float]:
        crossed = cross_fitted(frame, ["x", "y"], "both")
        return crossed.loc[crossed["as_of"].dt.month == 1, "mean"].tolist()

    own = table.assign(observed=table["observed"].where(~january, table["mean"]))
    other = table.assign(observed=table["observed"].where(january, table["mean"]))
    assert mixed(own) == mixed(table)  # what January observed plays no part in its own weights
    assert mixed(other) != mixed(table)  # what February observed does


def test_a_single_month_has_nothing_to_cross() -> None:
    table = _errors({"x": np.array([1.0, -1.0]), "y": np.array([2.0, 2.0])}, 1)
    weights = learn_weights(table, ["x", "y"])
    pd.testing.assert_frame_equal(
        cross_fitted(table, ["x", "y"], "both"), weighted_mean(table, weights, "both")
    )
