"""The embedded sample: repeatable to the bit, faulty as a source is, and shaped like weather."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from tests.weather.places import NORTHMERE, PARIS, fetch_one
from triptych.weather.locations import Location
from triptych.weather.sources.base import Query
from triptych.weather.sources.sample import SampleClimate
from triptych.weather.validation.report import check_hourly
from triptych.weather.variables import VARIABLES

NAMES = list(VARIABLES)


@pytest.fixture(scope="module")
def whole() -> pd.DataFrame:
    """Ten years of the inland city."""
    return fetch_one(SampleClimate(), NORTHMERE, date(2010, 1, 1), date(2020, 1, 1), NAMES).frame


@pytest.fixture(scope="module")
def decade(whole: pd.DataFrame) -> pd.DataFrame:
    """Its valid values by time."""
    return check_hourly(whole)[0].set_index("time")


@pytest.mark.parametrize(
    ("start", "days"), [(date(2019, 1, 1), 365), (date(2015, 2, 1), 1), (date(2012, 12, 31), 2)]
)
def test_an_hour_is_the_same_whatever_is_requested_before(
    start: date, days: int, whole: pd.DataFrame
) -> None:
    sample, end = SampleClimate(), start + timedelta(days=days)
    fetch_one(sample, PARIS, date(2030, 6, 1), date(2030, 9, 1), NAMES)

    alone = fetch_one(sample, NORTHMERE, start, end, NAMES).frame

    part = whole[(whole["time"].dt.date >= start) & (whole["time"].dt.date < end)]
    pd.testing.assert_frame_equal(part.reset_index(drop=True), alone, check_exact=True)


def test_a_forecast_is_the_same_whatever_is_requested() -> None:
    sample, start = SampleClimate(), date(2024, 1, 1)

    def fetch(first: int, days: int) -> pd.DataFrame:
        begin = start + timedelta(days=first)
        query = Query([NORTHMERE], begin, begin + timedelta(days=days))
        (frame,) = sample.fetch_nwp(query, ["gfs_global"], [1, 2, 3])
        return frame.sort_values(["time", "lead_day"], ignore_index=True)

    daily = pd.concat([fetch(day, 1) for day in range(31)], ignore_index=True)

    pd.testing.assert_frame_equal(daily, fetch(0, 31))


def test_answers_like_the_archive(northmere: Location) -> None:
    days, names = (date(2019, 7, 14), date(2019, 7, 16)), ["temperature_2m", "cloud_cover"]

    frame = fetch_one(SampleClimate(), northmere, *days, names).frame

    assert list(frame.columns) == ["location", "time", "temperature_2m", "cloud_cover"]
    assert frame["time"].dtype == pd.DatetimeTZDtype("us", "UTC")
    assert (frame["location"] == "northmere").all()
    assert frame["time"].between("2019-07-14T00:00Z", "2019-07-15T23:00Z").all()
    assert frame["time"].is_monotonic_increasing and frame["time"].is_unique


def test_two_places_have_their_own_weather(northmere: Location) -> None:
    twin = northmere.model_copy(update={"slug": "twin"})
    span = (date(2019, 1, 1), date(2020, 1, 1), ["surface_pressure"])
    a = fetch_one(SampleClimate(), northmere, *span).frame.set_index("time")["surface_pressure"]
    b = fetch_one(SampleClimate(), twin, *span).frame.set_index("time")["surface_pressure"]

    assert abs(a.corr(b)) < 0.2


def test_lacks_hours_now_and_then_but_few(decade: pd.DataFrame) -> None:
    missing = 87_648 - len(decade)
    assert 100 < missing < 900
    gaps = decade.index.to_series().diff().dropna() / pd.Timedelta(hours=1) - 1
    assert (gaps > 0).sum() > 50
    assert gaps.max() > 6


def test_has_a_few_impossible_values(whole: pd.DataFrame) -> None:
    rejected = check_hourly(whole)[1]

    assert 3 <= len(rejected) <= 20
    assert rejected["reason"].str.contains("is not within").all()


def test_seasons_and_days(decade: pd.DataFrame) -> None:
    temperature = decade["temperature_2m"]
    month = temperature.groupby(decade.index.month).mean()
    assert month.idxmax() in (7, 8)
    assert month.idxmin() in (1, 2)
    assert 15 < month.max() - month.min() < 25
    july = temperature[decade.index.month == 7]
    hour = july.groupby(july.index.hour).mean()
    assert hour.idxmax() in (13, 14, 15, 16)  # solar noon is at 10:32 UTC, 22° east
    assert hour.idxmin() in (2, 3, 4)
    assert 5 < hour.max() - hour.min() < 12


def test_the_coast_is_milder_than_inland(northmere: Location, decade: pd.DataFrame) -> None:
    coast = northmere.model_copy(update={"slug": "coast", "longitude": -9.0, "elevation": 10.0})
    frame = fetch_one(SampleClimate(), coast, date(2010, 1, 1), date(2020, 1, 1), NAMES).frame

    mild = check_hourly(frame)[0]["temperature_2m"].std()
    assert mild < 0.7 * decade["temperature_2m"].std()


def test_variables_move_together(decade: pd.DataFrame) -> None:
    night = decade["shortwave_radiation"][decade.index.hour == 23]
    assert (night == 0).all()
    noon = decade[(decade.index.hour == 11) & (decade.index.month == 6)]
    assert noon["shortwave_radiation"].corr(noon["cloud_cover"]) < -0.8
    assert decade["surface_pressure"].corr(decade["cloud_cover"]) < -0.3
    wet = decade["precipitation"] > 0
    assert 0.05 < wet.mean() < 0.25
    assert decade["cloud_cover"][wet].mean() > decade["cloud_cover"][~wet].mean() + 25
    spread = decade["temperature_2m"] - decade["dew_point_2m"]
    assert (spread.dropna() >= 0).all()
    assert spread.corr(decade["relative_humidity_2m"]) < -0.9


def test_a_warm_southerly_announces_warmth(decade: pd.DataFrame) -> None:
    """What pressure and wind say beyond the temperature itself is why models beat baselines."""
    hourly = decade.drop(columns="location").resample("h").mean().interpolate()
    anomaly = hourly["temperature_2m"] - hourly["temperature_2m"].groupby(
        [hourly.index.month, hourly.index.hour]
    ).transform("mean")
    northward = -hourly["wind_speed_10m"] * np.cos(np.radians(hourly["wind_direction_10m"]))
    noon = anomaly.index.hour == 12
    change = (anomaly.shift(-24) - anomaly)[noon].iloc[:-1]

    assert change.corr(northward[noon].iloc[:-1]) > 0.3
