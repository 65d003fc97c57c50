"""The fast features and climatology agree with the slow and obvious ones."""

import re

import numpy as np
import pandas as pd
import pytest

from tests.forecasting.oracle import Oracle
from tests.forecasting.synthetic import make_history
from triptych.forecasting.features import feature_table as documented
from triptych.forecasting.features.climatology import fit_climatology, solar_elevation
from triptych.forecasting.features.feature_table import (
    OF_TARGET,
    origin_feature_names,
    origin_features,
    target_features,
)
from triptych.forecasting.features.grid import step_numbers, to_grid
from triptych.forecasting.features.panel import (
    Panel,
    find_neighbours,
    to_panel,
    with_wind_components,
)

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
