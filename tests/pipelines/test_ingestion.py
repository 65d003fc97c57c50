"""What is asked of the source, what is let in, and what is asked again."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest

from triptych.parameters.forecasting import ForecastParameters
from triptych.parameters.ingestion import IngestionParameters, LimitParameters
from triptych.pipelines.ingestion.nodes import fetch_weather, list_locations, report_missing
from triptych.pipelines.ingestion.requests import group_requests, plan_requests
from triptych.weather.errors import (
    CallLimitReached,
    InvalidAnswer,
    SourceRefused,
    SourceUnavailable,
    TooManyRejected,
    UnknownLocation,
    WeatherError,
    WrongSource,
)
from triptych.weather.locations import Location, SourceKind, locations_frame
from triptych.weather.sources.base import Fetched, OpenSource
from triptych.weather.sources.sample import SampleClimate
from triptych.weather.variables import VARIABLES

TODAY = "2024-03-01"
FORECAST = ForecastParameters(train_years=1, validation_years=1, data_ages=[0, 144])
INGESTION = IngestionParameters(models="era5", final_after_days=30, max_rejected_share=0.05)
ANY_SHARE = INGESTION.model_copy(update={"max_rejected_share": 1.0})


def place(slug: str, **fields: Any) -> Location:
    return Location.model_validate(
        {
            "slug": slug,
            "name": slug.title(),
            "latitude": 52.0,
            "longitude": 22.0,
            "elevation": 210.0,
            "timezone": "Etc/GMT-1",
            "source": "sample",
        }
        | fields
    )


NORTHMERE, WESTHAVEN = place("northmere"), place("westhaven", latitude=48.0, longitude=-9.0)
PARIS = place("paris", source="open_meteo")
LOCATIONS = locations_frame([NORTHMERE, WESTHAVEN]).assign(source="open_meteo")


def periods(*rows: tuple[str, str, str]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["location", "start", "end"])
    instants = {name: pd.to_datetime(frame[name], utc=True) for name in ("start", "end")}
    return frame.assign(**instants)


NO_DAYS = pd.DataFrame(
    columns=["location", "day", "missing", "first_requested", "last_requested", "last_as_of"]
)


def plan(
    known: pd.DataFrame,
    as_of: str = TODAY,
    location: str | None = "northmere",
    ingestion: IngestionParameters = INGESTION,
    days: pd.DataFrame = NO_DAYS,
    today: str = TODAY,
) -> list[str]:
    requests = plan_requests(
        LOCATIONS, known, days, location, "open_meteo", as_of, today, FORECAST, ingestion
    )
    return [
        f"{row.location} {row.start} {row.end}{' again' if row.repeated else ''}"
        for row in requests.itertuples()
    ]


def test_all_locations_of_the_source_are_listed_unless_one_is_named() -> None:
    file = [NORTHMERE, PARIS, WESTHAVEN]

    assert list_locations(file, None, "sample")["location"].tolist() == ["northmere", "westhaven"]
    assert list_locations(file, "paris", "open_meteo")["location"].tolist() == ["paris"]
    with pytest.raises(UnknownLocation, match="atlantis"):
        list_locations(file, "atlantis", "sample")
    with pytest.raises(WrongSource, match="paris"):
        list_locations(file, "paris", "sample")


def test_where_nothing_is_known_the_whole_study_is_asked_for_year_by_year() -> None:
    assert plan(periods()) == [
        "northmere 2021-03-01 2022-01-01",
        "northmere 2022-01-01 2023-01-01",
        "northmere 2023-01-01 2024-01-01",
        "northmere 2024-01-01 2024-03-01",
    ]


def test_where_all_is_known_nothing_is_asked_for() -> None:
    known = periods(
        ("northmere", "2021-03-01", "2023-01-01"), ("northmere", "2023-01-01", "2024-03-01")
    )

    assert plan(known) == []


def test_what_the_source_may_have_corrected_is_asked_for_again() -> None:
    known = periods(
        ("northmere", "2021-03-01", "2023-01-01"), ("northmere", "2023-01-01", "2024-03-01")
    )

    def refetch(day: str) -> list[str]:
        return plan(known, ingestion=INGESTION.model_copy(update={"refetch_from": day}))

    assert refetch("2023-12-30") == [
        "northmere 2023-12-30 2024-01-01",
        "northmere 2024-01-01 2024-03-01",
    ]
    assert len(refetch("2001-01-01")) == 4  # no earlier than the study starts
    assert refetch("2024-03-01") == []


def test_a_later_as_of_asks_for_the_new_days_alone_and_an_earlier_start_for_the_old() -> None:
    known = periods(("northmere", "2022-01-01", "2024-02-20"))

    assert plan(known) == [
        "northmere 2021-03-01 2022-01-01",
        "northmere 2024-02-20 2024-03-01",
    ]


def test_a_year_that_was_not_signed_off_is_asked_for_between_its_neighbours() -> None:
    known = periods(
        ("northmere", "2021-03-01", "2022-01-01"), ("northmere", "2023-01-01", "2024-03-01")
    )

    assert plan(known) == ["northmere 2022-01-01 2023-01-01"]


def test_each_location_is_asked_for_what_it_lacks_itself() -> None:
    known = periods(
        ("northmere", "2021-03-01", "2024-03-01"), ("westhaven", "2021-03-01", "2024-02-01")
    )

    assert plan(known, location=None) == ["westhaven 2024-02-01 2024-03-01"]
    assert plan(known, location="northmere;westhaven") == ["westhaven 2024-02-01 2024-03-01"]


def requests(*rows: tuple[str, date, date], repeated: bool = False) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["location", "start", "end"])
    return frame.assign(repeated=repeated)


ORDER = [
    "rejected_rows",
    "weather_hourly",
    "validation_report",
    "archive_warnings",
    "incomplete_days",
    "ingested_periods",
]


def opens(source: Any) -> OpenSource:
    """Give this source, whichever is asked for."""

    def open_source(kind: SourceKind, *, models: str) -> Any:
        return source

    return open_source


def fetch(
    asked: pd.DataFrame,
    source: Any,
    ingestion: IngestionParameters = INGESTION,
    known: pd.DataFrame | None = None,
    days: pd.DataFrame = NO_DAYS,
    today: str = TODAY,
) -> list[dict[str, pd.DataFrame]]:
    known = periods() if known is None else known
    places = LOCATIONS.assign(source=source.kind)
    return list(
        fetch_weather(
            asked, places, known, days, opens(source), source.kind, TODAY, today, ingestion
        )
    )


def test_each_request_is_one_chunk_signed_off_after_its_hours() -> None:
    asked = requests(
        ("northmere", date(2022, 1, 1), date(2023, 1, 1)),
        ("northmere", date(2023, 1, 1), date(2023, 1, 3)),
    )

    chunks = fetch(asked, SampleClimate())

    # Kedro saves in this order: a year that was not saved must not be signed off
    assert [list(chunk) for chunk in chunks] == [ORDER, ORDER]
    assert [chunk["weather_hourly"]["time"].dt.year.unique().tolist() for chunk in chunks] == [
        [2022],
        [2023],
    ]
    signed = pd.concat(chunk["ingested_periods"] for chunk in chunks)
    assert signed.to_dict("records") == [
        {
            "location": "northmere",
            "start": pd.Timestamp("2022-01-01", tz="UTC"),
            "end": pd.Timestamp("2023-01-01", tz="UTC"),
            "rows": 8656,  # of 8,760: the sample has outages
            "source": "sample",
        },
        {
            "location": "northmere",
            "start": pd.Timestamp("2023-01-01", tz="UTC"),
            "end": pd.Timestamp("2023-01-03", tz="UTC"),
            "rows": 48,
            "source": "sample",
        },
    ]


def test_the_source_is_asked_no_sooner_than_the_year_before_is_taken() -> None:
    asked = requests(
        ("northmere", date(2022, 1, 1), date(2022, 1, 2)),
        ("northmere", date(2023, 1, 1), date(2023, 1, 2)),
    )
    source = LateSource(known_until=datetime(2024, 1, 1, tzinfo=UTC))
    chunks = fetch_weather(
        asked, LOCATIONS, periods(), NO_DAYS, opens(source), "open_meteo", TODAY, TODAY, INGESTION
    )

    next(chunks)
    assert source.asked == [date(2022, 1, 1)]
    assert not source.closed
    list(chunks)
    assert source.asked == [date(2022, 1, 1), date(2023, 1, 1)]
    assert source.closed


def test_impossible_values_are_kept_apart_and_named_by_their_content() -> None:
    asked = requests(("northmere", date(2021, 3, 1), date(2022, 1, 1)))

    (first,), (second,) = fetch(asked, SampleClimate()), fetch(asked, SampleClimate())

    (refused,) = first["rejected_rows"].to_dict("records")
    assert refused["location"] == "northmere"
    assert refused["source"] == "sample"
    assert "is not within" in refused["reason"]
    assert len(refused["id"]) == 64
    hours = first["weather_hourly"].set_index("time")
    assert len(hours) == 7299
    (kept,) = [hours.loc[refused["time"]]]
    assert kept[list(VARIABLES)].isna().sum() == 1
    assert np.isnan(kept[refused["variable"]])
    assert first["rejected_rows"]["id"].tolist() == second["rejected_rows"]["id"].tolist()


def test_two_rejected_values_of_one_hour_are_two_rows() -> None:
    hot, hotter = 90.0, 95.0
    source = LateSource(known_until=datetime(2024, 2, 2, tzinfo=UTC))
    asked = requests(("northmere", date(2024, 2, 1), date(2024, 2, 2)))

    source.temperature = hot
    (first,) = fetch(asked, source, ANY_SHARE)
    source.temperature = hotter
    (second,) = fetch(asked, source, ANY_SHARE)

    assert first["weather_hourly"]["temperature_2m"].isna().all()
    ids = set(first["rejected_rows"]["id"]) | set(second["rejected_rows"]["id"])
    assert len(ids) == 48


def test_with_nothing_to_ask_for_nothing_is_saved() -> None:
    source = LateSource(known_until=datetime(2024, 1, 1, tzinfo=UTC))

    (chunk,) = fetch(requests(), source)

    assert list(chunk) == ORDER
    assert all(len(each) == 0 for each in chunk.values())
    assert source.asked == []


def test_no_source_is_stored_under_the_name_of_another() -> None:
    asked = requests(("paris", date(2024, 1, 1), date(2024, 1, 2)))
    sample = opens(SampleClimate())

    with pytest.raises(WrongSource, match=r"'paris' has the source open_meteo, but sample was"):
        list(
            fetch_weather(
                asked, locations_frame([PARIS]), periods(), NO_DAYS, sample, "open_meteo", TODAY,
                TODAY, INGESTION,
            )
        )  # fmt: skip


class LateSource:
    """Has every hour up to an instant, and nothing after it."""

    kind: ClassVar[SourceKind] = "open_meteo"

    def __init__(self, known_until: datetime) -> None:
        self.known_until = known_until
        self.temperature = 10.0
        self.asked: list[date] = []
        self.closed = False

    def fetch_many(
        self, locations: Sequence[Location], start: date, end: date, variables: Sequence[str]
    ) -> Iterator[Fetched]:
        return (self.fetch(each, start, end, variables) for each in locations)

    def fetch(
        self, location: Location, start: date, end: date, variables: Sequence[str]
    ) -> Fetched:
        self.asked.append(start)
        first = pd.Timestamp(start, tz="UTC")
        until = max(first, min(pd.Timestamp(end, tz="UTC"), pd.Timestamp(self.known_until)))
        hours = pd.date_range(first, until, freq="h", inclusive="left", unit="us")
        values = dict.fromkeys(variables, 5.0) | {"temperature_2m": self.temperature}
        frame = pd.DataFrame({"location": location.slug, "time": hours, **values})
        return Fetched(
            frame.astype({"location": "str", "surface_pressure": float}).assign(
                surface_pressure=1000.0
            ),
            until.to_pydatetime(),
        )

    def close(self) -> None:
        self.closed = True


JANUARY_ON = requests(("northmere", date(2024, 1, 1), date(2024, 3, 1)))
BEFORE = periods(("northmere", "2021-03-01", "2024-01-01"))


def test_what_a_late_source_does_not_have_yet_is_asked_for_again_the_next_day() -> None:
    source = LateSource(known_until=datetime(2024, 2, 24, 12, tzinfo=UTC))

    (chunk,) = fetch(JANUARY_ON, source)

    signed, days = chunk["ingested_periods"], chunk["incomplete_days"]
    assert signed["end"].tolist() == [pd.Timestamp("2024-03-01", tz="UTC")]
    assert len(chunk["weather_hourly"]) == 54 * 24 + 12
    assert days["day"].dt.strftime("%m-%d").tolist() == [f"02-{day}" for day in range(24, 30)]
    assert days["missing"].tolist() == [
        dict.fromkeys(VARIABLES, 12), *[dict.fromkeys(VARIABLES, 24)] * 5
    ]  # fmt: skip
    known = pd.concat([BEFORE, signed])
    assert plan(known, days=days) == []
    again = ["northmere 2024-02-24 2024-03-01 again"]
    assert plan(known, days=days, today="2024-03-02") == again
    assert plan(known, days=days, as_of="2024-02-28T03:00", today="2024-03-02")[-1] == (
        "northmere 2024-02-24 2024-02-29 again"
    )
    both = plan(known, days=days, as_of="2024-03-02", today="2024-03-02")
    assert both == ["northmere 2024-02-24 2024-03-02"]


def test_incomplete_days_are_final_so_long_after_their_first_request() -> None:
    source = LateSource(known_until=datetime(2024, 2, 20, tzinfo=UTC))
    (chunk,) = fetch(JANUARY_ON, source)
    known = pd.concat([BEFORE, chunk["ingested_periods"]])
    again = requests(("northmere", date(2024, 2, 20), date(2024, 3, 1)), repeated=True)

    (later,) = fetch(again, source, known=known, days=chunk["incomplete_days"], today="2024-03-20")

    days = later["incomplete_days"]
    assert later["ingested_periods"].empty
    assert (days["first_requested"] == pd.Timestamp(TODAY, tz="UTC")).all()
    assert (days["last_requested"] == pd.Timestamp("2024-03-20", tz="UTC")).all()
    expected = ["northmere 2024-02-20 2024-03-01 again"]
    assert plan(known, days=days, today="2024-03-30") == expected
    assert plan(known, days=days, today="2024-03-31") == []  # 30 days


def test_a_year_of_nulls_is_no_complete_year() -> None:
    source = LateSource(known_until=datetime(2021, 1, 1, tzinfo=UTC))
    asked = requests(("northmere", date(2022, 1, 1), date(2023, 1, 1)))

    (chunk,) = fetch(asked, source)

    report = chunk["validation_report"].set_index(["column", "rule"])
    assert report.loc[("time", "regular_grid"), "verdict"] == "warn"
    assert report.loc[("time", "regular_grid"), "failed"] == 8760
    assert len(chunk["incomplete_days"]) == 365
    known = periods(
        ("northmere", "2021-03-01", "2022-01-01"), ("northmere", "2023-01-01", "2024-03-01")
    )
    known = pd.concat([known, chunk["ingested_periods"]])
    again = plan(known, days=chunk["incomplete_days"], today="2024-03-02")
    assert again == ["northmere 2022-01-01 2023-01-01 again"]
    missing = missing_of(chunk["incomplete_days"])
    assert missing == [("2022-01-01", "2022-12-31", "all variables", 8760, True)]


def missing_of(days: pd.DataFrame, today: str = TODAY) -> list[tuple[Any, ...]]:
    table = report_missing(
        days, LOCATIONS, "northmere", "open_meteo", TODAY, today, FORECAST, INGESTION
    )
    return [
        (f"{row.start:%Y-%m-%d}", f"{row.end:%Y-%m-%d}", row.variables, row.hours, row.repeated)
        for row in table.itertuples()
    ]


class HollowSource(LateSource):
    """Lacks a day, and two variables of another, until they are filled in."""

    def __init__(self) -> None:
        super().__init__(known_until=datetime(2024, 3, 1, tzinfo=UTC))
        self.filled = False
        self.absent: frozenset[str] = frozenset()

    def fetch(
        self, location: Location, start: date, end: date, variables: Sequence[str]
    ) -> Fetched:
        fetched = super().fetch(location, start, end, variables)
        if self.filled:
            return fetched
        day = fetched.frame["time"].dt.strftime("%m-%d")
        two = ["precipitation", "shortwave_radiation"]
        frame = fetched.frame.assign(**{n: fetched.frame[n].mask(day == "02-10") for n in two})
        return Fetched(frame[day != "02-12"], fetched.known_until, self.absent)


def test_gaps_within_the_range_are_asked_for_again_in_one_short_request() -> None:
    source = HollowSource()

    (chunk,) = fetch(JANUARY_ON, source)

    days, known = chunk["incomplete_days"], pd.concat([BEFORE, chunk["ingested_periods"]])
    assert missing_of(days) == [
        ("2024-02-10", "2024-02-10", "precipitation, shortwave_radiation", 24, True),
        ("2024-02-12", "2024-02-12", "all variables", 24, True),
    ]
    assert plan(known, days=days, today="2024-03-02") == ["northmere 2024-02-10 2024-02-13 again"]
    assert {repeated for *_, repeated in missing_of(days, today="2024-04-02")} == {False}

    source.filled = True
    again = requests(("northmere", date(2024, 2, 10), date(2024, 2, 13)), repeated=True)
    (later,) = fetch(again, source, known=known, days=days, today="2024-03-02")

    assert len(later["weather_hourly"]) == 3 * 24
    assert later["incomplete_days"]["missing"].tolist() == [{}, {}]
    assert later["ingested_periods"].empty
    assert missing_of(later["incomplete_days"]) == []
    assert plan(known, days=later["incomplete_days"], today="2024-03-03") == []


def test_a_value_that_is_known_is_not_missing_if_a_later_answer_lacks_it() -> None:
    """The upsert keeps the value; see tests/store/test_writes.py."""
    source = HollowSource()
    source.filled = True
    (chunk,) = fetch(JANUARY_ON, source)
    assert chunk["incomplete_days"].empty
    known = pd.concat([BEFORE, chunk["ingested_periods"]])
    lacking = pd.DataFrame(
        [("northmere", pd.Timestamp("2024-02-12", tz="UTC"), {"cloud_cover": 3},
          *[pd.Timestamp(TODAY, tz="UTC")] * 3)],
        columns=NO_DAYS.columns,
    )  # fmt: skip
    source.filled = False
    again = requests(("northmere", date(2024, 2, 10), date(2024, 2, 13)), repeated=True)

    (later,) = fetch(again, source, known=known, days=lacking, today="2024-03-02")

    assert later["incomplete_days"]["day"].dt.day.tolist() == [12]
    assert later["incomplete_days"]["missing"].tolist() == [{"cloud_cover": 3}]


def test_what_the_sample_lacks_it_will_never_have() -> None:
    asked = requests(("northmere", date(2022, 1, 1), date(2023, 1, 1)))
    (chunk,) = fetch(asked, SampleClimate())
    days, places = chunk["incomplete_days"], LOCATIONS.assign(source="sample")
    known = periods(("northmere", "2021-03-01", "2024-03-01"))
    of_run = ("northmere", "sample", TODAY, "2024-03-02", FORECAST, INGESTION)

    assert plan_requests(places, known, days, *of_run).empty
    assert not report_missing(days, places, *of_run)["repeated"].any()


def test_a_variable_that_the_model_does_not_have_is_not_missing() -> None:
    source = HollowSource()
    source.absent = frozenset({"precipitation", "shortwave_radiation"})

    (chunk,) = fetch(JANUARY_ON, source)

    assert chunk["incomplete_days"]["day"].dt.day.tolist() == [12]


def test_repeated_requests_come_last_and_yield_to_the_budget(
    caplog: pytest.LogCaptureFixture,
) -> None:
    days = pd.DataFrame(
        [("northmere", pd.Timestamp("2022-05-05", tz="UTC"), {"cloud_cover": 1},
          *[pd.Timestamp(TODAY, tz="UTC")] * 3)],
        columns=NO_DAYS.columns,
    )  # fmt: skip
    known = periods(
        ("northmere", "2021-03-01", "2024-03-01"), ("westhaven", "2021-03-01", "2024-02-01")
    )
    planned = plan_requests(
        LOCATIONS, known, days, None, "open_meteo", TODAY, "2024-03-02", FORECAST, INGESTION
    )
    assert planned["location"].tolist() == ["westhaven", "northmere"]
    source = LateSource(known_until=datetime(2024, 3, 1, tzinfo=UTC))
    limited = INGESTION.model_copy(update={"limits": LimitParameters(minute=9, hour=9, day=2)})

    chunks = list(
        fetch_weather(
            planned,
            LOCATIONS,
            known,
            days,
            opens(source),
            "open_meteo",
            TODAY,
            "2024-03-02",
            limited,
        )
    )

    assert source.asked == [date(2024, 2, 1)]
    assert [len(chunk["ingested_periods"]) for chunk in chunks] == [1]
    assert "1 requests for days that were incomplete are left to a later run" in caplog.text


def test_all_nine_variables_are_asked_for() -> None:
    asked = requests(("northmere", date(2023, 1, 1), date(2023, 1, 2)))

    (chunk,) = fetch(asked, SampleClimate())

    assert list(chunk["weather_hourly"].columns) == ["location", "time", *VARIABLES, "source"]


class FailingSource(LateSource):
    """From an instant on a share of one variable is nonsense."""

    def __init__(self, since: date, every: int, variable: str = "relative_humidity_2m") -> None:
        super().__init__(known_until=datetime(2024, 3, 1, tzinfo=UTC))
        self.since, self.every, self.variable = since, every, variable

    def fetch(
        self, location: Location, start: date, end: date, variables: Sequence[str]
    ) -> Fetched:
        fetched = super().fetch(location, start, end, variables)
        bad = (np.arange(len(fetched.frame)) % self.every == 0) & (start >= self.since)
        values = np.where(bad, 255.0, 15.0)
        return Fetched(fetched.frame.assign(**{self.variable: values}), fetched.known_until)


TWO_MONTHS = requests(
    ("northmere", date(2023, 1, 1), date(2023, 2, 1)),
    ("northmere", date(2024, 1, 1), date(2024, 2, 1)),
    ("westhaven", date(2024, 1, 1), date(2024, 2, 1)),
)


def test_of_an_answer_without_sound_temperatures_no_hour_is_saved_and_the_others_are() -> None:
    source = FailingSource(date(2024, 1, 1), every=10, variable="temperature_2m")
    chunks = fetch_weather(
        TWO_MONTHS, LOCATIONS, periods(), NO_DAYS, opens(source), "open_meteo", TODAY, TODAY,
        INGESTION.model_copy(update={"on_refused": "fail"}),
    )  # fmt: skip

    good, bad, _ = next(chunks), next(chunks), next(chunks)
    with pytest.raises(TooManyRejected) as stop:
        next(chunks)

    assert len(good["weather_hourly"]) == 31 * 24
    assert len(good["ingested_periods"]) == 1
    assert bad["weather_hourly"].empty
    assert bad["ingested_periods"].empty
    assert bad["incomplete_days"].empty
    assert len(bad["rejected_rows"]) == 75  # of 744: kept, with their reason
    assert bad["rejected_rows"]["reason"].str.contains("is not within -90 to 60 °C").all()
    (line,) = bad["validation_report"].query("verdict == 'stop'").to_dict("records")
    assert (line["rule"], line["checked"], line["failed"]) == ("range", 744, 75)
    assert str(stop.value) == (
        "Northmere, 2024-01-01 to 2024-02-01, values of temperature_2m that break a rule: 75 of "
        "744 rejected (10.08 %), at most 37 allowed (ingestion.max_rejected_share). Most often "
        "temperature_2m, range: "
        "75, first 2024-01-01T00:00Z: 255.0. No hour of this answer was stored, what the "
        "database held stays; the table rejected_rows and data/08_reporting/validation_report.csv "
        "say more. Run again when the source is mended, or raise the share if it is right. 1 "
        "other requests failed as well."
    )
    assert source.asked == [date(2023, 1, 1), date(2024, 1, 1), date(2024, 1, 1)]
    assert source.closed


class RefusingSource(LateSource):
    """Refuses every request that names one location, as Open-Meteo does for its coordinates."""

    def __init__(self, slug: str, error: type[WeatherError] = SourceRefused) -> None:
        super().__init__(known_until=datetime(2024, 3, 1, tzinfo=UTC))
        self.slug, self.error = slug, error

    def fetch_many(
        self, locations: Sequence[Location], start: date, end: date, variables: Sequence[str]
    ) -> Iterator[Fetched]:
        slugs = [location.slug for location in locations]
        if self.slug in slugs:
            raise self.error(f"{' and '.join(slugs)}: refused")
        return super().fetch_many(locations, start, end, variables)


BOTH = requests(
    ("northmere", date(2024, 1, 1), date(2024, 2, 1)),
    ("westhaven", date(2024, 1, 1), date(2024, 2, 1)),
)
TOGETHER = INGESTION.model_copy(update={"locations_per_request": 2})


@pytest.mark.parametrize("error", [SourceRefused, InvalidAnswer])
def test_a_location_that_is_refused_fails_alone(
    error: type[WeatherError], caplog: pytest.LogCaptureFixture
) -> None:
    (westhaven,) = fetch(BOTH, RefusingSource("northmere", error), TOGETHER)

    assert set(westhaven["weather_hourly"]["location"]) == {"westhaven"}
    assert "northmere: refused" in caplog.text

    failing = TOGETHER.model_copy(update={"on_refused": "fail"})
    with pytest.raises(error, match=r"^northmere: refused$"):
        fetch(BOTH, RefusingSource("northmere", error), failing)


def test_a_run_whose_requests_are_all_refused_fails() -> None:
    with pytest.raises(SourceRefused, match=r"^northmere: refused$"):
        fetch(BOTH.iloc[:1], RefusingSource("northmere"))


def test_a_used_up_limit_ends_the_requests() -> None:
    with pytest.raises(CallLimitReached, match=r"^northmere and westhaven: refused$"):
        fetch(BOTH, RefusingSource("northmere", CallLimitReached), TOGETHER)


def test_a_source_that_is_down_fails_the_run_unless_only_the_latest_days_are_missing() -> None:
    source = RefusingSource("northmere", SourceUnavailable)
    latest = requests(("northmere", date(2024, 2, 20), date(2024, 3, 1)))
    known = periods(("northmere", "2021-03-01", "2024-02-20"))

    incomplete = requests(("northmere", date(2024, 1, 1), date(2024, 3, 1)))
    assert len(fetch(incomplete, source, known=known)) == 1  # with days that lack variables
    (chunk,) = fetch(latest, source, known=known)

    (warning,) = chunk["archive_warnings"]
    assert warning == "northmere: refused The run goes on with the data in the database."
    assert chunk["ingested_periods"].empty
    old = periods(("northmere", "2021-03-01", "2023-10-01"))
    for asked, before in ((latest, None), (BOTH, known), (latest, old)):
        with pytest.raises(SourceUnavailable):
            fetch(asked, source, known=before)


def test_the_sample_can_end_early_as_the_archive_does() -> None:
    late = INGESTION.model_copy(update={"archive_delay_days": 5})
    places = LOCATIONS.assign(source="sample")
    known = periods(("northmere", "2021-03-01", "2024-02-25"))

    for source, left in (("sample", 0), ("open_meteo", 1)):
        of_run = ("northmere", source, TODAY, TODAY, FORECAST, late)
        frame = places.assign(source=source)
        assert len(plan_requests(frame, known, NO_DAYS, *of_run)) == left


def test_a_variable_that_is_mostly_wrong_costs_no_temperature(
    caplog: pytest.LogCaptureFixture,
) -> None:
    source = FailingSource(date(2024, 1, 1), every=10, variable="cloud_cover")

    _, bad, _ = fetch(TWO_MONTHS, source)

    assert bad["weather_hourly"]["temperature_2m"].notna().sum() == 744
    assert bad["weather_hourly"]["cloud_cover"].isna().all()
    assert bad["rejected_rows"]["variable"].tolist() == ["cloud_cover"] * 75
    assert (
        "cloud_cover breaks range, 75 of 744, first 2024-01-01T00:00Z: 255.0. That is more than "
        "ingestion.max_rejected_share: no value of this variable was stored from this answer"
    ) in caplog.text


def test_less_than_the_allowed_share_is_rejected_value_by_value() -> None:
    source = FailingSource(since=date(2024, 1, 1), every=25)  # 4 %

    chunks = fetch(TWO_MONTHS, source)

    assert [len(c["weather_hourly"]) for c in chunks] == [744, 744, 744]
    known = [c["weather_hourly"]["relative_humidity_2m"].count() for c in chunks]
    assert known == [744, 714, 714]
    assert [len(c["ingested_periods"]) for c in chunks] == [1, 1, 1]
    # what was rejected is missing: it is requested again
    assert [len(c["incomplete_days"]) for c in chunks] == [0, 30, 30]
    report = pd.concat(c["validation_report"] for c in chunks)
    humid = report[(report["column"] == "relative_humidity_2m") & (report["rule"] == "range")]
    assert humid[["location", "checked", "failed", "verdict"]].to_numpy().tolist() == [
        ["northmere", 744, 0, "ok"],
        ["northmere", 744, 30, "reject"],
        ["westhaven", 744, 30, "reject"],
    ]


def test_a_warning_is_said_and_loses_no_row(caplog: pytest.LogCaptureFixture) -> None:
    source = FailingSource(since=date(2025, 1, 1), every=1)  # 10 °C for two months

    (chunk,) = fetch(TWO_MONTHS.iloc[:1], source)

    assert len(chunk["weather_hourly"]) == 744
    said = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert said[0] == (
        "Northmere 2023-01-01 to 2023-02-01: temperature_2m breaks flat_line, 744 of 744, first "
        "2023-01-01T00:00Z: 10"
    )


def test_places_that_lack_the_same_days_are_asked_for_together() -> None:
    asked = requests(
        ("brest", date(2023, 1, 1), date(2024, 1, 1)),
        ("brest", date(2024, 1, 1), date(2024, 2, 1)),
        ("paris", date(2023, 1, 1), date(2024, 1, 1)),
        ("westhaven", date(2023, 1, 1), date(2024, 1, 1)),
    )

    assert [(request.slugs, request.start.year) for request in group_requests(asked, 2)] == [
        (("brest", "paris"), 2023),
        (("westhaven",), 2023),
        (("brest",), 2024),
    ]
    assert sum(len(request.slugs) for request in group_requests(asked, 1)) == 4
