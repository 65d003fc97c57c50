"""The batch job: which model, from which data, to which rows."""

import json
import math
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.pipelines.hand_made import FrameRows, as_file, forecasts, history, utc
from triptych.errors import ParameterError, PipelineError
from triptych.forecasting.evaluation.backtest import backtest
from triptych.forecasting.evaluation.conformal import learn_intervals
from triptych.forecasting.models.base import PanelForecaster
from triptych.forecasting.models.baselines import forecast_climatology
from triptych.forecasting.models.factory import make_forecaster
from triptych.parameters.forecasting import (
    BatchParameters,
    NwpParameters,
    PreprocessingParameters,
    RecentParameters,
)
from triptych.pipelines.batch_inference.forecast import hindcast
from triptych.pipelines.batch_inference.history import prepare_history
from triptych.pipelines.batch_inference.nodes import (
    choose_models,
    forecast_locations,
    list_incomplete,
)

LOCATIONS = pd.DataFrame(
    {
        "location": ["brest", "northmere", "paris"],
        "latitude": [48.5, 52.0, 48.75],
        "longitude": [-4.5, 22.0, 2.25],
        "source": ["open_meteo", "sample", "open_meteo"],
    }
)
BATCH = BatchParameters(history_days=60)
NWP = NwpParameters(models=["gfs", "icon"])
BOTH = ["brest", "paris"]
SOURCES = pd.DataFrame({"location": ["northmere", *BOTH], "sources": "reanalysis (x)"})


AS_OF = utc("2019-07-14")


class Registry:
    """A registry of one model for each location."""

    def __init__(self, models: dict[str, PanelForecaster] | None = None, **changes: Any) -> None:
        self.models = models or {}
        self.changes = changes
        self.asked: list[datetime] = []

    def serving(self, locations: list[str], as_of: datetime) -> Any:
        self.asked.append(as_of)
        if as_of < self.changes.get("train_end", as_of):
            return {}, dict.fromkeys(locations, "Train one.")
        facts = {"stage": "production"} | self.changes
        rows = {s: model_row(s) | {"model_id": f"m of {s}"} | facts for s in locations}
        return rows, {}

    def load(self, row: dict[str, Any], *, evaluated: bool) -> PanelForecaster:
        assert not evaluated
        if row["locations"][0] not in self.models:
            raise PipelineError(f"The files of model {row['model_id']} cannot be read.")
        return self.models[row["locations"][0]]


def make(name: str, *slugs: str) -> PanelForecaster:
    """A model that was fitted until 2018 and reaches a day and a late source's day: 16 leads."""
    model = make_forecaster(name, {}, max_lead=16, seed=20)
    model.fit(history("2016-01-01", "2018-01-01", slugs or ("northmere",)))
    model.intervals = learn_intervals(forecasts({name: 0.5}, days=30, leads=16))
    return model


@pytest.fixture(scope="module")
def ridge() -> PanelForecaster:
    return make("ridge")


@pytest.fixture(scope="module")
def two_places() -> PanelForecaster:
    """Ridge of two places that see each other."""
    return make("ridge", *BOTH)


@pytest.fixture(scope="module")
def known() -> pd.DataFrame:
    return history("2019-05-15", "2019-07-14")


def model_row(*slugs: str, wanted: list[str] | None = None) -> dict[str, Any]:
    return {
        "model_id": "m1", "locations": list(slugs), "features": [], "algorithm": "ridge",
        "parameters": {}, "train_end": utc("2019-07-01"), "name": "temperature", "version": 1,
        "evaluated": False, "wanted": wanted or list(slugs), "first_origin": AS_OF,
    }  # fmt: skip


def forecast(
    model: PanelForecaster,
    known: pd.DataFrame,
    *rows: dict[str, Any],
    days: int = 1,
) -> dict[str, pd.DataFrame]:
    chosen = rows or (model_row("northmere"),)
    registry: Any = Registry({chosen[0]["locations"][0]: model})
    return forecast_locations(known, SOURCES, list(chosen), {}, registry, "2019-07-14", days, NWP)


def choose(
    registry: Any,
    location: str | None = None,
    batch: BatchParameters = BATCH,
    *,
    predictions: pd.DataFrame = SOURCES.iloc[:0],
) -> Any:
    made = choose_models(
        registry,
        FrameRows(predictions),
        LOCATIONS,
        as_file(LOCATIONS),
        location,
        "open_meteo",
        "2019-07-14",
        batch,
    )
    return made["chosen_models"]


def test_locations_that_share_a_model_are_forecast_together() -> None:
    (one,) = choose(Registry(model_id="m1", locations=["northmere", *BOTH]), "paris;brest")
    two = choose(Registry())

    assert one["wanted"] == BOTH
    assert [(row["model_id"], row["wanted"]) for row in two] == [
        ("m of brest", ["brest"]),
        ("m of paris", ["paris"]),
    ]


def test_a_version_out_of_production_is_named_in_a_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    choose(Registry(stage="candidate", version=4), "paris")

    assert caplog.messages == [
        "temperature version 4 (candidate), trained on data before 2019-07-01, forecasts paris "
        "from 2019-07-14 on"
    ]


def test_a_model_for_hindcasts_has_seen_nothing_of_the_first_day() -> None:
    registry = Registry()
    choose(registry)
    assert registry.asked == [AS_OF]
    rows = choose(registry, "paris", BatchParameters(history_days=60, since=date(2018, 2, 1)))
    assert registry.asked == [AS_OF, AS_OF, utc("2018-02-01")]
    assert [row["first_origin"] for row in rows] == [AS_OF, utc("2018-02-01")]
    with pytest.raises(
        ParameterError, match=r"since must lie before as_of \(2019-07-14\). Found 2019-07-14"
    ):
        choose(registry, batch=BatchParameters(history_days=60, since=date(2019, 7, 14)))


def test_hindcasts_of_four_weeks_come_with_the_first_forecast_of_a_location(
    caplog: pytest.LogCaptureFixture,
) -> None:
    batch = BatchParameters(history_days=60, hindcast_days=28)
    of_brest = SOURCES[SOURCES["location"] == "brest"]

    first, second = (
        choose(Registry(), slug, batch, predictions=of_brest) for slug in ("paris", "brest")
    )

    assert [row["first_origin"] for row in first] == [AS_OF, utc("2019-06-16")]
    assert [row["first_origin"] for row in second] == [AS_OF]
    caplog.clear()
    (row,) = choose(Registry(train_end=utc("2019-07-01")), "paris", batch)
    assert row["first_origin"] == AS_OF
    assert caplog.messages[-1] == "No hindcasts for paris: Train one."
    since = BatchParameters(history_days=60, since=date(2019, 6, 1))
    with pytest.raises(PipelineError, match="Train one"):
        choose(Registry(train_end=utc("2019-07-01")), "paris", since)


def hourly(slug: str, start: str, end: str, degrees: float = 10.0) -> pd.DataFrame:
    times = pd.date_range(start, end, freq="h", inclusive="left", tz="UTC", unit="us")
    table = pd.DataFrame({"location": slug, "time": times, "temperature_2m": degrees})
    return table.assign(source="sample", fetched_at=utc("2019-07-15"))


def prepare(
    table: pd.DataFrame, *neighbours: str, features: tuple[str, ...] = (), **more: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    row = model_row("northmere", *neighbours, wanted=["northmere"]) | {"features": features}
    none, nothing = table.iloc[:0].assign(model=""), pd.DataFrame()
    tables = {"recent": none, "nwp": none.assign(lead_day=1)} | more
    return prepare_history(
        FrameRows(table), FrameRows(tables["recent"]), FrameRows(tables["nwp"]), nothing, nothing,
        LOCATIONS, [row], "2019-07-14", 1, PreprocessingParameters(interpolation_limit_hours=6),
        RecentParameters(model="ifs", overlap_days=30), NWP, BATCH,
    )  # fmt: skip


def test_the_last_weeks_of_the_location_and_its_neighbours_are_read() -> None:
    slugs = LOCATIONS["location"]
    table = pd.concat(hourly(slug, "2019-04-01", "2019-07-16") for slug in slugs)

    prepared = prepare(table)["recent_history"]

    assert set(prepared["location"]) == {"northmere"}
    assert set(prepare(table, "brest")["recent_history"]["location"]) == {"brest", "northmere"}
    assert prepared["time"].min() == utc("2019-05-15")
    assert prepared["time"].max() == utc("2019-07-13 21:00")
    assert len(prepared) == 60 * 8


def test_without_any_recent_data_the_run_ends() -> None:
    table = hourly("northmere", "2019-01-01", "2019-05-01")
    silent = pd.concat([table, hourly("brest", "2019-01-01", "2019-07-01")])

    assert set(prepare(silent, "brest")["recent_history"]["location"]) == {"brest"}
    with pytest.raises(
        PipelineError,
        match=r"Nothing is known of northmere between 2019-05-15 and as_of 2019-07-14. Ingest it",
    ):
        prepare(table, "brest")


def test_recent_analyses_and_nwp_forecasts_complete_the_history() -> None:
    table = hourly("northmere", "2019-04-01", "2019-07-09")
    recent = hourly("northmere", "2019-06-01", "2019-07-14", 12.0).assign(model="ifs")
    nwp = hourly("northmere", "2019-07-01", "2019-07-16").assign(model="icon", lead_day=1)

    without = prepare(table, recent=recent, nwp=nwp)["recent_history"]
    made = prepare(table, features=("nwp_icon_lead_1",), recent=recent, nwp=nwp)

    prepared = made["recent_history"].set_index("time")
    assert set(prepared["temperature_2m"].dropna()) == {10.0}  # the analysis is 2 °C too warm
    assert prepared["temperature_2m"].last_valid_index() == utc("2019-07-13 21:00")
    assert prepared["nwp_icon_day1"].last_valid_index() == utc("2019-07-14 21:00")
    assert made["forecast_sources"]["sources"].tolist() == [
        "reanalysis (sample); recent analysis (ifs); NWP (icon)"
    ]
    assert without["time"].max() == utc("2019-07-13 21:00")
    assert "nwp_icon_day1" not in without


def test_without_nwp_forecasts_after_as_of_the_sources_do_not_name_any() -> None:
    table = hourly("northmere", "2019-04-01", "2019-07-14")
    ended = hourly("northmere", "2019-07-01", "2019-07-13").assign(model="icon", lead_day=1)

    for nwp in (ended, ended.iloc[:0]):
        made = prepare(table, features=("nwp_icon_lead_1",), nwp=nwp)
        assert made["forecast_sources"]["sources"].tolist() == ["reanalysis (sample)"]


def test_nothing_at_or_after_as_of_moves_a_forecast(ridge: PanelForecaster) -> None:
    table = hourly("northmere", "2019-05-15", "2019-07-16")
    table["temperature_2m"] = np.random.default_rng(4).normal(15, 5, len(table)).round(1)

    def changed_from(instant: str) -> list[float]:
        changed = table["temperature_2m"].where(table["time"] < utc(instant), -30.0)
        prepared = prepare(table.assign(temperature_2m=changed))["recent_history"]
        return list(forecast(ridge, prepared)["predictions"]["temperature_2m"])

    assert changed_from("2019-07-14") == changed_from("2019-07-16")
    assert changed_from("2019-07-13 23:00") != changed_from("2019-07-16")  # it would be noticed


def test_the_day_after_as_of_is_forecast_as_the_model_says(
    ridge: PanelForecaster, known: pd.DataFrame
) -> None:
    rows = forecast(ridge, known)["predictions"]

    assert list(rows.columns) == [
        "model_id", "location", "as_of", "time", "lead", "temperature_2m", "lower", "upper",
        "climatology", "nwp_mean", "level", "known_until", "method", "sources",
    ]  # fmt: skip
    normal = forecast_climatology(ridge, ["northmere"], AS_OF, 8)
    assert rows["climatology"].tolist() == normal["mean"].round(2).tolist()
    assert rows["nwp_mean"].isna().all()
    assert rows["lead"].tolist() == [1, 2, 3, 4, 5, 6, 7, 8]
    assert rows["time"].tolist() == list(pd.date_range(AS_OF, periods=8, freq="3h"))
    expected = ridge.predict(known, pd.DatetimeIndex([AS_OF]), range(1, 9))
    assert rows["temperature_2m"].tolist() == expected["mean"].round(2).tolist()
    assert rows["lower"].tolist() == expected["lower"].round(2).tolist()
    assert (rows["upper"] - rows["lower"]).tolist() == pytest.approx([1.0] * 8)
    for name, value in (
        ("level", 0.9), ("known_until", AS_OF), ("model_id", "m1"), ("method", "model"),
        ("as_of", AS_OF), ("sources", "reanalysis (x)"),
    ):  # fmt: skip
        assert set(rows[name]) == {value}


def test_a_forecast_has_beside_it_the_nwp_forecasts_published_when_it_was_issued(
    ridge: PanelForecaster,
) -> None:
    known = history("2019-05-15", "2019-07-16")
    for column, value in (("gfs_day1", 11.0), ("icon_day1", 14.0), ("gfs_day2", 20.0)):
        known[f"nwp_{column}"] = value
    known["temperature_2m"] = known["temperature_2m"].where(known["time"] < AS_OF)

    rows = forecast(ridge, known, days=2)["predictions"].sort_values("lead")

    # a run counts from six hours after its start: the last six hours of a day are of day 2,
    # and there is no day 3
    assert rows["nwp_mean"].fillna(0).tolist() == [12.5] * 6 + [20.0] * 8 + [0.0] * 2


@pytest.mark.parametrize("trailing", [False, True], ids=["no rows", "no temperature"])
def test_old_data_are_forecast_at_their_age(
    ridge: PanelForecaster, known: pd.DataFrame, trailing: bool
) -> None:
    end = utc("2019-07-13 03:00")
    short = known[known["time"] < end]
    given = known.assign(temperature_2m=known["temperature_2m"].where(known["time"] < end))

    rows = forecast(ridge, given if trailing else short)["predictions"]

    assert rows["lead"].tolist() == list(range(1, 9))
    assert rows["time"].iloc[0] == AS_OF
    assert set(rows["as_of"]) == {AS_OF}
    assert set(rows["known_until"]) == {end}
    expected = ridge.predict(short, pd.DatetimeIndex([end]), range(8, 16))
    assert rows["temperature_2m"].tolist() == expected["mean"].round(2).tolist()


def test_where_the_model_does_not_reach_climatology_takes_over(
    ridge: PanelForecaster, known: pd.DataFrame
) -> None:
    end = utc("2019-07-12 21:00")  # 17 steps are needed, the model has 16
    short = known[known["time"] < end]

    made = forecast(ridge, short)

    rows = made["predictions"].set_index("lead")
    assert rows.index.tolist() == list(range(1, 9))
    assert rows["method"].tolist() == ["model"] * 7 + ["climatology"]
    expected = ridge.predict(short, pd.DatetimeIndex([end]), range(10, 17))
    assert rows["temperature_2m"].tolist()[:-1] == expected["mean"].round(2).tolist()
    normal = make("climatology").predict(known, pd.DatetimeIndex([AS_OF]), [8])["mean"].iloc[0]
    assert rows.loc[8, "temperature_2m"] == pytest.approx(normal, abs=0.005)
    assert rows.loc[8, "lower"] < normal < rows.loc[8, "upper"]
    assert set(rows["known_until"]) == {end}
    assert list_incomplete(made["forecast_status"]) == [
        "northmere: climatology for 1 of 8 steps. The data end at 2019-07-12 21:00 UTC, 27 h "
        "before as_of: 17 steps are needed, the model has 16."
    ]
    longer = forecast(ridge, known, days=3)["predictions"]
    assert longer["lead"].tolist() == list(range(1, 25))
    assert longer["method"].tolist() == ["model"] * 16 + ["climatology"] * 8


def test_a_value_that_the_model_lacks_is_that_of_climatology(known: pd.DataFrame) -> None:
    """The naive forecast knows nothing of an hour that was missing for a week."""
    noon = (known["time"].dt.hour == 12) & (known["time"] >= utc("2019-07-01"))
    holes = known.assign(temperature_2m=known["temperature_2m"].mask(noon))

    made = forecast(make("same_hour_yesterday"), holes)["predictions"]

    methods = made.set_index("lead")["method"]
    assert methods[methods == "climatology"].index.tolist() == [5]
    assert made["temperature_2m"].notna().all()


@pytest.mark.parametrize("end", ["2019-06-01", "2019-05-15 03:00", "2019-05-15"])
def test_a_silent_location_does_not_stop_the_others(two_places: PanelForecaster, end: str) -> None:
    """It fell silent weeks ago, at the very start of the weeks that are read, or before."""
    known = history("2019-05-15", "2019-07-14", ("brest", "paris"))
    silent = known[(known["location"] != "brest") | (known["time"] < utc(end))]

    made = forecast(two_places, silent, model_row(*BOTH))

    by_place = made["predictions"].groupby("location")
    assert by_place["method"].unique().map(list).to_dict() == {
        "brest": ["climatology"],
        "paris": ["model"],
    }
    assert by_place["lead"].apply(list).to_dict() == {s: list(range(1, 9)) for s in BOTH}
    until = by_place["known_until"].first().to_dict()
    assert until == {"brest": utc("2018-01-01" if end == "2019-05-15" else end), "paris": AS_OF}
    assert made["prediction_inputs"]["location"].tolist() == ["paris"]
    (line,) = list_incomplete(made["forecast_status"])
    assert line.startswith("brest: climatology for 8 of 8 steps. The data end at 201")


def test_each_model_sees_its_own_locations_alone(ridge: PanelForecaster) -> None:
    known = history("2019-05-15", "2019-07-14", ("brest", "northmere"))
    registry: Any = Registry({"brest": make("same_hour_yesterday", "brest"), "northmere": ridge})
    rows = [model_row(slug) | {"model_id": slug} for slug in ("brest", "northmere")]

    made = forecast_locations(known, SOURCES, rows, {}, registry, "2019-07-14", 1, NWP)[
        "predictions"
    ]

    assert made.groupby("model_id")["location"].unique().map(list).to_dict() == {
        "brest": ["brest"],
        "northmere": ["northmere"],
    }


def test_locations_without_a_model_or_its_files_are_named_and_the_others_forecast(
    ridge: PanelForecaster, known: pd.DataFrame
) -> None:
    registry: Any = Registry({"northmere": ridge})
    rows = [model_row(slug) | {"model_id": slug} for slug in ("brest", "northmere")]
    given = (known, SOURCES), ({"paris": "Train one."}, registry, "2019-07-14", 1, NWP)

    made = forecast_locations(*given[0], rows, *given[1])

    assert set(made["predictions"]["location"]) == {"northmere"}
    assert list_incomplete(made["forecast_status"]) == [
        "paris: no forecast. Train one.",
        "brest: no forecast. The files of model brest cannot be read.",
    ]
    with pytest.raises(PipelineError, match=r"Train one\. The files of model brest"):
        forecast_locations(*given[0], rows[:1], *given[1])


def test_the_inputs_are_the_models_own_and_json_says_null_for_what_is_missing(
    ridge: PanelForecaster, known: pd.DataFrame
) -> None:
    hole = known["time"] == utc("2019-07-13 12:00")
    holes = known.assign(temperature_2m=known["temperature_2m"].mask(hole))

    (row,) = forecast(ridge, holes)["prediction_inputs"].to_dict("records")

    assert (row["model_id"], row["location"], row["as_of"]) == ("m1", "northmere", AS_OF)
    own = ridge.inputs(holes, AS_OF).set_index("feature")["value"].to_dict()
    expected = {name: None if math.isnan(value) else value for name, value in own.items()}
    assert row["inputs"] == expected
    assert None in expected.values()  # the hole shows in the features
    json.dumps(row["inputs"], allow_nan=False)


def test_hindcasts_are_what_a_backtest_of_the_same_days_gives(ridge: PanelForecaster) -> None:
    known = history("2019-05-01", "2019-07-14")
    row = model_row("northmere")

    made = forecast(ridge, known, row, row | {"first_origin": utc("2019-07-01")})

    rows = made["predictions"]
    past = rows[rows["as_of"] < AS_OF].reset_index(drop=True)
    expected = backtest(ridge, known, utc("2019-07-01"), AS_OF, range(1, 9))
    assert len(past) == 13 * 8
    for column in ("location", "as_of", "time", "lead"):
        assert past[column].tolist() == expected[column].tolist()
    assert past["temperature_2m"].tolist() == expected["mean"].round(2).tolist()
    assert past["upper"].tolist() == expected["upper"].round(2).tolist()
    assert past["known_until"].tolist() == past["as_of"].tolist()
    latest = rows[rows["as_of"] == AS_OF].reset_index(drop=True)
    alone = forecast(ridge, known)
    pd.testing.assert_frame_equal(latest, alone["predictions"])
    pd.testing.assert_frame_equal(made["prediction_inputs"], alone["prediction_inputs"])


def test_locations_without_recent_data_have_a_forecast_and_no_hindcasts(
    two_places: PanelForecaster,
) -> None:
    silent = history("2019-05-15", "2019-07-01", ("brest", "paris"))
    row = model_row(*BOTH)

    made = forecast(two_places, silent, row, row | {"first_origin": utc("2019-07-05")})

    alone = forecast(two_places, silent, row)
    pd.testing.assert_frame_equal(made["predictions"], alone["predictions"])
    assert set(made["predictions"]["location"]) == set(BOTH)


def test_hindcasts_end_with_the_data_of_each_location(two_places: PanelForecaster) -> None:
    """NWP forecasts after as_of are no reason for hindcasts there."""
    beyond = history("2019-05-15", "2019-07-16", ("brest", "paris"))
    late = (beyond["location"] == "paris") & (beyond["time"] >= utc("2019-07-13"))
    unknown = late | (beyond["time"] >= AS_OF)
    known = beyond.assign(temperature_2m=beyond["temperature_2m"].mask(unknown))

    made = hindcast(two_places, known, ["paris"], utc("2019-07-10"), AS_OF, 1)
    both = hindcast(two_places, known, BOTH, utc("2019-07-10"), AS_OF, 1)

    assert set(made["location"]) == {"paris"}
    assert made["as_of"].unique().tolist() == [utc(f"2019-07-{day}") for day in (10, 11, 12, 13)]
    assert both["as_of"].max() == utc("2019-07-13")
    silent = known[known["time"] < utc("2019-07-01")]
    assert hindcast(two_places, silent, BOTH, utc("2019-07-05"), AS_OF, 1).empty
    assert hindcast(two_places, silent.iloc[:0], BOTH, utc("2019-06-05"), AS_OF, 1).empty
