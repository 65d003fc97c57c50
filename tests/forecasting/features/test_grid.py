"""The long frame as a grid, and the refusals of a frame that breaks its contract."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triptych.forecasting.errors import ForecastingError
from triptych.forecasting.features.grid import step_numbers, step_times, to_grid
from triptych.forecasting.features.panel import with_wind_components


def _frame(**changes: object) -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "location": ["b", "a", "a"],
            "time": pd.to_datetime(
                ["1970-01-01 03:00", "1970-01-01 00:00", "1970-01-01 06:00"], utc=True
            ),
            "latitude": [1.0, 2.0, 2.0],
            "longitude": [3.0, 4.0, 4.0],
            "temperature_2m": [5.0, 6.0, 7.0],
        }
    )
    return frame.assign(**changes)


def test_a_frame_becomes_a_grid_with_gaps() -> None:
    grid = to_grid(_frame())
    assert grid.locations == ("a", "b")
    assert (grid.first, grid.end) == (0, 3)
    np.testing.assert_array_equal(
        grid.values["temperature_2m"], [[6.0, np.nan, 7.0], [np.nan, 5.0, np.nan]]
    )
    assert grid.latitude.tolist() == [2.0, 1.0]


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (_frame().drop(columns="latitude"), "lacks latitude"),
        (_frame().iloc[:0], "no row"),
        (_frame(time=pd.to_datetime(["1970-01-01"] * 3)), "UTC zone"),
        (_frame(latitude=[1.0, 2.0, 2.5]), "latitude must be one number a location, but a"),
        (_frame(longitude=[np.nan, 2.0, 2.0]), "longitude must be one number a location, but b"),
        (
            _frame(location="a", latitude=1.0, longitude=1.0, time=pd.Timestamp(0, tz="UTC")),
            "twice",
        ),
    ],
)
def test_a_broken_frame_is_refused(frame: pd.DataFrame, message: str) -> None:
    with pytest.raises(ForecastingError, match=message):
        to_grid(frame)


def test_a_time_off_the_grid_is_named() -> None:
    off = pd.DatetimeIndex(["2020-01-01 00:00", "2020-01-01 01:00"], tz="UTC")
    with pytest.raises(ForecastingError, match="2020-01-01 01:00:00"):
        step_numbers(off)


@settings(deadline=None)  # a busy machine is not a failure
@given(st.lists(st.integers(-30_000, 300_000), min_size=1))
def test_step_numbers_and_times_are_inverse(numbers: list[int]) -> None:
    steps = np.array(numbers, dtype=np.int64)
    assert step_numbers(step_times(steps)).tolist() == numbers


def test_a_west_wind_blows_to_the_east() -> None:
    wind = _frame(wind_speed_10m=10.0, wind_direction_10m=[270.0, 180.0, 0.0])
    values = with_wind_components(to_grid(wind)).values
    assert "wind_speed_10m" not in values
    assert values["wind_u"][1, 1] == pytest.approx(10)
    assert values["wind_v"][0, 0] == pytest.approx(10)
    assert values["wind_v"][0, 2] == pytest.approx(-10)
