"""Small parts: windows, sun, neighbours, metric."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from triptych.forecasting.features.climatology import solar_elevation
from triptych.forecasting.features.feature_table import windowed
from triptych.forecasting.features.grid import to_grid
from triptych.forecasting.features.panel import find_neighbours
from triptych.forecasting.models.kernel_ridge import feature_scales

VALUES = st.one_of(st.just(np.float32("nan")), st.floats(-100, 100, width=32))
SERIES = arrays.arrays(
    np.float32, st.tuples(st.integers(1, 3), st.integers(1, 30)), elements=VALUES
)


@settings(deadline=None)  # a busy machine is not a failure
@given(SERIES, st.sampled_from(["mean", "min", "max"]), st.integers(1, 40))
def test_windows_are_those_of_pandas(values: np.ndarray, kind: str, width: int) -> None:
    rolling = pd.DataFrame(values.T.astype(float)).rolling(width, min_periods=1)
    expected = getattr(rolling, kind)().to_numpy().T
    np.testing.assert_allclose(windowed(values, kind, width), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("latitude", "longitude", "start", "elevation"),
    [
        # Noon of an equinox on the equator: overhead. The middle of the step is 90 minutes in.
        (0.0, 0.0, "2020-03-20 10:30", 88),
        (52.5, 13.4, "2020-06-21 09:30", 60.9),  # Berlin, summer solstice, local noon: 90 - φ + ε
        (52.5, 13.4, "2020-12-21 09:30", 14.0),
        (-33.9, 151.2, "2020-12-21 00:30", 79.5),
        (80.0, 0.0, "2020-06-21 22:30", 13.4),  # the midnight sun: φ - 90 + ε
    ],
)
def test_the_sun_stands_where_it_does(
    latitude: float, longitude: float, start: str, elevation: float
) -> None:
    begun = pd.Timestamp(start, tz="UTC")
    step = np.array((begun - pd.Timestamp(0, tz="UTC")) / pd.Timedelta("3h"))
    found = solar_elevation(np.array(latitude), np.array(longitude), step)
    assert found == pytest.approx(elevation, abs=2.0 if latitude == 0 else 0.4)


def _places(**places: tuple[float, float]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "location": list(places),
            "time": pd.Timestamp("2020-01-01", tz="UTC"),
            "latitude": [place[0] for place in places.values()],
            "longitude": [place[1] for place in places.values()],
            "temperature_2m": 1.0,
        }
    )


def test_neighbours_are_the_nearest_by_great_circle() -> None:
    grid = to_grid(
        _places(paris=(48.8, 2.3), brest=(48.5, -4.5), berlin=(52.5, 13.5), tokyo=(35.7, 139.7))
    )
    found = find_neighbours(grid, 2)
    near = {
        name: [grid.locations[row] for row in found.table[place]]
        for place, name in enumerate(grid.locations)
    }
    assert near["paris"] == ["brest", "berlin"]
    assert near["tokyo"] == ["berlin", "paris"]
    assert found.rows(("berlin", "tokyo")).tolist() == [[-1, -1], [0, -1]]


def test_two_locations_may_share_a_point() -> None:
    found = find_neighbours(to_grid(_places(a=(1.0, 1.0), b=(1.0, 1.0), c=(9.0, 1.0))), 1)
    assert found.table[0].tolist() == [1] and found.table[1].tolist() == [0]


def test_one_location_has_no_neighbour() -> None:
    assert find_neighbours(to_grid(_places(a=(1.0, 1.0))), 2).table.tolist() == [[-1, -1]]


def test_the_metric_puts_the_present_before_the_past() -> None:
    names = [
        "temperature_2m_lag1",
        "surface_pressure_change4",
        "neighbour1_wind_u_lag4",
        "neighbour2_wind_u_lag4",
        "temperature_2m_mean24",
        "shortwave_radiation_lag7",
        "temperature_2m_lag2",
        "wind_v_lag8",
        "latitude",
    ]
    assert feature_scales(names).tolist() == [1, 1, 1, 0.5, 0.25, 0.25, 0, 0, 0]
