"""The comparison of both families: the choice, the tables, the plots, what is registered."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from tests.pipelines.hand_made import STEP, forecasts, history, utc
from triptych.errors import PipelineError
from triptych.forecasting.evaluation.backtest import backtest
from triptych.forecasting.evaluation.conformal import learn_intervals
from triptych.forecasting.models.base import PanelForecaster
from triptych.forecasting.models.factory import BASELINE_NAMES, make_forecaster
from triptych.parameters.forecasting import RegistryParameters
from triptych.pipelines.ts_common.family import Forecasters
from triptych.pipelines.ts_common.periods import StudyPeriods
from triptych.pipelines.ts_evaluation import nodes, plots
from triptych.pipelines.ts_evaluation.registration import prepare_candidate, refit_model
from triptych.registry.provenance import frame_sha256

PERIODS = StudyPeriods(utc("2017-01-01"), utc("2018-07-01"), utc("2018-09-01"), utc("2018-10-01"))
BASELINES = dict.fromkeys(BASELINE_NAMES, 3.0)


def compare(errors: "dict[str, float] | pd.DataFrame", training: pd.DataFrame) -> dict[str, Any]:
    table = errors if isinstance(errors, pd.DataFrame) else forecasts(errors)
    return nodes.compare_models(table, table, training, PERIODS)


def test_both_families_baselines_and_ensembles_are_in_one_table() -> None:
    made = nodes.join_validation(
        forecasts(BASELINES), forecasts({"ridge": 1.0}), forecasts({"arima": -1.0})
    )

    table = made["validation_forecasts"]
    assert table["model"].value_counts().to_dict() == dict.fromkeys(
        [*BASELINE_NAMES, "ridge", "ensemble", "arima", "ensemble_all"], 16
    )
    assert made["ensemble_weights"] == {
        "ensemble": {"ridge": [1.0] * 8},
        "ensemble_all": {"arima": [0.5] * 8, "ridge": [0.5] * 8},
    }
    mixed = table.query("model == 'ensemble_all'")
    assert mixed["mean"].tolist() == [10.0] * 16  # errors of -1 and +1


def test_models_of_another_study_are_refused() -> None:
    early = make_forecaster("ridge", {}, max_lead=8, seed=1).fit(
        history("2017-01-01", "2018-08-01")
    )

    with pytest.raises(PipelineError, match="before 2018-08-01, but this study tests from 2018-09"):
        nodes.join_models({"ridge": early}, {}, {}, forecasts({}), PERIODS)


def test_the_test_forecasts_of_the_ensemble_are_the_mean_of_its_members() -> None:
    known = history("2017-01-01", "2018-09-11")
    periods = StudyPeriods(*map(utc, ("2017-01-01", "2018-07-01", "2018-09-01", "2018-09-11")))
    past = known[known["time"] < periods.test_start]
    members = {
        name: make_forecaster(name, parameters, max_lead=8, seed=1).fit(past)
        for name, parameters in (("ridge", {}), ("arima", {"ar": 1}))
    }

    def tested(name: str, model: PanelForecaster, *ages: int) -> pd.DataFrame:
        made = [backtest(model, known, start, end, range(1, 9), age) for age in ages]
        return pd.concat(made, ignore_index=True).assign(model=name)

    start, end = periods.test_start, periods.test_end
    own = {name: tested(name, model, 0, 24) for name, model in members.items()}
    validation = forecasts({"ensemble": 1.0, "ensemble_all": 1.0}, days=9)
    year = pd.DateOffset(years=1)
    validation = validation.assign(as_of=validation["as_of"] - year, time=validation["time"] - year)

    ensembles = {"ensemble": {"ridge": [1.0]}, "ensemble_all": {"arima": [0.25], "ridge": [0.75]}}

    fitted = nodes.join_models(
        {"ridge": members["ridge"]}, {"arima": members["arima"]}, ensembles, validation, periods
    )
    made = nodes.join_tests(
        own["ridge"].iloc[:0], own["ridge"], own["arima"], fitted, ensembles, validation, periods
    )
    table = made["test_forecasts"]
    assert set(made["test_forecasts_by_age"]["data_age"]) == {0, 24}
    assert set(table["data_age"]) == {0}

    mixed = table[table["model"] == "ensemble_all"]
    expected = 0.25 * own["arima"]["mean"] + 0.75 * own["ridge"]["mean"]
    assert mixed["mean"].tolist() == pytest.approx(expected[own["ridge"]["data_age"] == 0].tolist())
    served = tested(
        "ensemble_all", fitted["ensemble_all"], 0
    )  # what the registered model forecasts
    assert mixed["mean"].tolist() == pytest.approx(served["mean"].tolist())
    assert (mixed["upper"] - mixed["mean"]).tolist() == pytest.approx(mixed["scale"].tolist())
    assert mixed["observed"].tolist() == served["observed"].tolist()


def test_the_model_of_least_day_ahead_error_is_chosen_and_no_baseline() -> None:
    known = history("2017-01-01", "2018-10-01")
    errors = {"climatology": 0.1, "ridge": 2.0, "lightgbm": 1.5, "ensemble": 1.6}
    made = nodes.choose_model(forecasts(errors), known, PERIODS)

    assert made["chosen_model"] == "lightgbm"
    assert made["model_ranking"] == ["lightgbm", "ensemble", "ridge"]
    compared = set(made["validation_comparison"]["model"])
    assert compared == {"climatology", "ridge", "lightgbm", "ensemble"}
    near = forecasts({"ridge": 1.0, "lightgbm": 0.9}, leads=8)
    far = forecasts({"ridge": 0.0, "lightgbm": 9.0}, leads=16)  # longer leads do not choose
    every = pd.concat([near, far[far["lead"] > 8]])
    assert nodes.choose_model(every, known, PERIODS)["chosen_model"] == "lightgbm"


def test_the_comparison_has_the_agreed_figures_and_metrics_by_lead() -> None:
    errors = {"same_hour_yesterday": 2.0, "climatology": -4.0, "ridge": 0.5}

    made = compare(errors, history("2017-01-01", "2018-09-01"))

    table = made["forecast_comparison"]
    assert table[table["location"] == "northmere"]["lead"].unique().tolist() == [
        "1", "2", "3", "4", "5", "6", "7", "8", "1-8", "all",
    ]  # fmt: skip
    day = table[(table["lead"] == "1-8") & (table["location"] == "all")].set_index("model")
    assert day["n"].to_dict() == dict.fromkeys(errors, 16)
    assert day["rmse"].to_dict() == {name: abs(error) for name, error in errors.items()}
    assert day["bias"].to_dict() == errors
    assert day.loc["ridge", ["skill_day", "skill_climatology"]].tolist() == [0.75, 0.875]
    assert day["coverage"].to_dict() == dict.fromkeys(errors, 0.0) | {"ridge": 1.0}
    assert day["width"].tolist() == [2.0, 2.0, 2.0]
    rows = made["error_by_lead"]
    ridge = rows[rows["metric"] == "ridge.northmere.rmse"]
    assert ridge["step"].tolist() == [1, 2, 3, 4, 5, 6, 7, 8]
    assert ridge["value"].tolist() == [0.5] * 8
    assert set(rows["metric"].str.split(".").str[2]) == {"rmse", "mae", "coverage"}


def fitted(known: pd.DataFrame) -> Any:
    return make_forecaster("ridge", {}, max_lead=8, seed=20).fit(known)


def texts(figure: Figure) -> list[tuple[str, str, str]]:
    return [(axes.get_title(), axes.get_xlabel(), axes.get_ylabel()) for axes in figure.axes]


def legend(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.axes[0].get_legend().get_texts()]


def test_the_plots_of_errors_say_what_they_show() -> None:
    made = compare({"climatology": -4.0, "ridge": 0.5}, history("2017-01-01", "2018-09-01"))

    by_lead = plots.plot_error_by_lead(made["forecast_comparison"])
    by_time = plots.plot_error_by_time(made["error_by_time"], ["ridge"])

    assert texts(by_lead) == [("northmere: error by lead", "Lead (h)", "RMSE (°C)")]
    assert legend(by_lead) == ["climatology", "ridge"]
    assert texts(by_time) == [
        ("Day-ahead error by month", "Month", "RMSE (°C)"),
        ("Day-ahead error by hour", "Hour (UTC)", "RMSE (°C)"),
    ]
    for axes, first in ((by_lead.axes[0], 3), (by_time.axes[1], 0)):
        (line,) = (line for line in axes.get_lines() if line.get_label() == "ridge")
        assert line.get_xdata().tolist() == list(range(first, first + 24, 3))
        assert line.get_ydata().tolist() == [0.5] * 8


def test_the_plot_of_forecasts_shows_the_last_two_weeks_of_the_chosen_model() -> None:
    figure = plots.plot_forecast(forecasts({"ridge": 0.5, "lightgbm": 2.0}, days=20), "ridge")

    assert texts(figure) == [
        ("northmere: forecast of the day ahead", "Time (UTC)", "Temperature (°C)")
    ]
    assert legend(figure) == ["90 % interval", "ridge, issued at 00:00 UTC", "observed"]
    forecast, observed = figure.axes[0].get_lines()
    assert forecast.get_ydata().tolist() == [10.5] * 14 * 8
    assert observed.get_ydata().tolist() == [10.0] * 14 * 8


def test_the_plot_of_importance_names_the_features() -> None:
    known = history("2017-01-01", "2018-07-01")

    figure = plots.plot_importance({"ridge": fitted(known)}, "ridge")

    ((title, across, up),) = texts(figure)
    assert title == "ridge: the 20 features that matter most"
    assert (across, up) == ("Share of the importance", "Feature")
    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert len(set(names)) == 20
    assert set(names) <= set(fitted(known).feature_names)


def test_the_candidate_tells_where_it_comes_from() -> None:
    known = history("2017-01-01", "2018-10-01")
    training = known[known["time"] < PERIODS.test_start]
    model = fitted(training)
    model.intervals = learn_intervals(forecasts({"ridge": 0.5}, days=30))
    errors = {"ridge": 0.5, "same_hour_yesterday": 1.0, "climatology": 2.0}
    comparison = compare(errors, training)

    tested = forecasts({"ridge": 0.5}).assign(scale=2.0)
    refit = refit_model("ridge", ["ridge"], {"ridge": model}, tested, known, PERIODS)

    candidate = prepare_candidate(
        "ridge", refit, {"ridge": model}, comparison["forecast_comparison"], known, PERIODS,
        "2020-01-01", RegistryParameters(promote_first=True),
    )  # fmt: skip

    assert candidate.name == "temperature-northmere"
    assert candidate.algorithm == "ridge"
    row = candidate.row()
    assert row["locations"] == ["northmere"]
    assert pd.Timestamp(row["train_start"]) == utc("2017-01-01")
    assert pd.Timestamp(row["train_end"]) == utc("2018-10-01")  # of the refit
    assert pd.Timestamp(row["evaluated_train_end"]) == utc("2018-09-01")
    assert candidate.evaluated is model
    width = refit.intervals.half_width(["northmere"], np.array([[7]]), np.array([1]))
    assert width.item() == 1.0  # 0.5 of validation, doubled by the errors of the last weeks
    assert pd.Timestamp(candidate.as_of) == utc("2020-01-01")
    assert candidate.data_sha256 == frame_sha256(known)
    assert candidate.metrics["northmere"] == {
        "n": 16.0, "rmse": 0.5, "mae": 0.5, "bias": 0.5, "coverage": 1.0,
        "skill_day": 0.5, "skill_climatology": 0.75,
    }  # fmt: skip
    assert candidate.promote_first
    assert candidate.beats_baselines
    assert candidate.example["time"].max() == utc("2018-09-30 21:00")
    assert len(candidate.example) == 240


def test_the_chosen_model_is_tested_against_each_other_one() -> None:
    errors = {"ridge": 1.0, "lightgbm": 0.5, **dict.fromkeys(BASELINE_NAMES, 3.0)}

    table = nodes.compare_pairs(forecasts(errors, days=3), ["lightgbm", "ridge"], seed=1)

    of_all = table[(table["location"] == "all") & (table["lead"] == "1-8")]
    assert of_all["other"].tolist() == ["ridge", *BASELINE_NAMES]
    assert of_all["difference"].tolist() == [0.75, 8.75, 8.75, 8.75]


def test_leads_that_a_model_does_not_reach_are_compared_for_none() -> None:
    errors = {"ridge": 1.0, "lightgbm": 0.5, **dict.fromkeys(BASELINE_NAMES, 3.0)}
    table = forecasts(errors, days=3, leads=16)
    table.loc[(table["model"] == "ridge") & (table["lead"] > 8), "mean"] = 30.0
    short = table[(table["model"] != "lightgbm") | (table["lead"] <= 8)]

    tested = nodes.compare_pairs(short, ["lightgbm", "ridge"], seed=1).set_index(["lead", "other"])
    of_all = tested[tested["location"] == "all"]["difference"]
    assert of_all["all", "ridge"] == of_all["1-8", "ridge"] == 0.75


MODELS = {"climatology": {}, "arima": {"ar": 2}, "sarima": {"ar": 1, "seasonal_ar": 1}}


LONGER = StudyPeriods(utc("2017-01-01"), utc("2018-03-01"), utc("2018-05-01"), utc("2018-06-01"))
COUNT = 8 * (LONGER.test_start - LONGER.train_start).days - 8  # one-step errors but for a day


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
def estimated() -> Forecasters:
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
    estimated: Forecasters,
) -> None:
    known = history("2016-01-01", "2019-01-01", ("northmere", "westhaven"))
    made = nodes.examine_innovations(estimated, known, LONGER)
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

    later = known["time"] >= LONGER.test_start
    changed = known.assign(temperature_2m=known["temperature_2m"].mask(later, -40.0))
    again = nodes.examine_innovations(estimated, changed, LONGER)
    pd.testing.assert_frame_equal(again["innovation_tests"], tests)  # the test period has no part

    none = nodes.examine_innovations({"climatology": estimated["climatology"]}, known, LONGER)
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
