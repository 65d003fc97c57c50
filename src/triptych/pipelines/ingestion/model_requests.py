"""Which days are requested of which weather model: what is unknown, and what may still change."""

from collections.abc import Iterable
from datetime import date
from typing import Any, NamedTuple

import pandas as pd

from triptych.parameters.ingestion import NwpParameters, RecentParameters
from triptych.weather.request_periods import Period, missing_periods, split_years
from triptych.weather.sources.call_budget import weight
from triptych.weather.variables import TEMPERATURE, VARIABLES

ANALYSIS, FORECAST = "analysis", "forecast"
DAY = pd.Timedelta(days=1)
FIRST_RUNS = pd.Timestamp("2024-01-01", tz="UTC")  # the first that the Previous Runs API has

Key = tuple[str, str, str]  # location, product, model


class ModelRequest(NamedTuple):
    """Several locations and models, and the days that are requested, the end exclusive."""

    product: str
    slugs: tuple[str, ...]
    models: tuple[str, ...]
    start: date
    end: date
    columns: int

    @property
    def weight(self) -> float:
        """Weighted calls at a source that counts them."""
        return weight(len(self.slugs), (self.end - self.start).days, self.columns)


class ModelPeriods:
    """The rows of `model_periods`: what a run need not request again, and what it adds.

    Args:
        rows: the table before the run.
        issued: `as_of` of the run.
        today: its UTC date.
        delay_hours: from the start of a model run to its publication.
        final_after: gaps that are older are not requested again.
    """

    def __init__(
        self,
        rows: pd.DataFrame,
        issued: pd.Timestamp,
        today: pd.Timestamp,
        delay_hours: int,
        final_after: pd.Timedelta,
    ) -> None:
        self._issued, self._today, self._final_after = issued, today, final_after
        self._delay = pd.Timedelta(hours=delay_hours)
        self._rows: dict[Key, list[dict[str, Any]]] = {}
        for row in rows.to_dict("records"):
            self._rows.setdefault((row["location"], row["product"], row["model"]), []).append(
                {str(name): value for name, value in row.items() if name != "fetched_at"}
            )

    def due_until(self, product: str, as_of: pd.Timestamp | None = None) -> pd.Timestamp:
        """Up to when values of all lead days were published at the issue time."""
        lead = DAY if product == FORECAST else pd.Timedelta(0)
        return (self._issued if as_of is None else as_of) + lead - self._delay

    def known(self, key: Key) -> list[Period]:
        """The periods that need no request.

        A later `as_of` requests again the day before the end of what was published, as runs may
        be late. A gap is requested again once a day.
        """
        return [
            (row["start"], end)
            for row in self._rows.get(key, [])
            if (end := self._known_until(row)) > row["start"]
        ]

    def _known_until(self, row: dict[str, Any]) -> pd.Timestamp:
        end: pd.Timestamp = row["end"]
        if self._issued > row["as_of"]:
            end = min(end, self.due_until(row["product"], row["as_of"]) - DAY)
        gap = row["missing_from"]
        repeated = self._today > row["last_requested"] and self._today - gap < self._final_after
        return min(end, gap) if repeated else end

    def has_rows(self, key: Key) -> bool:
        """Tell whether the model ever had a value at the location."""
        return any(row["rows"] for row in self._rows.get(key, []))

    def add(
        self, key: Key, start: date, end: date, rows: int, missing: pd.DatetimeIndex
    ) -> dict[str, Any]:
        """Record an answer and the hours that it lacks; it extends the period that it continues."""
        first, last = (pd.Timestamp(day, tz="UTC") for day in (start, end))
        recent = self._today - self._final_after
        gap = missing[missing > recent].min()  # NaT if there is none
        own = self._rows.setdefault(key, [])
        new = dict(zip(("location", "product", "model"), key, strict=True)) | {
            "start": first, "end": last, "as_of": self._issued, "rows": rows, "missing_from": gap,
            "last_requested": self._today,
        }  # fmt: skip
        for row in own:
            if row["start"] <= first <= row["end"]:
                before = row["missing_from"]
                row.update(
                    new,
                    start=row["start"],
                    end=max(row["end"], last),
                    rows=row["rows"] + rows,
                    missing_from=before if recent < before < first else gap,
                )
                return row
        own.append(new)
        return new


def plan_model_requests(
    slugs: Iterable[str],
    lacking: set[str],
    known: ModelPeriods,
    issued: pd.Timestamp,
    first: pd.Timestamp,
    horizon_days: int,
    recent: RecentParameters,
    nwp: NwpParameters,
    size: int,
) -> list[ModelRequest]:
    """List the requests: recent analyses first, then forecasts, both in order of time.

    Args:
        slugs: the locations of the run.
        lacking: those that need the recent analysis.
        known: what was requested before.
        issued: `as_of`.
        first: the start of the forecasts.
        horizon_days: how far beyond `as_of` forecasts are requested.
        size: locations of one request.
    """
    overlap = (issued.floor("D") - recent.overlap_days * DAY, issued.ceil("D"))
    forecast = (first, (issued + horizon_days * DAY).ceil("D"))
    grouped: dict[tuple[str, date, date, tuple[str, ...]], list[str]] = {}
    for slug in slugs:
        products = [(FORECAST, forecast, nwp.models)]
        if recent.model is not None and slug in lacking:
            products.insert(0, (ANALYSIS, overlap, (recent.model,)))
        for product, wanted, models in products:
            days: dict[tuple[date, date], list[str]] = {}
            for model in models:
                for period in missing_periods(wanted, known.known((slug, product, model))):
                    for span in split_years(period):
                        days.setdefault(span, []).append(model)
            for (start, end), own in days.items():
                grouped.setdefault((product, start, end, tuple(own)), []).append(slug)
    return [
        ModelRequest(
            product, tuple(own[at : at + size]), models, start, end,
            len(VARIABLES) if product == ANALYSIS else len(models) * nwp.lead_days,
        )
        for (product, start, end, models), own in sorted(grouped.items(), key=lambda g: g[0][:3])
        for at in range(0, len(own), size)
    ]  # fmt: skip


def complete_locations(
    ingested_periods: pd.DataFrame, incomplete_days: pd.DataFrame, issued: pd.Timestamp
) -> set[str]:
    """The locations of which the archive has the temperatures up to `as_of`."""
    last = (issued - pd.Timedelta(hours=1)).floor("D")
    reached = ingested_periods.loc[ingested_periods["end"] >= issued, "location"]
    days = incomplete_days[incomplete_days["day"] == last]
    lacking = days.loc[days["missing"].map(lambda missing: TEMPERATURE in missing), "location"]
    return set(reached) - set(lacking)
