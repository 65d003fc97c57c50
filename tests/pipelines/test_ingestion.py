"""Ingestion of the reanalysis: what is requested, accepted, and requested again."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.pipelines.hand_made import as_file
from triptych.parameters.forecasting import ForecastParameters, IngestionParameters, LimitParameters
from triptych.pipelines.ingestion.nodes import (
    WEATHER_OUTPUTS,
    fetch_weather,
    list_locations,
    report_missing,
)
from triptych.pipelines.ingestion.requests import (
    REANALYSIS,
    Request,
    group_requests,
    plan_requests,
)
from triptych.weather.errors import (
    CallLimitReached,
    InvalidResponse,
    LocationError,
    SourceRefused,
    SourceUnavailable,
    WeatherError,
)
from triptych.weather.locations import Location, SourceKind, locations_frame
from triptych.weather.sources.base import Fetched, Query
from triptych.weather.sources.sample import SampleClimate
from triptych.weather.variables import VARIABLES

TODAY = "2024-03-01"
FORECAST = ForecastParameters(train_years=1, validation_years=1, data_ages=[0, 144])
INGESTION = IngestionParameters(models="era5", final_after_days=30, max_rejected_share=0.05)
NORTHMERE, WESTHAVEN, PARIS = (
    Location(slug=slug, name=slug.title(), latitude=latitude, longitude=longitude, elevation=210.0,
             timezone="UTC", source=source)
    for slug, latitude, longitude, source in (
        ("northmere", 52.0, 22.0, "sample"), ("westhaven", 48.0, -9.0, "sample"),
        ("paris", 48.75, 2.25, "open_meteo"),
    )
)  # fmt: skip
LOCATIONS = locations_frame([NORTHMERE, WESTHAVEN]).assign(source="open_meteo")
Row = tuple[str, str, str]  # location, start and end


def utc(day: str) -> pd.Timestamp:
    return pd.Timestamp(day, tz="UTC")


def periods(*rows: Row) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["location", "start", "end"])
    return frame.assign(
        **{name: pd.to_datetime(frame[name], utc=True) for name in frame.columns[1:]}
    )


def incomplete(*rows: tuple[str, dict[str, int]]) -> pd.DataFrame:
    """Days of Northmere with their missing hours, requested today."""
    columns = ["location", "day", "missing", "first_requested", "last_requested", "last_as_of"]
    days = [("northmere", utc(day), missing, *[utc(TODAY)] * 3) for day, missing in rows]
    return pd.DataFrame(days, columns=columns)


def requests(*rows: Row, repeated: bool = False) -> list[Request]:
    return [
        Request(REANALYSIS, date.fromisoformat(start), date.fromisoformat(end), ("era5",),
                repeated=repeated, slugs=tuple(slugs.split("+")))
        for slugs, start, end in rows
    ]  # fmt: skip


NOTHING, NO_DAYS = periods(), incomplete()
WHOLE = periods(("northmere", "2021-03-01", "2023-01-01"), ("northmere", "2023-01-01", TODAY))
WITHOUT_2022 = periods(
    ("northmere", "2021-03-01", "2022-01-01"), ("northmere", "2023-01-01", TODAY)
)
OLD = periods(("northmere", "2021-03-01", "2024-01-01"))
THIS_YEAR = requests(("northmere", "2024-01-01", TODAY))


def plan_all(
    known: pd.DataFrame,
    days: pd.DataFrame = NO_DAYS,
    *,
    as_of: str = TODAY,
    today: str = TODAY,
    location: str | None = "northmere",
    source: SourceKind = "open_meteo",
    **ingestion: Any,
) -> list[Request]:
    settings = INGESTION.model_copy(update=ingestion)
    places = LOCATIONS.assign(source=source)
    file = as_file(places)
    return plan_requests(
        places, file, known, days, location, source, as_of, today, FORECAST, settings
    )


def plan(*known: pd.DataFrame, **options: Any) -> list[str]:
    return [
        f"{'+'.join(each.slugs)} {each.start} {each.end}{' again' if each.repeated else ''}"
        for each in plan_all(*known, **options)
    ]


class Archive:
    """A source of constant weather up to `until`; `change` edits its rows.

    It refuses requests that name one location, as Open-Meteo does for invalid coordinates.
    """

    def __init__(
        self,
        until: str = TODAY,
        change: Callable[[pd.DataFrame], pd.DataFrame] = lambda frame: frame,
        *,
        refused: str = "",
        error: type[WeatherError] = SourceRefused,
        absent: frozenset[str] = frozenset(),
    ) -> None:
        self.until, self.change, self.refused, self.error = utc(until), change, refused, error
        self.absent = absent
        self.asked: list[date] = []
        self.closed = False

    def fetch_many(self, query: Query, variables: Sequence[str]) -> Iterator[Fetched]:
        slugs = [location.slug for location in query.locations]
        if self.refused in slugs:
            raise self.error(f"{' and '.join(slugs)}: refused")
        start, end = utc(str(query.start)), utc(str(query.end))
        until = max(start, min(end, self.until))
        times = pd.date_range(start, until, freq="h", inclusive="left", unit="us")
        values = dict.fromkeys(variables, 5.0) | {"temperature_2m": 10.0}
        for slug in slugs:
            self.asked.append(query.start)
            rows = {"location": slug, "time": times, **values, "surface_pressure": 1000.0}
            yield Fetched(self.change(pd.DataFrame(rows)), self.absent)

    def close(self) -> None:
        self.closed = True


Chunk = dict[str, Any]


def fetch(
    asked: list[Request],
    source: Any,
    known: pd.DataFrame = NOTHING,
    days: pd.DataFrame = NO_DAYS,
    *,
    today: str = TODAY,
    **ingestion: Any,
) -> Iterator[Chunk]:
    kind: SourceKind = "sample" if isinstance(source, SampleClimate) else "open_meteo"
    places, settings = LOCATIONS.assign(source=kind), INGESTION.model_copy(update=ingestion)
    return fetch_weather(
        asked, places, known, days, lambda *_, **__: source, kind, TODAY, today, settings
    )


def missing_of(days: pd.DataFrame, today: str = TODAY) -> list[tuple[Any, ...]]:
    run = (as_file(LOCATIONS), "northmere", "open_meteo", TODAY, today, FORECAST, INGESTION)
    return [
        (f"{row.start:%m-%d}", f"{row.end:%m-%d}", row.variables, row.hours, row.repeated)
        for row in report_missing(days, LOCATIONS, *run).itertuples()
    ]


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (periods(), ["2021-03-01 2022-01-01", "2022-01-01 2023-01-01", "2023-01-01 2024-01-01",
                     "2024-01-01 2024-03-01"]),
        (WHOLE, []),
        (WITHOUT_2022, ["2022-01-01 2023-01-01"]),
        (periods(("northmere", "2022-01-01", "2024-02-20")),
         ["2021-03-01 2022-01-01", "2024-02-20 2024-03-01"]),
    ],
)  # fmt: skip
def test_what_the_database_lacks_is_requested_year_by_year(
    known: pd.DataFrame, expected: list[str]
) -> None:
    assert plan(known) == [f"northmere {days}" for days in expected]


@pytest.mark.parametrize(
    ("since", "expected"),
    [
        ("2023-12-30", ["northmere 2023-12-30 2024-01-01", "northmere 2024-01-01 2024-03-01"]),
        ("2001-01-01", plan(periods())),  # no earlier than the study starts
        (TODAY, []),
    ],
)
def test_corrections_are_requested_from_a_day_on(since: str, expected: list[str]) -> None:
    assert plan(WHOLE, refetch_from=since) == expected


def test_each_location_is_requested_for_what_it_lacks() -> None:
    known = periods(("northmere", "2021-03-01", TODAY), ("westhaven", "2021-03-01", "2024-02-01"))

    for location in (None, "northmere;westhaven"):
        assert plan(known, location=location) == ["westhaven 2024-02-01 2024-03-01"]


def test_a_slug_that_names_another_place_now_is_refused() -> None:
    known = locations_frame([NORTHMERE, WESTHAVEN])
    near, far = (
        NORTHMERE.model_copy(update={"latitude": 52.0 + degrees}) for degrees in (0.005, 1.0)
    )

    listed = list_locations([near, WESTHAVEN], known, None, "sample")
    assert listed["latitude"].tolist() == [52.005, 48.0]
    assert len(list_locations([far], known.iloc[:0], "northmere", "sample")) == 1
    assert len(list_locations([far, WESTHAVEN], known, "westhaven", "sample")) == 1
    with pytest.raises(
        LocationError, match=r"'northmere' is at \[53\.0, 22\.0\], but .* of \[52\.0, 22"
    ):
        list_locations([far, WESTHAVEN], known, None, "sample")


def test_locations_that_lack_the_same_days_are_requested_together() -> None:
    asked = [
        (slug, request)
        for slug, years in (("brest", (2023, 2024)), ("paris", (2023,)), ("westhaven", (2023,)))
        for year in years
        for request in requests(("", f"{year}-01-01", f"{year}-02-01"))
    ]

    assert [(request.slugs, request.start.year) for request in group_requests(asked, 2)] == [
        (("brest", "paris"), 2023), (("westhaven",), 2023), (("brest",), 2024)
    ]  # fmt: skip
    assert sum(len(request.slugs) for request in group_requests(asked, 1)) == 4


def test_the_sample_can_end_early_as_the_archive_does() -> None:
    known = periods(("northmere", "2021-03-01", "2024-02-25"))

    assert plan(known, source="sample", archive_delay_days=5) == []
    assert len(plan(known, source="open_meteo", archive_delay_days=5)) == 1


def test_each_request_is_one_chunk_that_records_its_period_last() -> None:
    asked = requests(
        ("northmere", "2022-01-01", "2023-01-01"), ("northmere", "2023-01-01", "2023-01-03")
    )

    chunks = list(fetch(asked, SampleClimate()))

    # Kedro saves in this order: a year that was not saved must not be recorded
    assert [list(chunk) for chunk in chunks] == [list(WEATHER_OUTPUTS)] * 2
    assert list(WEATHER_OUTPUTS)[-1] == "ingested_periods"
    hours = [chunk["weather_hourly"] for chunk in chunks]
    assert [each["time"].dt.year.unique().tolist() for each in hours] == [[2022], [2023]]
    assert list(hours[0].columns) == ["location", "time", *VARIABLES, "source"]
    recorded = pd.concat(chunk["ingested_periods"] for chunk in chunks)
    assert recorded.to_numpy().tolist() == [
        # of 8,760: the sample has outages
        ["northmere", utc("2022-01-01"), utc("2023-01-01"), 8656, "sample"],
        ["northmere", utc("2023-01-01"), utc("2023-01-03"), 48, "sample"],
    ]
    days = chunks[0]["incomplete_days"]  # what the sample lacks it will never have
    assert plan(WHOLE, days, source="sample", today="2024-03-02") == []
    places = LOCATIONS.assign(source="sample")
    run = (as_file(places), "northmere", "sample", TODAY, "2024-03-02", FORECAST, INGESTION)
    assert not report_missing(days, places, *run)["repeated"].any()


def test_a_request_is_made_after_the_one_before_was_saved() -> None:
    years = ("2022-01-01", "2022-01-02"), ("2023-01-01", "2023-01-02")
    source = Archive()
    chunks = fetch(requests(*(("northmere", *days) for days in years)), source)

    next(chunks)
    assert source.asked == [date(2022, 1, 1)]
    assert not source.closed
    list(chunks)
    assert source.asked == [date(2022, 1, 1), date(2023, 1, 1)]
    assert source.closed


def test_impossible_values_are_stored_apart_and_identified_by_their_content() -> None:
    asked = requests(("northmere", "2021-03-01", "2022-01-01"))

    (first,), (second,) = fetch(asked, SampleClimate()), fetch(asked, SampleClimate())

    (rejected,) = first["rejected_rows"].to_dict("records")
    assert (rejected["location"], rejected["source"]) == ("northmere", "sample")
    assert "is not within" in rejected["reason"]
    assert len(rejected["id"]) == 64
    hours = first["weather_hourly"].set_index("time")
    assert len(hours) == 7299
    values = hours.loc[rejected["time"], list(VARIABLES)]
    assert values.isna().sum() == 1
    assert np.isnan(values[rejected["variable"]])
    assert first["rejected_rows"]["id"].tolist() == second["rejected_rows"]["id"].tolist()


def test_two_rejected_values_of_one_hour_are_two_rows() -> None:
    asked, ids = requests(("northmere", "2024-02-01", "2024-02-02")), set()
    for value in (90.0, 95.0):
        source = Archive(change=lambda rows, hot=value: rows.assign(temperature_2m=hot))
        (chunk,) = fetch(asked, source, max_rejected_share=1.0)
        assert chunk["weather_hourly"]["temperature_2m"].isna().all()
        ids |= set(chunk["rejected_rows"]["id"])

    assert len(ids) == 48


def test_with_nothing_to_request_nothing_is_saved() -> None:
    source = Archive()

    (chunk,) = fetch([], source)

    assert list(chunk) == list(WEATHER_OUTPUTS)
    assert all(len(each) == 0 for each in chunk.values())
    assert source.asked == []


def test_no_source_is_stored_under_the_name_of_another() -> None:
    asked, places = requests(("paris", "2024-01-01", "2024-01-02")), locations_frame([PARIS])
    run = (lambda *_, **__: SampleClimate(), "sample", TODAY, TODAY, INGESTION)

    with pytest.raises(LocationError, match=r"'paris' has the source open_meteo, .* uses sample"):
        next(fetch_weather(asked, places, NOTHING, NO_DAYS, *run))


def test_what_a_late_source_does_not_have_yet_is_requested_again_the_next_day() -> None:
    (chunk,) = fetch(THIS_YEAR, Archive(until="2024-02-24T12:00"))

    recorded, days = chunk["ingested_periods"], chunk["incomplete_days"]
    assert recorded["end"].tolist() == [utc(TODAY)]
    assert len(chunk["weather_hourly"]) == 54 * 24 + 12
    assert days["day"].dt.strftime("%m-%d").tolist() == [f"02-{day}" for day in range(24, 30)]
    assert days["missing"].tolist() == [
        dict.fromkeys(VARIABLES, 12), *[dict.fromkeys(VARIABLES, 24)] * 5
    ]  # fmt: skip
    known = pd.concat([OLD, recorded])
    assert plan(known, days) == []
    next_day = {"today": "2024-03-02"}
    assert plan(known, days, **next_day) == ["northmere 2024-02-24 2024-03-01 again"]
    assert plan(known, days, as_of="2024-02-28T03:00", **next_day)[-1] == (
        "northmere 2024-02-24 2024-02-29 again"
    )
    later = plan(known, days, as_of="2024-03-02", **next_day)
    assert later == ["northmere 2024-02-24 2024-03-02"]


def test_incomplete_days_are_final_so_long_after_their_first_request() -> None:
    source = Archive(until="2024-02-20")
    (chunk,) = fetch(THIS_YEAR, source)
    known = pd.concat([OLD, chunk["ingested_periods"]])
    again = requests(("northmere", "2024-02-20", TODAY), repeated=True)

    (later,) = fetch(again, source, known, chunk["incomplete_days"], today="2024-03-20")

    days = later["incomplete_days"]
    assert later["ingested_periods"].empty
    assert (days["first_requested"] == utc(TODAY)).all()
    assert (days["last_requested"] == utc("2024-03-20")).all()
    expected = ["northmere 2024-02-20 2024-03-01 again"]
    assert plan(known, days, today="2024-03-30") == expected
    assert plan(known, days, today="2024-03-31") == []  # 30 days


def test_a_year_of_nulls_is_no_complete_year() -> None:
    asked = requests(("northmere", "2022-01-01", "2023-01-01"))

    (chunk,) = fetch(asked, Archive(until="2021-01-01"))

    report = chunk["validation_report"].set_index(["column", "rule"])
    assert report.loc[("time", "regular_grid"), ["verdict", "failed"]].tolist() == ["warn", 8760]
    days = chunk["incomplete_days"]
    assert len(days) == 365
    known = pd.concat([WITHOUT_2022, chunk["ingested_periods"]])
    assert plan(known, days, today="2024-03-02") == ["northmere 2022-01-01 2023-01-01 again"]
    assert missing_of(days) == [("01-01", "12-31", "all variables", 8760, True)]


def hollow(rows: pd.DataFrame) -> pd.DataFrame:
    """Lacks a day, and two variables of another."""
    day = rows["time"].dt.strftime("%m-%d")
    rows.loc[day == "02-10", ["precipitation", "shortwave_radiation"]] = np.nan
    return rows[day != "02-12"]


def test_gaps_are_requested_again_in_one_short_request() -> None:
    (chunk,) = fetch(THIS_YEAR, Archive(change=hollow))

    days, known = chunk["incomplete_days"], pd.concat([OLD, chunk["ingested_periods"]])
    assert missing_of(days) == [
        ("02-10", "02-10", "precipitation, shortwave_radiation", 24, True),
        ("02-12", "02-12", "all variables", 24, True),
    ]
    assert plan(known, days, today="2024-03-02") == ["northmere 2024-02-10 2024-02-13 again"]
    assert {repeated for *_, repeated in missing_of(days, today="2024-04-02")} == {False}
    assert missing_of(days.assign(missing=[{}, {}])) == []


def test_a_variable_that_the_model_does_not_have_is_not_missing() -> None:
    absent = frozenset({"precipitation", "shortwave_radiation"})

    (chunk,) = fetch(THIS_YEAR, Archive(change=hollow, absent=absent))

    assert chunk["incomplete_days"]["day"].dt.day.tolist() == [12]


def test_repeated_requests_come_last_and_yield_to_the_budget(
    caplog: pytest.LogCaptureFixture,
) -> None:
    days = incomplete(("2022-05-05", {"cloud_cover": 1}))
    known = periods(("northmere", "2021-03-01", TODAY), ("westhaven", "2021-03-01", "2024-02-01"))
    planned = plan_all(known, days, location=None, today="2024-03-02")
    assert [request.slugs for request in planned] == [("westhaven",), ("northmere",)]
    limits, source = LimitParameters(minute=9, hour=9, day=2), Archive()

    chunks = list(fetch(planned, source, known, days, today="2024-03-02", limits=limits))

    assert source.asked == [date(2024, 2, 1)]
    assert [len(chunk["ingested_periods"]) for chunk in chunks] == [1]
    assert "1 requests for days that were incomplete are left to a later run" in caplog.text


def invalid(variable: str, every: int) -> Archive:
    """A source with impossible values of a variable in 2024."""

    def change(rows: pd.DataFrame) -> pd.DataFrame:
        bad = (np.arange(len(rows)) % every == 0) & (rows["time"] >= utc("2024-01-01"))
        return rows.assign(**{variable: np.where(bad, 255.0, 15.0)})

    return Archive(change=change)


JANUARY = ("2024-01-01", "2024-02-01")
THREE = requests(
    ("northmere", "2023-01-01", "2023-02-01"), ("northmere", *JANUARY), ("westhaven", *JANUARY)
)


def test_an_answer_with_too_many_impossible_temperatures_is_rejected_as_a_whole() -> None:
    source = invalid("temperature_2m", every=10)
    chunks = fetch(THREE, source, on_refused="fail")

    good, bad, _ = next(chunks), next(chunks), next(chunks)
    with pytest.raises(InvalidResponse) as stop:
        next(chunks)

    assert len(good["weather_hourly"]) == 31 * 24
    assert len(good["ingested_periods"]) == 1
    assert all(
        bad[name].empty for name in ("weather_hourly", "ingested_periods", "incomplete_days")
    )
    assert len(bad["rejected_rows"]) == 75  # of 744
    assert bad["rejected_rows"]["reason"].str.contains("is not within -90 to 60 °C").all()
    (line,) = bad["validation_report"].query("verdict == 'stop'").itertuples()
    assert (line.rule, line.checked, line.failed) == ("range", 744, 75)
    assert str(stop.value) == (
        "Northmere, 2024-01-01 to 2024-02-01, values of temperature_2m that break a rule: 75 of "
        "744 rejected (10.08 %), at most 37 allowed (ingestion.max_rejected_share). Most often "
        "temperature_2m, range: "
        "75, first 2024-01-01T00:00Z: 255.0. No hour of this response was stored, what the "
        "database held stays; the table rejected_rows and data/08_reporting/validation_report.csv "
        "say more. Run again when the source is corrected, or raise the share if it is right. 1 "
        "other requests failed as well."
    )
    assert source.asked == [date(2023, 1, 1), date(2024, 1, 1), date(2024, 1, 1)]
    assert source.closed


def test_a_variable_that_is_mostly_wrong_costs_no_temperature(
    caplog: pytest.LogCaptureFixture,
) -> None:
    _, bad, _ = fetch(THREE, invalid("cloud_cover", every=10))

    assert bad["weather_hourly"]["temperature_2m"].notna().sum() == 744
    assert bad["weather_hourly"]["cloud_cover"].isna().all()
    assert bad["rejected_rows"]["variable"].tolist() == ["cloud_cover"] * 75
    assert (
        "cloud_cover breaks range, 75 of 744, first 2024-01-01T00:00Z: 255.0. That is more than "
        "ingestion.max_rejected_share: no value of this variable was stored from this response"
    ) in caplog.text


def test_less_than_the_allowed_share_is_rejected_value_by_value() -> None:
    chunks = list(fetch(THREE, invalid("relative_humidity_2m", every=25)))  # 4 %

    hours = [chunk["weather_hourly"] for chunk in chunks]
    assert [len(each) for each in hours] == [744] * 3
    assert [each["relative_humidity_2m"].count() for each in hours] == [744, 714, 714]
    assert [len(chunk["ingested_periods"]) for chunk in chunks] == [1] * 3
    # what was rejected is missing: it is requested again
    assert [len(chunk["incomplete_days"]) for chunk in chunks] == [0, 30, 30]


def test_a_warning_is_logged_and_loses_no_row(caplog: pytest.LogCaptureFixture) -> None:
    (chunk,) = fetch(THREE[:1], Archive())  # 10 °C for a month

    assert len(chunk["weather_hourly"]) == 744
    said = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert said[0] == (
        "Northmere 2023-01-01 to 2023-02-01: temperature_2m breaks flat_line, 744 of 744, first "
        "2023-01-01T00:00Z: 10"
    )


BOTH = requests(("northmere+westhaven", *JANUARY))


@pytest.mark.parametrize("error", [SourceRefused, InvalidResponse])
def test_a_refused_location_fails_alone(
    error: type[WeatherError], caplog: pytest.LogCaptureFixture
) -> None:
    source = Archive(refused="northmere", error=error)

    (westhaven,) = fetch(BOTH, source)

    assert set(westhaven["weather_hourly"]["location"]) == {"westhaven"}
    assert "northmere: refused" in caplog.text
    with pytest.raises(error, match=r"^northmere: refused$"):
        list(fetch(BOTH, source, on_refused="fail"))
    with pytest.raises(error, match=r"^northmere: refused$"):  # nothing else was requested
        list(fetch(requests(("northmere", *JANUARY)), source))


def test_a_source_that_is_down_fails_the_run_unless_only_the_latest_days_are_missing() -> None:
    source = Archive(refused="northmere", error=SourceUnavailable)
    latest = requests(("northmere", "2024-02-20", TODAY))
    known = periods(("northmere", "2021-03-01", "2024-02-20"))

    assert len(list(fetch(THIS_YEAR, source, known))) == 1  # with days that lack variables
    (chunk,) = fetch(latest, source, known)

    (warning,) = chunk["archive_warnings"]
    assert warning == "northmere: refused The run continues with the data in the database."
    assert chunk["ingested_periods"].empty
    with pytest.raises(CallLimitReached, match=r"^northmere and westhaven: refused$"):
        list(fetch(BOTH, Archive(refused="northmere", error=CallLimitReached)))
    old = periods(("northmere", "2021-03-01", "2023-10-01"))
    for asked, before in ((latest, periods()), (BOTH, known), (latest, old)):
        with pytest.raises(SourceUnavailable):
            list(fetch(asked, source, before))
