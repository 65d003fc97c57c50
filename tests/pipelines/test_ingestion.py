"""What is asked of the source, what is let in, and what is asked again."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest

from triptych.parameters import ForecastParameters, IngestionParameters
from triptych.pipelines.ingestion.nodes import (
    fetch_weather,
    group_requests,
    list_locations,
    plan_requests,
)
from triptych.weather.errors import TooManyRejected, UnknownLocation, WrongSource
from triptych.weather.locations import Location, SourceKind, locations_frame
from triptych.weather.sample import SampleClimate
from triptych.weather.source import Fetched, OpenSource
from triptych.weather.variables import VARIABLES

TODAY = "2024-03-01"
FORECAST = ForecastParameters(train_years=1, validation_years=1, delay_days=6)
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
LOCATIONS = locations_frame([NORTHMERE, WESTHAVEN])


def periods(*rows: tuple[str, str, str]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["location", "start", "end"])
    instants = {name: pd.to_datetime(frame[name], utc=True) for name in ("start", "end")}
    return frame.assign(**instants)


def plan(
    known: pd.DataFrame,
    as_of: str = TODAY,
    location: str | None = "northmere",
    ingestion: IngestionParameters = INGESTION,
) -> list[str]:
    requests = plan_requests(
        LOCATIONS, known, location, "sample", as_of, TODAY, FORECAST, ingestion
    )
    return [f"{row.location} {row.start} {row.end}" for row in requests.itertuples()]


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


def requests(*rows: tuple[str, date, date]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["location", "start", "end"])


ORDER = ["rejected_rows", "weather_hourly", "validation_report", "ingested_periods"]


def opens(source: Any) -> OpenSource:
    """Give this source, whichever is asked for."""

    def open_source(kind: SourceKind, *, models: str) -> Any:
        return source

    return open_source


def fetch(
    asked: pd.DataFrame, source: Any, ingestion: IngestionParameters = INGESTION
) -> list[dict[str, pd.DataFrame]]:
    return list(fetch_weather(asked, LOCATIONS, opens(source), "sample", TODAY, ingestion))


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
    chunks = fetch_weather(asked, LOCATIONS, opens(source), "sample", TODAY, INGESTION)

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
    assert refused["time"] not in set(first["weather_hourly"]["time"])
    assert len(first["weather_hourly"]) == 7298  # of 7,299
    assert first["rejected_rows"]["id"].tolist() == second["rejected_rows"]["id"].tolist()


def test_two_refused_rows_of_one_hour_are_two_rows() -> None:
    hot, hotter = 90.0, 95.0
    source = LateSource(known_until=datetime(2024, 2, 2, tzinfo=UTC))
    asked = requests(("northmere", date(2024, 2, 1), date(2024, 2, 2)))

    source.temperature = hot
    (first,) = fetch(asked, source, ANY_SHARE)
    source.temperature = hotter
    (second,) = fetch(asked, source, ANY_SHARE)

    assert first["weather_hourly"].empty
    ids = set(first["rejected_rows"]["id"]) | set(second["rejected_rows"]["id"])
    assert len(ids) == 48


def test_with_nothing_to_ask_for_nothing_is_saved() -> None:
    source = LateSource(known_until=datetime(2024, 1, 1, tzinfo=UTC))

    (chunk,) = fetch(requests(), source)

    assert list(chunk) == ORDER
    assert all(frame.empty for frame in chunk.values())
    assert source.asked == []


def test_no_source_is_stored_under_the_name_of_another() -> None:
    asked = requests(("paris", date(2024, 1, 1), date(2024, 1, 2)))
    sample = opens(SampleClimate())

    with pytest.raises(WrongSource, match=r"'paris' has the source open_meteo, but sample was"):
        list(fetch_weather(asked, locations_frame([PARIS]), sample, "open_meteo", TODAY, INGESTION))


class LateSource:
    """Has every hour up to an instant, and nothing after it."""

    kind: ClassVar[SourceKind] = "sample"

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


def test_what_a_late_source_does_not_have_yet_is_asked_for_again() -> None:
    source = LateSource(known_until=datetime(2024, 2, 24, tzinfo=UTC))
    asked = requests(("northmere", date(2024, 1, 1), date(2024, 3, 1)))

    (chunk,) = fetch(asked, source)

    signed = chunk["ingested_periods"]
    assert signed["end"].tolist() == [pd.Timestamp("2024-02-24", tz="UTC")]
    assert len(chunk["weather_hourly"]) == 54 * 24
    before = periods(("northmere", "2021-03-01", "2024-01-01"))
    assert plan(pd.concat([before, signed])) == ["northmere 2024-02-24 2024-03-01"]


def test_what_is_late_for_a_month_is_not_waited_for_any_more() -> None:
    source = LateSource(known_until=datetime(2023, 12, 15, tzinfo=UTC))
    asked = requests(("northmere", date(2023, 1, 1), date(2024, 1, 1)))

    (chunk,) = fetch(asked, source)

    assert chunk["ingested_periods"]["end"].tolist() == [pd.Timestamp("2024-01-01", tz="UTC")]
    before = periods(
        ("northmere", "2021-03-01", "2023-01-01"), ("northmere", "2024-01-01", "2024-03-01")
    )
    assert plan(pd.concat([before, chunk["ingested_periods"]])) == []


def test_a_source_that_has_nothing_yet_signs_nothing_off() -> None:
    source = LateSource(known_until=datetime(2024, 2, 24, tzinfo=UTC))
    asked = requests(("northmere", date(2024, 2, 26), date(2024, 3, 1)))

    (chunk,) = fetch(asked, source)

    assert chunk["weather_hourly"].empty
    assert chunk["ingested_periods"].empty


def test_all_nine_variables_are_asked_for() -> None:
    asked = requests(("northmere", date(2023, 1, 1), date(2023, 1, 2)))

    (chunk,) = fetch(asked, SampleClimate())

    assert list(chunk["weather_hourly"].columns) == ["location", "time", *VARIABLES, "source"]


class FailingSource(LateSource):
    """From an instant on a share of its humidity is nonsense."""

    def __init__(self, since: date, every: int) -> None:
        super().__init__(known_until=datetime(2024, 3, 1, tzinfo=UTC))
        self.since, self.every = since, every

    def fetch(
        self, location: Location, start: date, end: date, variables: Sequence[str]
    ) -> Fetched:
        fetched = super().fetch(location, start, end, variables)
        bad = (np.arange(len(fetched.frame)) % self.every == 0) & (start >= self.since)
        humidity = np.where(bad, 255.0, 80.0)
        return Fetched(fetched.frame.assign(relative_humidity_2m=humidity), fetched.known_until)


TWO_MONTHS = requests(
    ("northmere", date(2023, 1, 1), date(2023, 2, 1)),
    ("northmere", date(2024, 1, 1), date(2024, 2, 1)),
    ("westhaven", date(2024, 1, 1), date(2024, 2, 1)),
)


def test_an_answer_that_is_mostly_wrong_stops_and_none_of_its_hours_is_saved() -> None:
    source = FailingSource(since=date(2024, 1, 1), every=10)
    chunks = fetch_weather(TWO_MONTHS, LOCATIONS, opens(source), "sample", TODAY, INGESTION)

    good, bad = next(chunks), next(chunks)
    with pytest.raises(TooManyRejected) as stop:
        next(chunks)

    assert len(good["weather_hourly"]) == 31 * 24
    assert len(good["ingested_periods"]) == 1
    assert bad["weather_hourly"].empty
    assert bad["ingested_periods"].empty
    assert len(bad["rejected_rows"]) == 75  # of 744: kept, with their reason
    assert bad["rejected_rows"]["reason"].str.contains("is not within 0 to 100 %").all()
    (line,) = bad["validation_report"].query("verdict == 'stop'").to_dict("records")
    assert (line["rule"], line["checked"], line["failed"]) == ("rejected_share", 744, 75)
    assert str(stop.value) == (
        "Northmere, 2024-01-01 to 2024-02-01, rows that break a rule: 75 of 744 rejected "
        "(10.08 %), at most 37 allowed (ingestion.max_rejected_share). Most often "
        "relative_humidity_2m, range: 75 "
        "rows, first 2024-01-01T00:00Z: 255.0. No hour of this answer was stored, what the "
        "database held stays; the table rejected_rows and data/08_reporting/validation_report.csv "
        "say more. Run again when the source is mended, or raise the share if it is right."
    )
    assert source.asked == [date(2023, 1, 1), date(2024, 1, 1)]
    assert source.closed


def test_less_than_the_allowed_share_is_refused_row_by_row() -> None:
    source = FailingSource(since=date(2024, 1, 1), every=25)  # 4 %

    chunks = fetch(TWO_MONTHS, source)

    assert [len(c["weather_hourly"]) for c in chunks] == [744, 714, 714]
    assert [len(c["ingested_periods"]) for c in chunks] == [1, 1, 1]
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
