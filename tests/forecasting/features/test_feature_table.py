"""Grid, features and climatology against slow and obvious ones: windows, sun, neighbours."""

import math
import re
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tests.forecasting.synthetic import make_history
from triptych.forecasting.errors import ForecastingError
from triptych.forecasting.features import feature_table as documented
from triptych.forecasting.features.feature_table import (
    OF_TARGET,
    origin_feature_names,
    origin_features,
    target_features,
    windowed,
)
from triptych.forecasting.features.grid import step_numbers, step_times, to_grid
from triptych.forecasting.features.panel import (
    Panel,
    find_neighbours,
    fit_climatology,
    solar_elevation,
    to_panel,
    with_wind_components,
)
from triptych.forecasting.models.kernel_ridge import feature_scales

STEP = timedelta(hours=3)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAYS_IN_YEAR = 365.2425


def waves(time: datetime) -> list[float]:
    """1, cos and sin of the first three harmonics of the year."""
    days = (time - EPOCH) / timedelta(days=1)
    angle = 2 * math.pi * (days % DAYS_IN_YEAR) / DAYS_IN_YEAR
    return [1.0] + [f(k * angle) for k in (1, 2, 3) for f in (math.cos, math.sin)]


class Oracle:
    """Everything known of a history and of the training period that ends at `train_end`."""

    def __init__(self, history: pd.DataFrame, train_end: datetime) -> None:
        self.places: dict[str, tuple[float, float]] = {}
        self.values: dict[tuple[str, str, datetime], float] = {}
        for row in history.to_dict("records"):
            place, time = row["location"], row["time"].to_pydatetime()
            self.places[place] = (row["latitude"], row["longitude"])
            row["wind_u"], row["wind_v"] = self._wind(row)
            for name, value in row.items():
                if isinstance(value, float) and not math.isnan(value):
                    self.values[place, name, time] = value
        self.train_end = train_end
        self.fits: dict[tuple[str, str], tuple[dict[int, np.ndarray], float]] = {}

    @staticmethod
    def _wind(row: dict[str, float]) -> tuple[float, float]:
        towards = math.radians(row["wind_direction_10m"] + 180)
        return row["wind_speed_10m"] * math.sin(towards), row["wind_speed_10m"] * math.cos(towards)

    def _fit(self, place: str, name: str) -> tuple[dict[int, np.ndarray], float]:
        if (place, name) not in self.fits:
            seen = [
                (time, value)
                for (where, what, time), value in self.values.items()
                if where == place and what == name and time < self.train_end
            ]
            coefficients = {}
            for hour in range(0, 24, 3):
                rows = [(waves(time), value) for time, value in seen if time.hour == hour]
                basis, target = np.array([r[0] for r in rows]), np.array([r[1] for r in rows])
                coefficients[hour] = np.linalg.lstsq(basis, target, rcond=None)[0]
            rest = [value - np.dot(coefficients[t.hour], waves(t)) for t, value in seen]
            self.fits[place, name] = coefficients, math.sqrt(np.mean(np.square(rest)))
        return self.fits[place, name]

    def normal(self, place: str, name: str, time: datetime) -> float:
        return float(np.dot(self._fit(place, name)[0][time.hour], waves(time)))

    def anomaly(self, place: str, name: str, time: datetime) -> float:
        value = self.values.get((place, name, time), math.nan)
        return (value - self.normal(place, name, time)) / self._fit(place, name)[1]

    def neighbours(self, place: str) -> list[str]:
        def distance(other: str) -> float:
            (a, b), (c, d) = self.places[place], self.places[other]
            a, b, c, d = map(math.radians, (a, b, c, d))
            angle = math.sin(a) * math.sin(c) + math.cos(a) * math.cos(c) * math.cos(b - d)
            return math.acos(min(1, angle))

        return sorted((other for other in self.places if other != place), key=distance)

    def feature(self, place: str, name: str, origin: datetime, lead: int) -> float:
        """Value of a feature by its documented name."""
        match = re.fullmatch(r"neighbour(\d)_(.*)", name)
        if match:
            near = self.neighbours(place)
            rank = int(match[1])
            return (
                self.feature(near[rank - 1], match[2], origin, lead)
                if rank <= len(near)
                else math.nan
            )
        if name.startswith("target_"):
            return self._target(place, name, origin, lead)
        fixed = {
            "latitude": self.places[place][0],
            "longitude": self.places[place][1],
            "origin_step": origin.hour // 3,
            "year_cos": waves(origin)[1],
            "year_sin": waves(origin)[2],
        }
        return fixed[name] if name in fixed else self._past(place, name, origin)

    def _past(self, place: str, name: str, origin: datetime) -> float:
        match = re.fullmatch(r"(.*)_(lag|change|mean|min|max)(\d+)", name)
        assert match, name
        variable, kind, number = match[1], match[2], int(match[3])
        if kind == "lag":
            return self.anomaly(place, variable, origin - number * STEP)
        if kind == "change":
            last, before = origin - STEP, origin - (number + 1) * STEP
            return self.anomaly(place, variable, last) - self.anomaly(place, variable, before)
        window = [self.anomaly(place, variable, origin - k * STEP) for k in range(1, number + 1)]
        known = [value for value in window if not math.isnan(value)]
        summary = {"mean": lambda v: sum(v) / len(v), "min": min, "max": max}[kind]
        return summary(known) if known else math.nan

    def _target(self, place: str, name: str, origin: datetime, lead: int) -> float:
        target = origin + (lead - 1) * STEP
        normal = self.normal(place, "temperature_2m", target)
        if name.startswith("target_day"):
            then = target - timedelta(days=int(name.removeprefix("target_day")))
            return self.anomaly(place, "temperature_2m", then) if then < origin else math.nan
        return {
            "target_lead": lambda: float(lead),
            "target_step": lambda: float(target.hour // 3),
            "target_normal": lambda: normal,
            "target_slope": lambda: normal - self.normal(place, "temperature_2m", origin - STEP),
        }[name]()


TRAIN_END = pd.Timestamp("2021-02-01", tz="UTC")
ORIGINS = pd.to_datetime(["2021-02-10 00:00", "2021-03-01 18:00", "2020-01-04 09:00"], utc=True)
LEADS = np.array([1, 5, 8, 9, 20])


@pytest.fixture(scope="module")
def holed() -> pd.DataFrame:
    """A history with 3 % of every variable missing, and one place more."""
    history = make_history(440, seed=4)
    third = history[history["location"] == "west"].assign(
        location="middle", latitude=49.0, longitude=2.0
    )
    third["temperature_2m"] = third["temperature_2m"] + 1.5
    history = pd.concat([history, third], ignore_index=True)
    rng = np.random.default_rng(2)
    values = [c for c in history if c not in ("location", "time", "latitude", "longitude")]
    history[values] = history[values].mask(rng.random((len(history), len(values))) < 0.03)
    return history


@pytest.fixture(scope="module")
def oracle(holed: pd.DataFrame) -> Oracle:
    return Oracle(holed, TRAIN_END.to_pydatetime())


@pytest.fixture(scope="module")
def panel(holed: pd.DataFrame) -> Panel:
    training = holed[holed["time"] < TRAIN_END]
    climatology = fit_climatology(with_wind_components(to_grid(training)))
    return to_panel(with_wind_components(to_grid(holed)), climatology)


def test_climatology_is_the_oracle_s(panel: Panel, oracle: Oracle) -> None:
    times = pd.to_datetime(["2020-02-29 00:00", "2020-07-14 15:00", "2022-01-01 21:00"], utc=True)
    for row, place in enumerate(panel.grid.locations):
        for variable in ("temperature_2m", "temperature_2m_h2", "surface_pressure", "wind_v"):
            fast = panel.climatology.normal(variable, np.array(row), step_numbers(times))
            slow = [oracle.normal(place, variable, time) for time in times.to_pydatetime()]
            assert fast == pytest.approx(slow, abs=1e-5)
            spread = panel.climatology.scale[variable][row]
            assert spread == pytest.approx(oracle._fit(place, variable)[1], rel=1e-6)


def test_every_origin_feature_is_the_oracle_s(panel: Panel, oracle: Oracle) -> None:
    neighbours = find_neighbours(panel.grid, 2)
    names = origin_feature_names(panel.climatology.coefficients, 2)
    fast = origin_features(panel, neighbours, step_numbers(ORIGINS))
    assert fast.shape == (3, 3, len(names))
    slow = [
        [[oracle.feature(place, name, at, 1) for name in names] for at in ORIGINS.to_pydatetime()]
        for place in panel.grid.locations
    ]
    np.testing.assert_allclose(fast, np.array(slow), rtol=1e-4, atol=2e-4)


def test_every_target_feature_is_the_oracle_s(panel: Panel, oracle: Oracle) -> None:
    steps = step_numbers(ORIGINS)
    fast = target_features(panel, steps, LEADS)
    for (row, column, number), lead in np.ndenumerate(np.broadcast_to(LEADS, fast.shape[:3])):
        place, origin = panel.grid.locations[row], ORIGINS[column].to_pydatetime()
        for name, found in zip(OF_TARGET, fast[row, column, number], strict=True):
            if name == "target_sun":
                latitude, longitude = map(np.array, oracle.places[place])
                slow = solar_elevation(latitude, longitude, steps[column] + lead - 1)
            else:
                slow = oracle.feature(place, name, origin, int(lead))
            assert found == pytest.approx(slow, rel=1e-4, abs=2e-4, nan_ok=True), name


def test_every_feature_is_documented(panel: Panel) -> None:
    table = documented.__doc__ or ""
    names = {*origin_feature_names(panel.climatology.coefficients, 2), *OF_TARGET}
    for name in names:
        bare = re.sub(r"^neighbour\d_", "", name)
        shape = re.sub(r"\d+$", "", bare)
        kind = re.search(r"_(lag|change|mean|min|max)$", shape)
        assert (f"_{kind[1]}<" if kind else shape) in table, name


def test_names_follow_the_variables_that_there_are() -> None:
    names = origin_feature_names(["temperature_2m"], 1)
    assert names[0] == "temperature_2m_lag1"
    assert "neighbour1_temperature_2m_lag8" in names
    assert not any("pressure" in name for name in names)


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
