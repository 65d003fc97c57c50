"""Checks of hourly rows: what passes, what is rejected, and the reasons."""

import json

import numpy as np
import pandas as pd
import pytest

from triptych.store.tables import WEATHER_VARIABLES
from triptych.weather.validation.expectations import REJECT
from triptych.weather.validation.report import check_hourly
from triptych.weather.variables import VARIABLES


@pytest.fixture
def rows() -> pd.DataFrame:
    """Six sound hours."""
    time = pd.date_range("2019-07-14", periods=6, freq="h", tz="UTC", unit="us")
    return pd.DataFrame({
        "location": "paris", "time": time, "temperature_2m": [17.0, 16.5, 16.0, 15.5, 15.0, 15.5],
        "relative_humidity_2m": 80.0, "dew_point_2m": 12.0, "surface_pressure": 1005.0,
        "cloud_cover": 40.0, "wind_speed_10m": 11.0, "wind_direction_10m": 270.0,
        "precipitation": 0.0, "shortwave_radiation": 0.0,
    })  # fmt: skip


def test_the_store_and_the_checks_know_the_same_variables() -> None:
    assert tuple(VARIABLES) == WEATHER_VARIABLES


def test_sound_rows_pass_unchanged(rows: pd.DataFrame) -> None:
    rows.index = pd.Index([9, 8, 7, 6, 5, 4])

    accepted, rejected, _ = check_hourly(rows)

    pd.testing.assert_frame_equal(accepted, rows.reset_index(drop=True))
    assert list(rejected.columns) == ["location", "time", "variable", "reason", "row"]
    assert rejected.empty


@pytest.mark.parametrize("name", VARIABLES)
def test_the_limits_themselves_pass_and_what_is_beyond_does_not(
    name: str, rows: pd.DataFrame
) -> None:
    rows["dew_point_2m"] = -100.0
    rows["temperature_2m"] = 45.0
    ((lowest, highest),) = (
        (e.lowest, e.highest) for e in REJECT if (e.column, e.rule) == (name, "range")
    )
    rows[name] = [lowest, highest, lowest - 0.1, highest + 0.1, np.inf, -np.inf]
    if name == "temperature_2m":
        rows["dew_point_2m"] = np.nan

    accepted, rejected, _ = check_hourly(rows)

    assert list(accepted[name].dropna()) == [lowest, highest]
    assert len(accepted) == 6
    assert list(rejected["variable"]) == [name] * 4
    others = [other for other in VARIABLES if other != name]
    pd.testing.assert_frame_equal(accepted[others], rows[others])
    assert rejected["reason"].str.contains(f"{name} is not within {lowest:g} to").all()


def test_a_dew_point_above_the_temperature_is_impossible_beyond_rounding(
    rows: pd.DataFrame,
) -> None:
    rows["dew_point_2m"] = [17.4, 16.5, 16.0, 16.1, 15.0, 15.5]

    accepted, rejected, _ = check_hourly(rows)

    assert list(rejected["reason"]) == ["dew_point_2m is above temperature_2m (found 16.1)"]
    assert list(rejected["time"]) == [pd.Timestamp("2019-07-14T03:00Z")]
    assert accepted["dew_point_2m"].isna().tolist() == [False] * 3 + [True] + [False] * 2
    assert accepted["temperature_2m"].tolist() == rows["temperature_2m"].tolist()


def test_a_dew_point_is_not_compared_with_an_impossible_temperature(rows: pd.DataFrame) -> None:
    rows.loc[2, "temperature_2m"] = -99.9

    accepted, rejected, _ = check_hourly(rows)

    assert rejected["variable"].tolist() == ["temperature_2m"]
    assert accepted["dew_point_2m"].tolist() == [12.0] * 6


def test_each_impossible_value_of_a_row_is_rejected_alone(rows: pd.DataFrame) -> None:
    rows.loc[1, ["cloud_cover", "precipitation"]] = [120.0, -0.1]

    accepted, rejected, _ = check_hourly(rows)

    assert accepted.columns[accepted.loc[1].isna()].tolist() == ["cloud_cover", "precipitation"]
    assert accepted.isna().sum().sum() == 2
    assert rejected["row"].tolist() == [{"cloud_cover": 120.0}, {"precipitation": -0.1}]


def test_all_reasons_of_a_value_are_joined(rows: pd.DataFrame) -> None:
    rows.loc[1, "dew_point_2m"] = 45.0

    (reason,) = check_hourly(rows)[1]["reason"]

    assert set(reason.split("; ")) == {
        "dew_point_2m is not within -100 to 40 °C (found 45.0)",
        "dew_point_2m is above temperature_2m (found 45.0)",
    }


def test_of_rows_with_one_key_the_first_passes(rows: pd.DataFrame) -> None:
    double = rows.iloc[[2, 2]].assign(temperature_2m=14.0)
    other_place = rows.iloc[[2]].assign(location="brest")

    accepted, rejected, _ = check_hourly(pd.concat([rows, double, other_place]))

    assert len(accepted) == 7
    assert accepted["temperature_2m"].iloc[2] == 16.0
    assert list(rejected["reason"]) == ["the row repeats the location and time of one before"] * 2


def test_a_missing_or_unaligned_key(rows: pd.DataFrame) -> None:
    rows.loc[0, "location"] = None
    rows.loc[1, "time"] = pd.NaT
    rows.loc[2, "time"] += pd.Timedelta(minutes=30)

    accepted, rejected, _ = check_hourly(rows)

    assert len(accepted) == 3
    assert list(rejected["location"]) == ["(none)", "paris", "paris"]
    assert rejected["time"].isna().tolist() == [False, True, False]
    assert rejected["reason"].tolist() == [
        "location is missing",
        "time is missing",
        "time is not on the hour (found 2019-07-14 02:30:00+00:00)",
    ]


def test_a_refused_row_is_kept_as_json(rows: pd.DataFrame) -> None:
    rows.loc[1, ["temperature_2m", "cloud_cover", "precipitation"]] = [99.9, np.nan, np.inf]
    rows.loc[1, "time"] += pd.Timedelta(minutes=30)

    row = check_hourly(rows)[1]["row"].iloc[0]

    assert json.loads(json.dumps(row, allow_nan=False)) == {
        "location": "paris", "time": "2019-07-14T01:30:00Z", "temperature_2m": 99.9,
        "relative_humidity_2m": 80.0, "dew_point_2m": 12.0, "surface_pressure": 1005.0,
        "cloud_cover": None, "wind_speed_10m": 11.0, "wind_direction_10m": 270.0,
        "precipitation": "inf", "shortwave_radiation": 0.0,
    }  # fmt: skip


def test_a_reason_fits_its_column(rows: pd.DataFrame) -> None:
    rows.loc[0, list(VARIABLES)] = 1e9
    rows.loc[0, "time"] += pd.Timedelta(minutes=30)

    reason = check_hourly(rows)[1]["reason"].iloc[0]

    assert len(reason) == 500
