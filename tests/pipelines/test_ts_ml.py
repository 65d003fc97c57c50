"""The study: its periods, the choice, the comparison, the plots, what is registered."""

from typing import Any

import pandas as pd
import pytest
from matplotlib.figure import Figure

from tests.pipelines.hand_made import forecasts, history
from triptych.errors import ParameterError, PipelineError
from triptych.forecasting.catalogue import make_forecaster
from triptych.forecasting.conformal import learn_intervals
from triptych.forecasting.errors import ForecastingError
from triptych.parameters import ForecastParameters, ModelParameters, TuningParameters
from triptych.periods import StudyPeriods
from triptych.pipelines.ts_ml import nodes, plots
from triptych.pipelines.ts_ml.registration import prepare_candidate
from triptych.registry.provenance import frame_sha256
from triptych.study import plan_study

FORECAST = ForecastParameters(train_years=1, validation_years=1, delay_days=6)


def utc(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="UTC")


PERIODS = StudyPeriods(utc("2017-01-01"), utc("2018-07-01"), utc("2018-09-01"), utc("2018-10-01"))


def plan(known: pd.DataFrame, as_of: str = "2020-01-01") -> StudyPeriods:
    return plan_study(known, as_of, "2020-01-01", FORECAST)


def test_a_study_that_the_data_cover_is_planned() -> None:
    assert plan(history("2017-01-01", "2020-01-01")) == StudyPeriods(
        utc("2017-01-01"), utc("2018-01-01"), utc("2019-01-01"), utc("2020-01-01")
    )


def test_the_test_period_ends_with_the_data_of_a_late_source() -> None:
    late = history("2017-01-01", "2019-12-26T12:00")

    assert plan(late).test_end == utc("2019-12-26")


@pytest.mark.parametrize(
    ("start", "end", "span"),
    [
        ("2018-01-01", "2020-01-01", "2018-01-01 to 2019-12-31"),  # nothing to train on
        ("2017-01-01", "2019-01-01", "2017-01-01 to 2018-12-31"),  # nothing to test on
    ],
)
def test_a_study_beyond_the_data_is_refused(start: str, end: str, span: str) -> None:
    with pytest.raises(PipelineError, match=f"the data of northmere span {span}. Name other dates"):
        plan(history(start, end))


def test_one_location_with_too_little_is_named_among_others() -> None:
    known = history("2017-01-01", "2020-01-01", ("brest", "paris"))
    late = known[(known["location"] == "brest") | (known["time"] >= utc("2019-06-01"))]

    with pytest.raises(PipelineError, match="the data of paris span 2019-06-01"):
        plan(late)


def test_a_model_to_tune_that_is_not_compared_is_refused() -> None:
    models = ModelParameters(learned={"ridge": {}})
    tuning = TuningParameters(trials=1, models=["lightgbm"])

    with pytest.raises(ParameterError, match="names lightgbm, but the study compares ridge"):
        nodes.tune_models(history("2017-01-01", "2018-10-01"), PERIODS, models, tuning, seed=1)


def test_without_trials_the_parameters_stay_as_they_stand() -> None:
    models = ModelParameters(learned={"ridge": {}, "random_forest": {"trees": 3}})
    tuning = TuningParameters(trials=0, models=["ridge"])

    made = nodes.tune_models(history("2017-01-01", "2018-10-01"), PERIODS, models, tuning, 20)

    assert made["tuned_parameters"] == {"ridge": {}, "random_forest": {"trees": 3}}
    assert made["tuning_trials"].empty


def test_tuning_never_looks_at_the_test_period() -> None:
    known = history("2017-01-01", "2018-10-01")
    models = ModelParameters(learned={"ridge": {}})
    tuning = TuningParameters(trials=2, models=["ridge"])
    changed = known.assign(
        temperature_2m=known["temperature_2m"].where(known["time"] < PERIODS.test_start, -40.0)
    )
    violated = known.assign(
        temperature_2m=known["temperature_2m"].where(known["time"] < utc("2018-08-31"), -40.0)
    )

    def losses(table: pd.DataFrame) -> str:
        return nodes.tune_models(table, PERIODS, models, tuning, 20)["tuning_trials"].to_json()

    assert losses(changed) == losses(known)
    assert losses(violated) != losses(known)  # the check would notice


def test_the_model_of_least_day_ahead_error_is_chosen_and_no_baseline() -> None:
    made = nodes.choose_model(
        forecasts({"climatology": 0.1, "ridge": 2.0, "lightgbm": 1.5, "ensemble": 1.6}),
        history("2017-01-01", "2018-10-01"),
        PERIODS,
    )

    assert made["chosen_model"] == "lightgbm"
    assert set(made["validation_comparison"]["model"]) == {
        "climatology",
        "ridge",
        "lightgbm",
        "ensemble",
    }


def test_longer_leads_do_not_choose() -> None:
    near = forecasts({"ridge": 1.0, "lightgbm": 0.9}, leads=8)
    far = forecasts({"ridge": 0.0, "lightgbm": 9.0}, leads=16)
    every = pd.concat([near, far[far["lead"] > 8]])

    made = nodes.choose_model(every, history("2017-01-01", "2018-10-01"), PERIODS)

    assert made["chosen_model"] == "lightgbm"


def test_the_comparison_has_the_agreed_columns_and_figures() -> None:
    errors = {"same_hour_yesterday": 2.0, "climatology": -4.0, "ridge": 0.5}

    made = nodes.compare_models(forecasts(errors), history("2017-01-01", "2018-09-01"), PERIODS)

    table = made["forecast_comparison"]
    assert ",".join(table.columns) == (
        "location,model,lead,n,rmse,mae,bias,mase,skill_day,skill_climatology,coverage,width"
    )
    assert table[table["location"] == "northmere"]["lead"].unique().tolist() == [
        "1", "2", "3", "4", "5", "6", "7", "8", "1-8", "all",
    ]  # fmt: skip
    day = table[(table["lead"] == "1-8") & (table["location"] == "all")].set_index("model")
    assert day["n"].to_dict() == dict.fromkeys(errors, 16)
    assert day["rmse"].to_dict() == {
        "same_hour_yesterday": 2.0, "climatology": 4.0, "ridge": 0.5,
    }  # fmt: skip
    assert day["bias"].to_dict() == errors
    assert day.loc["ridge", ["skill_day", "skill_climatology"]].tolist() == [0.75, 0.875]
    assert day["coverage"].to_dict() == {
        "same_hour_yesterday": 0.0, "climatology": 0.0, "ridge": 1.0,
    }  # fmt: skip
    assert day["width"].tolist() == [2.0, 2.0, 2.0]


def test_metrics_go_to_mlflow_by_lead_with_the_lead_as_step() -> None:
    made = nodes.compare_models(
        forecasts({"climatology": -4.0, "ridge": 0.5}), history("2017-01-01", "2018-09-01"), PERIODS
    )

    rows = made["error_by_lead"]
    ridge = rows[rows["metric"] == "ridge.northmere.rmse"]
    assert ridge["step"].tolist() == [1, 2, 3, 4, 5, 6, 7, 8]
    assert ridge["value"].tolist() == [0.5] * 8
    assert set(rows["metric"].str.split(".").str[2]) == {"rmse", "mae", "coverage"}


def test_models_that_share_no_target_are_not_compared() -> None:
    apart = pd.concat([forecasts({"ridge": 1.0}, leads=4), forecasts({"lightgbm": 1.0}, leads=8)])
    apart = apart[(apart["model"] == "ridge") | (apart["lead"] > 4)]

    with pytest.raises(ForecastingError, match="share no observed target"):
        nodes.compare_models(apart, history("2017-01-01", "2018-09-01"), PERIODS)


def fitted(known: pd.DataFrame) -> Any:
    return make_forecaster("ridge", {}, max_lead=8, seed=20).fit(known)


def texts(figure: Figure) -> list[tuple[str, str, str]]:
    return [(axes.get_title(), axes.get_xlabel(), axes.get_ylabel()) for axes in figure.axes]


def legend(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.axes[0].get_legend().get_texts()]


def test_the_plot_of_errors_says_what_it_shows() -> None:
    table = nodes.compare_models(
        forecasts({"climatology": -4.0, "ridge": 0.5}), history("2017-01-01", "2018-09-01"), PERIODS
    )["forecast_comparison"]

    figure = plots.plot_error_by_lead(table)

    assert texts(figure) == [("northmere: error by lead", "Lead (h)", "RMSE (°C)")]
    assert legend(figure) == ["climatology", "ridge"]
    lines = {line.get_label(): line for line in figure.axes[0].get_lines()}
    assert lines["ridge"].get_xdata().tolist() == [3, 6, 9, 12, 15, 18, 21, 24]
    assert lines["ridge"].get_ydata().tolist() == [0.5] * 8


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
    comparison = nodes.compare_models(forecasts({"ridge": 0.5}), training, PERIODS)

    candidate = prepare_candidate(
        "ridge", {"ridge": model}, comparison["forecast_comparison"], known, PERIODS,
        "2020-01-01", "2020-01-01",
    )  # fmt: skip

    assert candidate.algorithm == "ridge"
    assert candidate.locations == ["northmere"]
    assert pd.Timestamp(candidate.train_start) == utc("2017-01-01")
    assert pd.Timestamp(candidate.train_end) == utc("2018-09-01")
    assert pd.Timestamp(candidate.as_of) == utc("2020-01-01")
    assert candidate.data_sha256 == frame_sha256(training)
    assert candidate.metrics["northmere"] == {
        "n": 16.0, "rmse": 0.5, "mae": 0.5, "bias": 0.5, "coverage": 1.0,
    }  # fmt: skip
    assert candidate.example["time"].max() == utc("2018-08-31 21:00")
    assert len(candidate.example) == 240
