"""Monitoring: what is joined with what, what is worth a warning, what is written."""

import re
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import pytest
from matplotlib.figure import Figure

from tests.pipelines.hand_made import history, utc
from triptych.forecasting.evaluation.backtest import backtest
from triptych.forecasting.models.base import PanelForecaster
from triptych.forecasting.models.factory import BASELINE_NAMES, make_forecaster
from triptych.parameters.forecasting import MonitoringParameters
from triptych.pipelines.monitoring.nodes import (
    choose_live_models,
    compare_inputs,
    find_warnings,
    list_live_metrics,
    score_predictions,
    verify_predictions,
)
from triptych.pipelines.monitoring.plots import (
    plot_input_drift,
    plot_issued_coverage,
    plot_issued_errors,
)

TODAY = "2020-01-01"
MONITORING = MonitoringParameters(
    window_days=[30, "all"],
    min_days=20,
    coverage_tolerance=0.05,
    drift_days=30,
    drift_alpha=0.05,
    drift_psi=0.25,
    strict=False,
)


class Registry:
    """A registry of models that were trained on 2016-2017, newest first."""

    def __init__(self, *rows: dict[str, Any]) -> None:
        self.rows = [
            {
                "locations": ["northmere"],
                "name": "temperature",
                "version": 1,
                "algorithm": "ridge",
                "stage": "production",
                "approved_at": None,
                "train_start": datetime(2016, 1, 1, tzinfo=UTC),
                "train_end": datetime(2018, 1, 1, tzinfo=UTC),
                "evaluated_train_end": None,
                **row,
            }
            for row in rows
        ]

    def list_models(self) -> list[dict[str, Any]]:
        return self.rows


@pytest.fixture(scope="module")
def observations() -> pd.DataFrame:
    return history("2016-01-01", "2019-07-14")


@pytest.fixture(scope="module")
def ridge(observations: pd.DataFrame) -> PanelForecaster:
    training = observations[observations["time"] < utc("2018-01-01")]
    return make_forecaster("ridge", {}, max_lead=16, seed=20).fit(training)


@pytest.fixture(scope="module")
def study(observations: pd.DataFrame, ridge: PanelForecaster) -> pd.DataFrame:
    """A backtest of ridge with intervals of 3 °C to each side."""
    table = backtest(ridge, observations, utc("2019-05-01"), utc("2019-07-14"), range(1, 17))
    return table.assign(lower=table["mean"] - 3.0, upper=table["mean"] + 3.0)


def issued(study: pd.DataFrame, model_id: str = "m1", **changes: Any) -> pd.DataFrame:
    """The rows of `predictions` that a backtest would have been."""
    rows = study.drop(columns="observed").rename(columns={"mean": "temperature_2m"})
    known = {"model_id": model_id, "level": 0.9, "known_until": rows["as_of"], "method": "model"}
    references = {"climatology": 10.0, "nwp_mean": None}
    return rows.assign(**known | references | {"created_at": utc(TODAY)} | changes)


def verify(
    predictions: pd.DataFrame, observations: pd.DataFrame, *rows: dict[str, Any],
    as_of: str = "2019-07-14",
) -> pd.DataFrame:  # fmt: skip
    registry: Any = Registry(*(rows or [{"model_id": "m1"}]))
    return verify_predictions(predictions, observations, registry, as_of)


def live(verified: pd.DataFrame, observations: pd.DataFrame, *rows: Any) -> pd.DataFrame:
    registry: Any = Registry(*(rows or [{"model_id": "m1"}]))
    return choose_live_models(registry, observations, verified)


@pytest.fixture(scope="module")
def verified(study: pd.DataFrame, observations: pd.DataFrame) -> pd.DataFrame:
    return verify(issued(study), observations)


@pytest.fixture(scope="module")
def scores(verified: pd.DataFrame) -> pd.DataFrame:
    return score_predictions(verified, MONITORING)["monitoring_scores"]


@pytest.fixture(scope="module")
def watched(verified: pd.DataFrame, observations: pd.DataFrame) -> pd.DataFrame:
    return live(verified, observations)


def warn(
    verified: pd.DataFrame, watched: pd.DataFrame, rules: MonitoringParameters = MONITORING
) -> list[str]:
    """The warnings of the one model, without those of drift."""
    scores = score_predictions(verified, rules)["monitoring_scores"]
    none = pd.DataFrame({"drifted": []})
    return find_warnings(scores, none, watched, verified, rules)


def test_each_forecast_meets_its_observation_and_the_baselines(
    study: pd.DataFrame, verified: pd.DataFrame, observations: pd.DataFrame
) -> None:
    assert len(verified) == len(study)
    truth = observations.set_index("time")["temperature_2m"]
    assert verified["observed"].tolist() == truth.loc[verified["time"]].tolist()
    yesterday = ((verified["lead"] - 1) % 8 - 8) * pd.Timedelta("3h")
    expected = truth.loc[verified["as_of"] + yesterday].tolist()
    assert verified["same_hour_yesterday"].tolist() == expected
    last = truth.loc[verified["as_of"] - pd.Timedelta("3h")]
    assert verified["persistence"].tolist() == last.tolist()
    assert set(verified["known_end"]) == {utc("2019-07-14")}


def test_forecasts_that_cannot_be_verified_are_counted(
    study: pd.DataFrame, observations: pd.DataFrame, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="triptych")
    last = study["time"] == study["time"].max()
    until = observations[observations["time"] < study["time"].max()]

    verified = verify(issued(study), until)

    assert len(verified) == len(study) - last.sum()
    assert (
        f"Of {len(study):,} predictions issued before 2019-07-14 00:00 UTC, {len(verified):,} are "
        f"verified: {last.sum()} have no observation, 0 no baseline"
    ) in caplog.messages


def test_what_cannot_be_verified_is_left_out(
    study: pd.DataFrame, observations: pd.DataFrame
) -> None:
    gap = observations["time"] == utc("2019-06-10 12:00")
    holes = observations.assign(temperature_2m=observations["temperature_2m"].mask(gap))
    early = issued(study).assign(lead=study["lead"] - 4)  # a late source: leads of 0 and below

    verified = verify(issued(study), holes)
    known = verify(issued(study), observations[observations["time"] < utc("2019-06-01")],
                  as_of="2019-06-01")  # fmt: skip

    assert len(verified) == len(study) - 2  # by the forecasts of that day and of the day before
    assert verify(early, observations)["lead"].min() == 1
    assert known["time"].max() == utc("2019-05-31 21:00")
    assert known["as_of"].max() == utc("2019-05-31")


def test_the_baselines_know_no_more_than_a_late_forecast_did(
    study: pd.DataFrame, observations: pd.DataFrame
) -> None:
    late = issued(study, known_until=study["as_of"] - pd.Timedelta("2D"))
    late = late[late["time"] < utc("2019-07-13")]

    verified = verify(late, observations)

    truth = observations.set_index("time")["temperature_2m"]
    last = truth.loc[verified["as_of"] - pd.Timedelta("2D") - pd.Timedelta("3h")]
    assert verified["persistence"].tolist() == last.tolist()


def test_baselines_of_hindcasts_are_fitted_as_the_evaluated_model(
    study: pd.DataFrame, observations: pd.DataFrame
) -> None:
    """A refit until 1 July makes the forecasts from then on; those before are hindcasts."""
    refit, evaluated = datetime(2019, 7, 1, tzinfo=UTC), datetime(2018, 1, 1, tzinfo=UTC)

    verified = verify(
        issued(study), observations,
        {"model_id": "m1", "train_end": refit, "evaluated_train_end": evaluated},
    )  # fmt: skip

    past = verified["as_of"] < refit
    for end, rows in ((evaluated, past), (refit, ~past)):
        alone = verify(issued(study), observations, {"model_id": "m1", "train_end": end})
        assert verified.loc[rows, "climatology"].tolist() == alone.loc[rows, "climatology"].tolist()
        assert not (verified.loc[~rows, "climatology"] == alone.loc[~rows, "climatology"]).any()


def test_forecasts_from_old_and_from_fresh_data_are_scored_apart(
    study: pd.DataFrame, observations: pd.DataFrame
) -> None:
    fresh = issued(study)
    late = issued(study, known_until=study["as_of"] - pd.Timedelta("6D"))
    live_since = late["as_of"] >= utc("2019-06-15")
    live_rows = late[live_since].assign(temperature_2m=late["temperature_2m"] + 3)
    both = pd.concat([fresh[~live_since], live_rows])

    verified = verify(both, observations)
    scores = score_predictions(verified, MONITORING)["forecast_scores"]

    assert set(scores["data_age"]) == {0, 144}
    day = scores[(scores["window"] == "all") & (scores["lead"] == "1-8")].set_index("data_age")
    error = (verified["mean"] - verified["observed"])[verified["lead"] <= 8]
    for age in (0, 144):
        squared = error[verified["data_age"] == age] ** 2
        assert day.loc[age, "rmse"] == pytest.approx(squared.mean() ** 0.5)
    watched = live(verified, observations)
    figure = plot_issued_errors(verified, watched)
    assert [axes.get_title().split(", mean")[0] for axes in figure.axes] == [
        f"northmere: error of the day ahead from data {age} h old" for age in (0, 144)
    ]
    names = set(list_live_metrics(scores, watched)["metric"])
    assert {"live.northmere.30d.age_000h.mae", "live.northmere.30d.age_144h.mae"} <= names


def test_another_processor_gives_the_same_scores(
    verified: pd.DataFrame, scores: pd.DataFrame
) -> None:
    other = verified.assign(climatology=verified["climatology"] + 1e-13)  # its least squares
    pd.testing.assert_frame_equal(
        score_predictions(other, MONITORING)["monitoring_scores"], scores, check_exact=True
    )


def test_steps_of_climatology_are_not_scored_as_the_model(
    study: pd.DataFrame, observations: pd.DataFrame
) -> None:
    beyond = study["lead"] > 8
    rows = issued(study).assign(method=beyond.map({True: "climatology", False: "model"}))

    assert verify(rows, observations)["lead"].max() == 8


def shifted(study: pd.DataFrame, degrees: float) -> pd.DataFrame:
    return study.assign(**{name: study[name] + degrees for name in ("mean", "lower", "upper")})


def test_a_bad_model_is_warned_of(
    study: pd.DataFrame,
    observations: pd.DataFrame,
    verified: pd.DataFrame,
    watched: pd.DataFrame,
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert warn(verified, watched) == []

    hot = issued(shifted(study, 9.0))
    found = warn(verify(hot, observations), watched)

    who = "northmere: temperature version 1 (production)"
    assert [line.split(" a day ahead")[0] for line in found] == [
        f"{who} does worse than same_hour_yesterday",
        f"{who} does worse than climatology",
        f"{who} does worse than persistence",
        f"{who}: its 90% intervals held 0 of 240 observations (0.00 %)",
    ]
    assert found[0].startswith(
        f"{who} does worse than same_hour_yesterday a day ahead over 30 days (data age 0 h)"
    )
    assert [record.message for record in caplog.records if record.levelname == "WARNING"] == found
    few = verify(hot[hot["as_of"] >= utc("2019-06-25")], observations)
    assert score_predictions(few, MONITORING)["forecast_scores"]["days"].max() == 19
    assert warn(few, watched) == []


def test_intervals_that_are_too_narrow_or_too_wide_are_warned_of(
    verified: pd.DataFrame, watched: pd.DataFrame
) -> None:
    mean = verified["mean"]
    over_all = MONITORING.model_copy(update={"window_days": ["all"]})

    (of_narrow,) = warn(verified.assign(lower=mean - 0.1, upper=mean + 0.1), watched)
    (of_wide,) = warn(verified.assign(lower=mean - 20, upper=mean + 20), watched, over_all)

    assert "its 90% intervals held" in of_narrow
    assert "held 592 of 592 observations (100.00 %) a day ahead over 74 days" in of_wide


def test_inputs_that_drift_are_warned_of_by_name(
    observations: pd.DataFrame,
    verified: pd.DataFrame,
    scores: pd.DataFrame,
    watched: pd.DataFrame,
) -> None:
    recent = observations["time"] >= utc("2019-06-14")
    warm = observations.assign(temperature_2m=observations["temperature_2m"] + 15.0 * recent)

    drift = compare_inputs(warm, watched, MONITORING)

    assert drift["drifted"].tolist() == [True]
    (line,) = find_warnings(scores, drift, watched, verified, MONITORING)
    assert line.startswith("northmere: temperature_2m has drifted: its mean over the last 30 days")
    assert not compare_inputs(observations, watched, MONITORING)["drifted"].any()


def test_the_model_in_production_is_the_one_that_is_watched(
    study: pd.DataFrame, observations: pd.DataFrame
) -> None:
    verified = verify(issued(study, "old"), observations, {"model_id": "old"})
    candidate, old = {"model_id": "new", "stage": "candidate"}, {"model_id": "old"}

    assert live(verified, observations, candidate, old)["model_id"].tolist() == ["old"]
    retired = old | {"stage": "archived"}
    assert live(verified, observations, candidate, retired)["model_id"].tolist() == ["old"]
    assert live(verified.iloc[:0], observations, candidate, retired)["model_id"].tolist() == ["new"]
    promoted = candidate | {"stage": "production"}
    assert live(verified, observations, promoted, retired)["model_id"].tolist() == ["new"]
    later = old | {"approved_at": datetime(2019, 7, 1, tzinfo=UTC)}
    assert live(verified, observations, promoted, later)["model_id"].tolist() == ["old"]
    elsewhere = old | {"locations": ["paris"]}
    assert live(verified, observations, elsewhere).empty


def test_before_the_first_target_is_observed_there_is_nothing_to_verify(
    study: pd.DataFrame, observations: pd.DataFrame, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="triptych")
    ahead = issued(study[study["as_of"] == utc("2019-05-01")])

    verified = verify(ahead, observations[observations["time"] < utc("2019-05-01")],
                   as_of="2019-05-01")  # fmt: skip

    assert verified.empty
    assert [record.message for record in caplog.records] == [
        "nothing to verify yet: no target of the 0 predictions issued before 2019-05-01 00:00 UTC "
        "is observed"
    ]
    made = score_predictions(verified, MONITORING)
    assert made["forecast_scores"].empty
    watched = live(verified, observations)
    empty = compare_inputs(observations, watched.iloc[:0], MONITORING)
    assert find_warnings(made["monitoring_scores"], empty, watched, verified, MONITORING) == []
    for figure in (
        plot_issued_errors(verified, watched),
        plot_issued_coverage(made["monitoring_scores"], watched, verified),
        plot_input_drift(empty, MONITORING),
    ):
        assert list_live_metrics(made["monitoring_scores"], watched).empty
        assert figure.axes == []
        assert "Nothing to" in figure.texts[0].get_text()


def test_errors_of_the_live_model_become_metrics_by_lead(
    verified: pd.DataFrame, scores: pd.DataFrame, watched: pd.DataFrame
) -> None:
    both = pd.concat([verified, verified.assign(model_id="old")])
    of_both = score_predictions(both, MONITORING)["monitoring_scores"]

    table = list_live_metrics(of_both, watched)

    assert len(table) == 2 * 16 * 4  # windows, leads, errors; of one model alone
    rows = table[table["metric"] == "live.northmere.30d.age_000h.rmse"].set_index("step")["value"]
    expected = scores[scores["window"] == "30d"].set_index("lead")
    assert rows.loc[16] == expected.loc["16", "rmse"]


def test_metrics_of_the_live_model_sort_by_data_age(
    scores: pd.DataFrame, watched: pd.DataFrame
) -> None:
    of_ages = pd.concat([scores.assign(data_age=age) for age in (3, 24, 144)])

    names = sorted(set(list_live_metrics(of_ages, watched)["metric"]))  # as MLflow's pages do

    ages = [re.search(r"age_(\d+)h", name)[1] for name in names if "30d" in name]  # type: ignore[index]
    assert [int(age) for age in ages] == 4 * [3] + 4 * [24] + 4 * [144]


def labels(figure: Figure) -> tuple[str, str, str]:
    (axes,) = figure.axes
    return axes.get_title(), axes.get_xlabel(), axes.get_ylabel()


def test_plots_have_titles_and_units(
    observations: pd.DataFrame, verified: pd.DataFrame, scores: pd.DataFrame, watched: pd.DataFrame
) -> None:
    errors = plot_issued_errors(verified, watched)

    title = "northmere: error of the day ahead from data 0 h old, mean over 30 days"
    assert labels(errors) == (title, "Day of issue (UTC)", "RMSE (°C)")
    names = [text.get_text() for text in errors.axes[0].get_legend().get_texts()]
    assert names == ["temperature (live)", *BASELINE_NAMES]
    of_day = verified[(verified["lead"] <= 8) & (verified["as_of"] < utc("2019-05-02"))]
    first = float(errors.axes[0].lines[0].get_ydata()[0])
    assert first == pytest.approx(((of_day["mean"] - of_day["observed"]) ** 2).mean() ** 0.5)
    title = "northmere: observations within the interval, from data 0 h old"
    coverage = plot_issued_coverage(scores, watched, verified)
    assert labels(coverage) == (title, "Lead (h)", "Coverage (%)")
    drift = plot_input_drift(compare_inputs(observations, watched, MONITORING), MONITORING)
    title = "northmere: last 30 days against the season in training (0 drifted, red)"
    assert labels(drift) == (title, "Population stability index (no unit)", "Variable")
