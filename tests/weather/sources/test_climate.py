"""What the sample is made of: noise without a state, and the sun."""

import numpy as np
import pytest

from tests.weather.places import PARIS
from triptych.weather.sources.climate import (
    clear_sky_radiation,
    coloured,
    daily_insolation,
    decay,
    declination,
    generate,
)

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
