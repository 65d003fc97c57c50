"""The nodes of the residual analysis: their tables, and figures that can be read alone."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tests.pipelines.hand_made import STEP, history
from triptych.forecasting.models.factory import make_forecaster
from triptych.pipelines.ts_common.family import Forecasters
from triptych.pipelines.ts_common.periods import StudyPeriods
from triptych.pipelines.ts_evaluation import residual_plots as plots
from triptych.pipelines.ts_evaluation import residuals

MODELS = {"climatology": {}, "arima": {"ar": 2}, "sarima": {"ar": 1, "seasonal_ar": 1}}


def utc(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="UTC")


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


def labels(axes: Axes) -> tuple[str, str, str]:
    return axes.get_title(), axes.get_xlabel(), axes.get_ylabel()


def test_every_model_and_location_is_in_the_tables() -> None:
    made = residuals.summarise_residuals(noisy(4))
    summary, groups = made["residual_summary"], made["residuals_by_time"]
    assert summary[["location", "model"]].drop_duplicates().shape == (8, 2)
    assert (summary["lead"] == "1-8").sum() == 8
    whole = summary[summary["lead"] == "1-8"]
    assert whole["std"].to_numpy() == pytest.approx(1.0, abs=0.1)
    assert whole["n"].between(1550, 1599).all()
    assert groups["by"].value_counts().to_dict() == {"lead": 128, "hour": 64, "season": 24}


def test_innovations_of_the_statistical_models_are_tested_on_the_training_period(
    fitted: Forecasters,
) -> None:
    known = history("2016-01-01", "2019-01-01", ("northmere", "westhaven"))
    made = residuals.examine_innovations(fitted, known, PERIODS)
    tests, memory = made["innovation_tests"], made["innovation_autocorrelations"]
    assert tests[["model", "location"]].drop_duplicates().to_numpy().tolist() == [
        ["arima", "northmere"],
        ["arima", "westhaven"],
        ["sarima", "northmere"],
        ["sarima", "westhaven"],
    ]
    white = tests[tests["test"] == "ljung_box"]
    assert set(white["n"]) == {COUNT}
    # a seasonal moving average stands among the defaults of sarima
    assert white.groupby("model")["fitted_parameters"].unique().map(list).to_dict() == {
        "arima": [2],
        "sarima": [3],
    }
    assert (white["degrees"] == white["lags"] - white["fitted_parameters"]).all()
    assert memory.columns.tolist() == ["model", "location", "lag", "autocorrelation", "n"]
    assert memory["autocorrelation"].between(-1, 1).all()


def test_what_comes_after_the_training_period_plays_no_part(fitted: Forecasters) -> None:
    known = history("2017-01-01", "2018-06-01", ("northmere", "westhaven"))
    changed = known.assign(
        temperature_2m=known["temperature_2m"].where(known["time"] < PERIODS.test_start, -40.0)
    )
    tables = [
        residuals.examine_innovations(fitted, table, PERIODS)["innovation_tests"]
        for table in (known, changed)
    ]
    pd.testing.assert_frame_equal(*tables)


def test_without_a_statistical_model_the_tables_are_empty_and_the_figure_is_drawn(
    fitted: Forecasters,
) -> None:
    known = history("2017-01-01", "2018-06-01", ("northmere", "westhaven"))
    alone = {"climatology": fitted["climatology"]}
    made = residuals.examine_innovations(alone, known, PERIODS)
    every = residuals.examine_innovations(fitted, known, PERIODS)
    for name, table in made.items():
        assert table.empty
        assert table.columns.tolist() == every[name].columns.tolist()
    memory = made["innovation_autocorrelations"]
    plots.plot_residual_autocorrelation(noisy(1, days=30), "ridge", memory).canvas.draw()


def test_every_axis_has_a_title_and_its_unit() -> None:
    units = ("°C", "UTC", "(h)", "days", "no unit", "standard deviations", "Season", "Month")
    for name, figure in drawn(noisy(2)).items():
        assert "ridge" in figure.get_suptitle(), name
        assert len(figure.axes) == 2 * (2 if name in ("distribution", "autocorrelation") else 3)
        for axes in figure.axes:
            title, horizontal, vertical = labels(axes)
            assert title.startswith("place_"), name
            assert any(unit in horizontal for unit in units), (name, horizontal)
            assert any(unit in vertical for unit in units), (name, vertical)


def test_of_many_locations_the_first_are_drawn_and_the_title_says_so() -> None:
    for figure in drawn(noisy(5, days=60)).values():
        assert figure.get_suptitle().endswith("; the first 3 of 5 locations")
        drawn_places = {axes.get_title().split(":")[0] for axes in figure.axes}
        assert drawn_places == {"place_0", "place_1", "place_2"}
    for figure in drawn(noisy(3, days=60)).values():
        assert "locations" not in figure.get_suptitle()


def test_a_location_without_observations_is_not_drawn() -> None:
    rows = noisy(2, days=60)
    rows.loc[rows["location"] == "place_0", "observed"] = np.nan
    for figure in drawn(rows).values():
        assert {axes.get_title().split(":")[0] for axes in figure.axes} == {"place_1"}


@pytest.mark.parametrize("days", [1, 20])
def test_little_or_constant_data_is_drawn_all_the_same(days: int) -> None:
    rows = noisy(1, days=days, leads=8).assign(observed=10.0)
    for figure in drawn(rows).values():
        figure.canvas.draw()
    for figure in drawn(rows.assign(mean=9.0)).values():
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
