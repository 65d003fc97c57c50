"""The batch job: which model, from which data, to which rows."""

import json
import math
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.pipelines.hand_made import FrameRows, forecasts, history
from triptych.errors import ParameterError, PipelineError
from triptych.forecasting.evaluation.backtest import backtest
from triptych.forecasting.evaluation.conformal import learn_intervals
from triptych.forecasting.models.base import PanelForecaster
from triptych.forecasting.models.factory import make_forecaster
from triptych.parameters.ingestion import NwpParameters, PreprocessingParameters, RecentParameters
from triptych.parameters.operations import BatchParameters
from triptych.pipelines.batch_inference.forecast import first_origin, hindcast
from triptych.pipelines.batch_inference.nodes import (
    choose_models,
    forecast_locations,
    prepare_history,
)
from triptych.pipelines.batch_inference.status import list_incomplete, refuse_incomplete

TODAY = "2020-01-01"
ORIGIN = pd.DatetimeIndex(["2019-07-14"], tz="UTC")
LOCATIONS = pd.DataFrame(
    {
        "location": ["brest", "northmere", "paris"],
        "latitude": [48.5, 52.0, 48.75],
        "longitude": [-4.5, 22.0, 2.25],
        "source": ["open_meteo", "sample", "open_meteo"],
    }
)
PREPROCESSING = PreprocessingParameters(interpolation_limit_hours=6)
BATCH = BatchParameters(history_days=60)
RECENT = RecentParameters(model="ifs", overlap_days=30)
NWP = NwpParameters(models=["gfs", "icon"])
BOTH = ["brest", "paris"]
NAMED = {"name": "temperature", "version": 1, "evaluated": False}
SOURCES = pd.DataFrame({"location": ["northmere", "brest", "paris"], "sources": "reanalysis (x)"})


def utc(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="UTC")


Served = tuple[dict[str, dict[str, Any]], dict[str, str]]


@dataclass
class Shelf:
    """A register of one real model for each location."""

    models: dict[str, PanelForecaster]

    def serving(self, locations: list[str], as_of: datetime) -> Served:
        assert as_of == utc("2019-07-14")
        facts = {"name": "temperature", "version": 1, "stage": "production"}
        rows = {s: {"model_id": f"model of {s}", "locations": [s], **facts} for s in locations}
        return rows, {}

    def load(self, row: dict[str, Any], *, evaluated: bool) -> PanelForecaster:
        assert not evaluated
        return self.models[row["locations"][0]]


@pytest.fixture(scope="module")
def ridge() -> PanelForecaster:
    """Ridge, fitted until 2018, that reaches a day and a late source's day: 16 leads."""
    model = make_forecaster("ridge", {}, max_lead=16, seed=20)
    model.fit(history("2016-01-01", "2018-01-01"))
    model.intervals = learn_intervals(forecasts({"ridge": 0.5}, days=30, leads=16))
    return model


def chosen(*slugs: str) -> list[dict[str, Any]]:
    row = {
        "model_id": "m1", "locations": ["northmere", *slugs], "features": [], "algorithm": "ridge",
        "parameters": {}, "train_end": utc("2019-07-01"), **NAMED,
    }  # fmt: skip
    return [{**row, "wanted": ["northmere"]}]


def forecast(
    model: PanelForecaster, known: pd.DataFrame, as_of: str = "2019-07-14", days: int = 1
) -> dict[str, pd.DataFrame]:
    shelf: Any = Shelf({"northmere": model})
    return forecast_locations(known, SOURCES, chosen(), {}, shelf, as_of, TODAY, days, BATCH)


def test_locations_that_share_a_model_are_forecast_together() -> None:
    @dataclass
    class OneForAll(Shelf):
        def serving(self, locations: list[str], as_of: datetime) -> Served:
            shared = {"model_id": "m1", "locations": ["brest", "northmere", "paris"]}
            found, none = super().serving(locations, as_of)
            return {slug: row | shared for slug, row in found.items()}, none

    shared: Any = OneForAll({})
    apart: Any = Shelf({})

    (one,) = choose_models(
        shared, LOCATIONS, "paris;brest", "open_meteo", "2019-07-14", TODAY, BATCH
    )["chosen_models"]
    made = choose_models(apart, LOCATIONS, None, "open_meteo", "2019-07-14", TODAY, BATCH)
    two = made["chosen_models"]

    assert one["wanted"] == ["brest", "paris"]
    assert [(row["model_id"], row["wanted"]) for row in two] == [
        ("model of brest", ["brest"]),
        ("model of paris", ["paris"]),
    ]


def test_a_version_out_of_production_is_named_in_a_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Hindcast(Shelf):
        def serving(self, locations: list[str], as_of: datetime) -> Served:
            found, none = super().serving(locations, as_of)
            changes = {"stage": "candidate", "version": 4}
            return {slug: row | changes for slug, row in found.items()}, none

    shelf: Any = Hindcast({})
    choose_models(shelf, LOCATIONS, "paris", "open_meteo", "2019-07-14", TODAY, BATCH)

    assert caplog.messages == [
        "temperature version 4 (candidate) forecasts paris: the version in production was trained "
        "on data from as_of 2019-07-14 on, so its forecast would be none"
    ]


def test_each_model_sees_its_own_locations_alone(ridge: PanelForecaster) -> None:
    other = make_forecaster("same_hour_yesterday", {}, max_lead=16, seed=20)
    other.fit(history("2016-01-01", "2018-01-01", ("brest",)))
    known = history("2019-05-15", "2019-07-14", ("brest", "northmere"))
    rows = [
        {"model_id": slug, "locations": [slug], "wanted": [slug], **NAMED}
        for slug in ("brest", "northmere")
    ]
    shelf: Any = Shelf({"brest": other, "northmere": ridge})

    made = forecast_locations(known, SOURCES, rows, {}, shelf, "2019-07-14", TODAY, 1, BATCH)
    made = made["predictions"]

    assert made.groupby("model_id")["location"].unique().map(list).to_dict() == {
        "brest": ["brest"],
        "northmere": ["northmere"],
    }


def hourly(slug: str, start: str, end: str) -> pd.DataFrame:
    times = pd.date_range(start, end, freq="h", inclusive="left", tz="UTC", unit="us")
    table = pd.DataFrame({"location": slug, "time": times, "temperature_2m": 10.0})
    return table.assign(source="sample", fetched_at=utc("2019-07-15"))


def prepare(table: pd.DataFrame, *neighbours: str, **more: pd.DataFrame) -> pd.DataFrame:
    models, nothing = chosen(*neighbours), pd.DataFrame()
    none = table.iloc[:0].assign(model="")
    tables = {"recent": none, "nwp": none.assign(lead_day=1)} | more
    rows = {name: FrameRows(own) for name, own in tables.items()}
    made = prepare_history(
        FrameRows(table), rows["recent"], rows["nwp"], nothing, nothing, LOCATIONS, models,
        "2019-07-14", TODAY, 1, PREPROCESSING, RECENT, NWP, BATCH,
    )  # fmt: skip
    return made["recent_history"]


def test_neighbours_of_the_model_are_seen_though_only_one_location_is_asked_for() -> None:
    table = pd.concat(
        hourly(slug, "2019-04-01", "2019-07-16") for slug in ("brest", "northmere", "paris")
    )

    assert set(prepare(table, "brest")["location"]) == {"brest", "northmere"}
    assert set(prepare(table)["location"]) == {"northmere"}


def test_only_the_last_weeks_before_as_of_are_read() -> None:
    prepared = prepare(hourly("northmere", "2019-04-01", "2019-07-16"))

    assert prepared["time"].min() == utc("2019-05-15")
    assert prepared["time"].max() == utc("2019-07-13 21:00")
    assert len(prepared) == 60 * 8


def test_without_any_recent_data_the_run_ends() -> None:
    table = hourly("northmere", "2019-01-01", "2019-05-01")
    silent = pd.concat([table, hourly("brest", "2019-01-01", "2019-07-01")])

    assert set(prepare(silent, "brest")["location"]) == {"brest"}
    with pytest.raises(
        PipelineError,
        match=r"Nothing is known of northmere between 2019-05-15 and as_of 2019-07-14. Ingest it",
    ):
        prepare(table, "brest")


def test_the_day_after_as_of_is_forecast_as_the_model_says(ridge: PanelForecaster) -> None:
    known = history("2019-05-15", "2019-07-14")

    rows = forecast(ridge, known)["predictions"]

    assert list(rows.columns) == [
        "model_id", "location", "as_of", "time", "lead", "temperature_2m", "lower", "upper",
        "level", "known_until", "method", "sources",
    ]  # fmt: skip
    assert rows["lead"].tolist() == [1, 2, 3, 4, 5, 6, 7, 8]
    assert rows["time"].iloc[0] == utc("2019-07-14")
    assert rows["time"].iloc[-1] == utc("2019-07-14 21:00")
    expected = ridge.predict(known, pd.DatetimeIndex([utc("2019-07-14")]), range(1, 9))
    assert rows["temperature_2m"].tolist() == expected["mean"].round(2).tolist()
    assert rows["lower"].tolist() == expected["lower"].round(2).tolist()
    assert (rows["upper"] - rows["lower"]).tolist() == pytest.approx([1.0] * 8)
    assert set(rows["level"]) == {0.9}
    assert set(rows["known_until"]) == {utc("2019-07-14")}
    assert set(rows["model_id"]) == {"m1"}
    assert set(rows["method"]) == {"model"}


def test_old_data_are_forecast_at_their_age(ridge: PanelForecaster) -> None:
    known = history("2019-05-15", "2019-07-13 03:00")

    rows = forecast(ridge, known)["predictions"]

    assert rows["lead"].tolist() == list(range(1, 9))
    assert rows["time"].iloc[0] == utc("2019-07-14")
    assert set(rows["as_of"]) == {utc("2019-07-14")}
    assert set(rows["known_until"]) == {utc("2019-07-13 03:00")}
    assert set(rows["sources"]) == {"reanalysis (x)"}
    expected = ridge.predict(known, pd.DatetimeIndex([utc("2019-07-13 03:00")]), range(8, 16))
    assert rows["temperature_2m"].tolist() == expected["mean"].round(2).tolist()


def test_recent_analyses_and_nwp_forecasts_complete_the_history() -> None:
    table = hourly("northmere", "2019-04-01", "2019-07-09")
    recent = hourly("northmere", "2019-06-01", "2019-07-14").assign(model="ifs")
    nwp = hourly("northmere", "2019-07-01", "2019-07-16").assign(model="icon", lead_day=1)
    rows = {"recent": recent.assign(temperature_2m=12.0), "nwp": nwp}
    without = prepare(table, **rows)
    models = chosen()
    models[0]["features"] = ["nwp_icon_lead_1"]

    made = prepare_history(
        FrameRows(table), *(FrameRows(frame) for frame in rows.values()), pd.DataFrame(),
        pd.DataFrame(), LOCATIONS, models, "2019-07-14", TODAY, 1, PREPROCESSING, RECENT, NWP,
        BATCH,
    )  # fmt: skip

    known = made["recent_history"].set_index("time")
    assert set(known["temperature_2m"].dropna()) == {10.0}  # the analysis is 2 °C too warm
    assert known["temperature_2m"].last_valid_index() == utc("2019-07-13 21:00")
    assert known["nwp_icon_day1"].last_valid_index() == utc("2019-07-14 21:00")
    assert made["forecast_sources"]["sources"].tolist() == [
        "reanalysis (sample); recent analysis (ifs); NWP (icon)"
    ]
    assert without["time"].max() == utc("2019-07-13 21:00")
    assert "nwp_icon_day1" not in without


def test_trailing_steps_without_temperature_are_not_taken_for_known(
    ridge: PanelForecaster,
) -> None:
    known = history("2019-05-15", "2019-07-14")
    late = known.assign(
        temperature_2m=known["temperature_2m"].where(known["time"] < utc("2019-07-13 12:00"))
    )

    rows = forecast(ridge, late)["predictions"]

    assert set(rows["known_until"]) == {utc("2019-07-13 12:00")}
    assert rows["lead"].tolist() == list(range(1, 9))


def test_where_the_model_does_not_reach_climatology_takes_over(ridge: PanelForecaster) -> None:
    known = history("2019-05-15", "2019-07-12 21:00")  # 17 steps are needed, the model has 16

    made = forecast(ridge, known)

    rows = made["predictions"].set_index("lead")
    assert rows.index.tolist() == list(range(1, 9))
    assert rows["method"].tolist() == ["model"] * 7 + ["climatology"]
    expected = ridge.predict(known, pd.DatetimeIndex([utc("2019-07-12 21:00")]), range(10, 17))
    assert rows["temperature_2m"].tolist()[:-1] == expected["mean"].round(2).tolist()
    normal = make_forecaster("climatology", {}, max_lead=8, seed=0)
    normal.fit(history("2016-01-01", "2018-01-01"))
    usual = normal.predict(history("2019-05-15", "2019-07-14"), ORIGIN, [8])["mean"].iloc[0]
    assert rows.loc[8, "temperature_2m"] == pytest.approx(usual, abs=0.005)
    assert rows.loc[8, "lower"] < usual < rows.loc[8, "upper"]
    assert set(rows["known_until"]) == {utc("2019-07-12 21:00")}
    (line,) = list_incomplete(made["forecast_status"])
    assert line == (
        "northmere: climatology for 1 of 8 steps. The data end at 2019-07-12 21:00 UTC, 27 h "
        "before as_of: 17 steps are needed, the model has 16."
    )


def test_a_horizon_that_the_model_does_not_reach_ends_with_climatology(
    ridge: PanelForecaster,
) -> None:
    rows = forecast(ridge, history("2019-05-15", "2019-07-14"), days=3)["predictions"]

    assert rows["lead"].tolist() == list(range(1, 25))
    assert rows["method"].tolist() == ["model"] * 16 + ["climatology"] * 8


@pytest.fixture(scope="module")
def two_places() -> PanelForecaster:
    """Ridge of two places that see each other, with 16 leads."""
    model = make_forecaster("ridge", {}, max_lead=16, seed=20)
    model.fit(history("2016-01-01", "2018-01-01", ("brest", "paris")))
    model.intervals = learn_intervals(forecasts({"ridge": 0.5}, days=30, leads=16))
    return model


@pytest.mark.parametrize("end", ["2019-06-01", "2019-05-15 03:00", "2019-05-15"])
def test_a_silent_location_does_not_stop_the_others(two_places: PanelForecaster, end: str) -> None:
    """It fell silent weeks ago, at the very start of the weeks that are read, or before."""
    known = history("2019-05-15", "2019-07-14", ("brest", "paris"))
    silent = known[(known["location"] != "brest") | (known["time"] < utc(end))]
    rows = [{"model_id": "m1", "locations": BOTH, "wanted": BOTH} | NAMED]
    shelf: Any = Shelf({"brest": two_places})

    made = forecast_locations(silent, SOURCES, rows, {}, shelf, "2019-07-14", TODAY, 1, BATCH)

    by_place = made["predictions"].groupby("location")
    assert by_place["method"].unique().map(list).to_dict() == {
        "brest": ["climatology"],
        "paris": ["model"],
    }
    assert by_place["lead"].apply(list).to_dict() == {s: list(range(1, 9)) for s in BOTH}
    assert made["prediction_inputs"]["location"].tolist() == ["paris"]
    (line,) = list_incomplete(made["forecast_status"])
    assert line.startswith("brest: climatology for 8 of 8 steps. The data end at 201")


def test_the_end_of_training_is_what_a_forecast_without_recent_data_stands_on(
    two_places: PanelForecaster,
) -> None:
    paris = history("2019-05-15", "2019-07-14", ("paris",))
    rows = [{"model_id": "m1", "locations": BOTH, "wanted": ["brest"]} | NAMED]
    shelf: Any = Shelf({"brest": two_places})

    made = forecast_locations(paris, SOURCES, rows, {}, shelf, "2019-07-14", TODAY, 1, BATCH)

    assert set(made["predictions"]["known_until"]) == {utc("2018-01-01")}
    assert made["prediction_inputs"].empty


def test_locations_without_a_model_or_its_files_are_named_and_the_others_forecast(
    ridge: PanelForecaster,
) -> None:
    class Damaged(Shelf):
        def load(self, row: dict[str, Any], *, evaluated: bool) -> PanelForecaster:
            if row["locations"] == ["brest"]:
                raise PipelineError("The files of model brest cannot be read.")
            return super().load(row, evaluated=evaluated)

    shelf: Any = Damaged({"northmere": ridge})
    rows = [
        {"model_id": slug, "locations": [slug], "wanted": [slug], **NAMED}
        for slug in ("brest", "northmere")
    ]
    known, without = history("2019-05-15", "2019-07-14"), {"paris": "Train one."}

    made = forecast_locations(known, SOURCES, rows, without, shelf, "2019-07-14", TODAY, 1, BATCH)

    assert set(made["predictions"]["location"]) == {"northmere"}
    assert list_incomplete(made["forecast_status"]) == [
        "paris: no forecast. Train one.",
        "brest: no forecast. The files of model brest cannot be read.",
    ]
    with pytest.raises(PipelineError, match=r"Train one\. The files of model brest"):
        forecast_locations(known, SOURCES, rows[:1], without, shelf, "2019-07-14", TODAY, 1, BATCH)


def test_a_value_that_the_model_lacks_is_that_of_climatology() -> None:
    """The naive forecast knows nothing of an hour that was missing for a week."""
    naive = make_forecaster("same_hour_yesterday", {}, max_lead=16, seed=20)
    naive.fit(history("2016-01-01", "2018-01-01"))
    known = history("2019-05-15", "2019-07-14")
    noon = (known["time"].dt.hour == 12) & (known["time"] >= utc("2019-07-01"))
    holes = known.assign(temperature_2m=known["temperature_2m"].mask(noon))

    made = forecast(naive, holes)

    methods = made["predictions"].set_index("lead")["method"]
    assert methods[methods == "climatology"].index.tolist() == [5]
    assert made["predictions"]["temperature_2m"].notna().all()


def test_whether_an_incomplete_forecast_ends_the_run_is_a_parameter() -> None:
    failing = BATCH.model_copy(update={"on_missing": "fail"})

    refuse_incomplete(["brest: no forecast."], BATCH)
    refuse_incomplete([], failing)
    with pytest.raises(PipelineError, match=r"brest: no forecast\. All forecasts that there are"):
        refuse_incomplete(["brest: no forecast."], failing)


def test_the_inputs_are_the_models_own_and_json_says_null_for_what_is_missing(
    ridge: PanelForecaster,
) -> None:
    known = history("2019-05-15", "2019-07-14")
    holes = known.assign(
        temperature_2m=known["temperature_2m"].where(known["time"] != utc("2019-07-13 12:00"))
    )
    origin = utc("2019-07-14")

    (row,) = forecast(ridge, holes)["prediction_inputs"].to_dict("records")

    assert (row["model_id"], row["location"], row["as_of"]) == ("m1", "northmere", origin)
    own = ridge.inputs(holes, origin).set_index("feature")["value"].to_dict()
    assert set(row["inputs"]) == set(own)
    missing = [name for name, value in own.items() if math.isnan(value)]
    assert missing  # the hole shows in the features
    assert all(row["inputs"][name] is None for name in missing)
    known_names = [name for name in own if name not in missing]
    assert {n: row["inputs"][n] for n in known_names} == {n: own[n] for n in known_names}
    json.dumps(row["inputs"], allow_nan=False)
    with pytest.raises(ValueError, match="not JSON compliant"):
        json.dumps({"feature": np.nan}, allow_nan=False)


def test_locations_are_forecast_at_the_age_of_their_own_data() -> None:
    model = make_forecaster("same_hour_yesterday", {}, max_lead=16, seed=20)
    model.fit(history("2016-01-01", "2018-01-01", ("brest", "paris")))
    known = history("2019-05-15", "2019-07-14", ("brest", "paris"))
    late = known[(known["location"] != "paris") | (known["time"] < utc("2019-07-13 18:00"))]
    rows = [
        {"model_id": "m1", "locations": ["brest", "paris"], "wanted": ["brest", "paris"]} | NAMED
    ]
    shelf: Any = Shelf({"brest": model})

    made = forecast_locations(late, SOURCES, rows, {}, shelf, "2019-07-14", TODAY, 1, BATCH)
    made = made["predictions"]

    leads = made.groupby("location")["lead"].agg(["min", "max"]).to_dict("index")
    assert leads == {"brest": {"min": 1, "max": 8}, "paris": {"min": 1, "max": 8}}
    until = made.groupby("location")["known_until"].first().to_dict()
    assert until == {"brest": utc("2019-07-14"), "paris": utc("2019-07-13 18:00")}


def test_nothing_at_or_after_as_of_moves_a_forecast(ridge: PanelForecaster) -> None:
    table = hourly("northmere", "2019-05-15", "2019-07-16")
    table["temperature_2m"] = np.random.default_rng(4).normal(15, 5, len(table)).round(1)

    def changed_from(instant: str) -> list[float]:
        changed = table["temperature_2m"].where(table["time"] < utc(instant), -30.0)
        rows = forecast(ridge, prepare(table.assign(temperature_2m=changed)))["predictions"]
        return list(rows["temperature_2m"])

    assert changed_from("2019-07-14") == changed_from("2019-07-16")
    assert changed_from("2019-07-13 23:00") != changed_from("2019-07-16")  # it would be noticed


def test_hindcasts_are_what_a_backtest_of_the_same_days_gives(ridge: PanelForecaster) -> None:
    known = history("2019-05-01", "2019-07-14")
    shelf: Any = Shelf({"northmere": ridge})
    batch = BatchParameters(history_days=60, since=date(2019, 7, 1))

    made = forecast_locations(known, SOURCES, chosen(), {}, shelf, "2019-07-14", TODAY, 1, batch)

    rows = made["predictions"]
    past = rows[rows["as_of"] < utc("2019-07-14")].reset_index(drop=True)
    expected = backtest(ridge, known, utc("2019-07-01"), utc("2019-07-14"), range(1, 9))
    assert len(past) == 13 * 8
    for column in ("location", "as_of", "time", "lead"):
        assert past[column].tolist() == expected[column].tolist()
    assert past["temperature_2m"].tolist() == expected["mean"].round(2).tolist()
    assert past["upper"].tolist() == expected["upper"].round(2).tolist()
    assert past["known_until"].tolist() == past["as_of"].tolist()
    latest = rows[rows["as_of"] == utc("2019-07-14")].reset_index(drop=True)
    alone = forecast(ridge, known)
    pd.testing.assert_frame_equal(latest, alone["predictions"])
    pd.testing.assert_frame_equal(made["prediction_inputs"], alone["prediction_inputs"])


def test_hindcasts_end_with_the_data_of_each_location() -> None:
    model = make_forecaster("same_hour_yesterday", {}, max_lead=16, seed=20)
    model.fit(history("2016-01-01", "2018-01-01", ("brest", "paris")))
    known = history("2019-05-15", "2019-07-14", ("brest", "paris"))
    late = known[(known["location"] != "paris") | (known["time"] < utc("2019-07-13 00:00"))]

    made = hindcast(model, late, ["paris"], utc("2019-07-10"), utc("2019-07-14"), 1)

    assert set(made["location"]) == {"paris"}
    assert made["as_of"].unique().tolist() == [utc(f"2019-07-{day}") for day in (10, 11, 12, 13)]


def test_nwp_forecasts_after_as_of_are_no_reason_for_hindcasts_there(
    ridge: PanelForecaster,
) -> None:
    beyond = history("2019-05-15", "2019-07-16")  # its last days hold NWP forecasts alone
    until = beyond["temperature_2m"].where(beyond["time"] < utc("2019-07-14"))
    known = beyond.assign(temperature_2m=until)

    made = hindcast(ridge, known, ["northmere"], utc("2019-07-10"), utc("2019-07-14"), 1)

    assert made["as_of"].unique().tolist() == [utc(f"2019-07-{day}") for day in range(10, 14)]


def test_a_silent_location_has_no_hindcasts(two_places: PanelForecaster) -> None:
    known = history("2019-05-15", "2019-07-01", ("brest", "paris"))

    assert hindcast(two_places, known, BOTH, utc("2019-07-05"), utc("2019-07-14"), 1).empty
    assert hindcast(two_places, known.iloc[:0], BOTH, utc("2019-06-05"), utc("2019-07-14"), 1).empty


def test_a_model_for_hindcasts_has_seen_nothing_of_the_first_day() -> None:
    @dataclass
    class Asked(Shelf):
        def serving(self, locations: list[str], as_of: datetime) -> Served:
            assert as_of == utc("2018-02-01")
            return super().serving(locations, utc("2019-07-14"))

    shelf: Any = Asked({})
    batch = BatchParameters(history_days=60, since=date(2018, 2, 1))

    assert choose_models(shelf, LOCATIONS, "paris", "open_meteo", "2019-07-14", TODAY, batch)


def test_hindcasts_start_before_as_of() -> None:
    with pytest.raises(
        ParameterError, match=r"since must lie before as_of \(2019-07-14\). Found 2019-07-14"
    ):
        first_origin(date(2019, 7, 14), utc("2019-07-14"))
