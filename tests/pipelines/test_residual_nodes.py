"""The nodes of the residual analysis: their tables, and figures that can be read alone."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from tests.pipelines.hand_made import STEP, history, utc
from triptych.forecasting.models.factory import make_forecaster
from triptych.pipelines.ts_common.family import Forecasters
from triptych.pipelines.ts_common.periods import StudyPeriods
from triptych.pipelines.ts_evaluation import nodes, plots

MODELS = {"climatology": {}, "arima": {"ar": 2}, "sarima": {"ar": 1, "seasonal_ar": 1}}


PERIODS = StudyPeriods(utc("2017-01-01"), utc("2018-03-01"), utc("2018-05-01"), utc("2018-06-01"))
COUNT = 8 * (PERIODS.test_start - PERIODS.train_start).days - 8  # one-step errors but for a day


def noisy(places: int, days: int = 200, leads: int = 16) -> pd.DataFrame:
    """Forecasts of two models whose errors are noise; a few targets were not observed."""
    rng = np.random.default_rng(0)
    keys = pd.MultiIndex.from_product(
        [
            ["ridge", "climatology"],
            [f"place_{number}" for number in range(places)],
            pd.date_range("2019-01-01", periods=days, freq="D", tz="UTC", unit="us"),
            range(1, leads + 1),
        ],
        names=["model", "location", "as_of", "lead"],
    )
    rows = keys.to_frame(index=False)
    mean = rng.normal(10, 5, len(rows))
    observed = np.where(rng.random(len(rows)) < 0.01, np.nan, mean + rng.normal(size=len(rows)))
    return rows.assign(time=rows["as_of"] + STEP * (rows["lead"] - 1), mean=mean, observed=observed)


@pytest.fixture(scope="module")
def fitted() -> Forecasters:
    known = history("2017-01-01", "2018-05-01", ("northmere", "westhaven"))
    return {
        name: make_forecaster(name, given, max_lead=8, seed=0).fit(known)
        for name, given in MODELS.items()
    }


def drawn(test_forecasts: pd.DataFrame, model: str = "ridge") -> dict[str, Figure]:
    places = sorted(test_forecasts["location"].unique())
    memory = pd.DataFrame(
        [
            (name, place, lag, 0.1 / lag, 20_000)
            for name in ("arima", "sarima")
            for place in places
            for lag in range(1, 57)
        ],
        columns=["model", "location", "lag", "autocorrelation", "n"],
    )
    return {
        "distribution": plots.plot_residual_distribution(test_forecasts, model),
        "autocorrelation": plots.plot_residual_autocorrelation(test_forecasts, model, memory),
        "by_time": plots.plot_residual_by_time(test_forecasts, model),
        "heteroscedasticity": plots.plot_heteroscedasticity(test_forecasts, model),
    }


def test_innovations_of_the_statistical_models_are_tested_on_the_training_period(
    fitted: Forecasters,
) -> None:
    known = history("2016-01-01", "2019-01-01", ("northmere", "westhaven"))
    made = nodes.examine_innovations(fitted, known, PERIODS)
    tests, memory = made["innovation_tests"], made["innovation_autocorrelations"]
    assert tests[["model", "location"]].drop_duplicates().to_numpy().tolist() == [
        [model, place] for model in ("arima", "sarima") for place in ("northmere", "westhaven")
    ]
    white = tests[tests["test"] == "ljung_box"]
    assert set(white["n"]) == {COUNT}
    # a seasonal moving average stands among the defaults of sarima
    counts = white.groupby("model")["fitted_parameters"].unique().map(list).to_dict()
    assert counts == {"arima": [2], "sarima": [3]}
    assert (white["degrees"] == white["lags"] - white["fitted_parameters"]).all()
    assert memory.columns.tolist() == ["model", "location", "lag", "autocorrelation", "n"]
    assert memory["autocorrelation"].between(-1, 1).all()

    later = known["time"] >= PERIODS.test_start
    changed = known.assign(temperature_2m=known["temperature_2m"].mask(later, -40.0))
    again = nodes.examine_innovations(fitted, changed, PERIODS)
    pd.testing.assert_frame_equal(again["innovation_tests"], tests)  # the test period has no part

    none = nodes.examine_innovations({"climatology": fitted["climatology"]}, known, PERIODS)
    for name, table in none.items():
        assert table.empty
        assert table.columns.tolist() == made[name].columns.tolist()
    empty = none["innovation_autocorrelations"]
    plots.plot_residual_autocorrelation(noisy(1, days=30), "ridge", empty).canvas.draw()


def test_every_axis_has_a_title_and_its_unit() -> None:
    """A location without observations is not drawn."""
    units = ("°C", "UTC", "(h)", "days", "no unit", "standard deviations", "Season", "Month")
    rows = noisy(2, days=60)
    rows.loc[rows["location"] == "place_0", "observed"] = np.nan
    for name, figure in drawn(rows).items():
        assert "ridge" in figure.get_suptitle(), name
        assert len(figure.axes) == (2 if name in ("distribution", "autocorrelation") else 3)
        for axes in figure.axes:
            assert axes.get_title().startswith("place_1"), name
            for label in (axes.get_xlabel(), axes.get_ylabel()):
                assert any(unit in label for unit in units), (name, label)


def test_of_many_locations_the_first_are_drawn_and_the_title_says_so() -> None:
    figure = plots.plot_residual_distribution(noisy(5, days=20), "ridge")
    assert figure.get_suptitle().endswith("; the first 3 of 5 locations")
    drawn_places = {axes.get_title().split(":")[0] for axes in figure.axes}
    assert drawn_places == {"place_0", "place_1", "place_2"}
    few = plots.plot_residual_distribution(noisy(3, days=20), "ridge")
    assert "locations" not in few.get_suptitle()


@pytest.mark.parametrize("days", [1, 20])
def test_little_or_constant_data_is_drawn_all_the_same(days: int) -> None:
    rows = noisy(1, days=days, leads=8).assign(observed=10.0)
    for figure in (*drawn(rows).values(), *drawn(rows.assign(mean=9.0)).values()):
        figure.canvas.draw()


def test_spread_by_month_and_hour_is_what_is_drawn() -> None:
    rows = noisy(1)
    rows.loc[rows["time"].dt.hour == 12, "observed"] = np.nan
    *_, by_hour, _ = plots.plot_heteroscedasticity(rows, "ridge").axes
    day = rows[(rows["model"] == "ridge") & (rows["lead"] <= 8)]
    spread = (day["observed"] - day["mean"]).groupby(day["time"].dt.hour).std().dropna()
    assert [bar.get_height() for bar in by_hour.patches] == pytest.approx(spread.tolist())
    hours = [text.get_text() for text in by_hour.get_xticklabels()]
    assert hours == ["0", "3", "6", "9", "15", "18", "21"]
