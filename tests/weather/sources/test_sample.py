"""The embedded sample: repeatable to the bit, faulty as a source is, and shaped like weather."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from tests.weather.places import NORTHMERE, PARIS, fetch_one
from triptych.weather.sources.base import Query
from triptych.weather.sources.climate import (
    clear_sky_radiation,
    coloured,
    daily_insolation,
    decay,
    declination,
    generate,
)
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


def test_two_places_have_their_own_weather() -> None:
    twin = NORTHMERE.model_copy(update={"slug": "twin"})
    span = (date(2019, 1, 1), date(2020, 1, 1), ["surface_pressure"])
    a = fetch_one(SampleClimate(), NORTHMERE, *span).frame.set_index("time")["surface_pressure"]
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


def test_the_coast_is_milder_than_inland(decade: pd.DataFrame) -> None:
    coast = NORTHMERE.model_copy(update={"slug": "coast", "longitude": -9.0, "elevation": 10.0})
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


HOURS = np.arange(-50_000, 150_000)


def hours_of(instant: str) -> np.ndarray:
    return np.array([np.datetime64(instant, "h").astype(np.int64)])


def test_coloured_noise_keeps_variance_and_has_memory() -> None:
    noise = coloured(5, 0, HOURS, decay(24.0))

    assert noise.std() == pytest.approx(1, abs=0.03)
    assert np.corrcoef(noise[24:], noise[:-24])[0, 1] == pytest.approx(np.exp(-1), abs=0.05)


def test_the_sun() -> None:
    assert np.degrees(declination(hours_of("2019-06-21T12"))) == pytest.approx(23.4, abs=0.1)
    assert np.degrees(declination(hours_of("2019-12-21T12"))) == pytest.approx(-23.4, abs=0.1)
    assert clear_sky_radiation(48.75, 2.25, hours_of("2019-06-21T12")) == pytest.approx(930, abs=40)
    assert clear_sky_radiation(48.75, 2.25, hours_of("2019-06-21T00")) == 0.0
    # Liou (2002), figure 2.8: the poles' summer outshines the equator, and their night is dark
    june = hours_of("2019-06-21T12")
    assert daily_insolation(90.0, june) > daily_insolation(0.0, june)
    assert daily_insolation(-90.0, june) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("latitude", [-90.0, -34.0, 0.0, 34.0, 66.6, 90.0])
def test_any_place_has_possible_weather(latitude: float) -> None:
    place = PARIS.model_copy(update={"latitude": latitude, "longitude": 150.0})

    weather = generate(place, 4, np.arange(400_000, 408_760))

    assert len(weather) == 9
    for values in weather.values():
        assert values.shape == (8760,)
        assert np.isfinite(values).all()
    assert weather["relative_humidity_2m"].min() > 0
    assert weather["relative_humidity_2m"].max() <= 100
    assert (weather["dew_point_2m"] < weather["temperature_2m"]).all()
    assert weather["wind_speed_10m"].max() < 150


def test_the_south_has_its_summer_in_january() -> None:
    hours = np.datetime64("2019-01-01", "h").astype(np.int64) + np.arange(8760)
    place = PARIS.model_copy(update={"latitude": -34.0, "longitude": 20.0})

    temperature = generate(place, 4, hours)["temperature_2m"]

    assert temperature[: 24 * 59].mean() > temperature[24 * 181 : 24 * 243].mean() + 4
