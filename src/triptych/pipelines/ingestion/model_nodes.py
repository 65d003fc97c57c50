"""Request recent analyses and NWP forecasts; what fails is a warning, never the end of a run."""

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import partial
from typing import Any

import pandas as pd

from triptych.classification.sources import explain_excess
from triptych.forecasting.features.nwp import usable_lead_day
from triptych.parameters.forecasting import ForecastParameters
from triptych.parameters.ingestion import IngestionParameters, NwpParameters, RecentParameters
from triptych.pipelines.ingestion.fetching import (
    NO_DATA,
    fetch_parts,
    make_pacer,
    names_unknown,
    to_places,
    with_id,
)
from triptych.pipelines.ingestion.records import ANALYSIS, FORECAST, Key, ModelPeriods
from triptych.pipelines.ingestion.requests import (
    Request,
    complete_locations,
    plan_model_requests,
)
from triptych.pipelines.ts_common.location_selection import select_rows, shown
from triptych.pipelines.ts_common.periods import DAY, parse_as_of, study_periods
from triptych.weather.errors import CallLimitReached, SourceUnavailable, WeatherError
from triptych.weather.locations import Location, SourceKind
from triptych.weather.sources.base import OpenSource, Query, WeatherSource
from triptych.weather.validation.schemas import check_hourly
from triptych.weather.variables import TEMPERATURE, VARIABLES

logger = logging.getLogger(__name__)

_FIRST_RUNS = pd.Timestamp("2024-01-01", tz="UTC")  # the first that the Previous Runs API has
_SAMPLE_NWP = 200 * DAY
_REPORT = ["product", "location", "model", "start", "end", "rows", "missing"]
MODEL_OUTPUTS: dict[str, Any] = {
    "rejected_model_rows": pd.DataFrame(), "weather_recent": pd.DataFrame(),
    "nwp_forecasts": pd.DataFrame(), "model_report": pd.DataFrame(columns=_REPORT),
    "model_periods": pd.DataFrame(), "model_warnings": [],
}  # fmt: skip
_PARAMETERS = {ANALYSIS: "recent.model", FORECAST: "nwp.models"}
_TABLES = {ANALYSIS: "weather_recent", FORECAST: "nwp_forecasts"}


def fetch_models(
    locations: pd.DataFrame,
    ingested_periods: pd.DataFrame,
    incomplete_days: pd.DataFrame,
    known_model_periods: pd.DataFrame,
    weather_source: OpenSource,
    location: str | None,
    source: SourceKind,
    as_of: str,
    today: str,
    horizon_days: int,
    forecast: ForecastParameters,
    ingestion: IngestionParameters,
    recent: RecentParameters,
    nwp: NwpParameters,
) -> Iterator[dict[str, Any]]:
    """Request what `model_periods` lacks, request by request; Kedro saves each before the next.

    Recent analyses are requested where the archive lacks the day before `as_of`; of the sample
    always. Of hours at or after `as_of` only what was published then is stored.

    Yields:
        `rejected_model_rows`, `weather_recent`, `nwp_forecasts`, `model_report` (a row a location,
        model and request: rows and missing hours), `model_periods` and `model_warnings`.
    """
    issued, now = parse_as_of(as_of, today), pd.Timestamp(today, tz="UTC")
    rows = select_rows(locations, location, source)
    lacking, study = set(rows["location"]), study_periods(issued, forecast)
    first = max(study.train_start, _FIRST_RUNS)
    if source == "sample":  # enough to train MOS before validation
        first = max(study.train_start, study.validation_start - _SAMPLE_NWP)
    else:
        lacking -= complete_locations(ingested_periods, incomplete_days, issued)
    if nwp.start is not None:
        first = pd.Timestamp(nwp.start, tz="UTC")
    periods = ModelPeriods(
        known_model_periods, issued, now, nwp.publication_delay_hours,
        ingestion.final_after_days * DAY,
    )  # fmt: skip
    requests = plan_model_requests(
        rows["location"], lacking, periods, first, horizon_days, recent, nwp,
        ingestion.locations_per_request,
    )  # fmt: skip
    pacer = make_pacer(requests, source, ingestion)
    run = _Run(periods, now, ingestion.max_rejected_share, nwp)
    places = to_places(rows, source)
    stopped: set[str] = set()
    yield run.chunk()  # Kedro requires at least one chunk
    with closing(weather_source(source, models=ingestion.models)) as opened:
        for request in requests:
            models = tuple(m for m in request.models if (request.product, m) not in run.unknown)
            if not models or request.product in stopped:
                continue
            own, ask = [places[slug] for slug in request.slugs], partial(run.ask, opened, request)
            try:
                pacer.wait(request.weight)
                for part, part_models, result in fetch_parts(ask, own, models):
                    yield run.record(request, part, part_models, result)
            except (SourceUnavailable, CallLimitReached) as error:
                stopped.add(request.product)
                run.warnings.append(str(error))
    run.warn_of_uncovered()
    yield run.chunk()


class _Run:
    """The findings of one run: unknown and uncovered models, and warnings."""

    def __init__(
        self, periods: ModelPeriods, today: pd.Timestamp, allowed: float, nwp: NwpParameters
    ) -> None:
        self._periods, self._today, self._allowed, self._nwp = periods, today, allowed, nwp
        self._uncovered: dict[tuple[str, str], dict[str, None]] = {}
        self.unknown: set[tuple[str, str]] = set()
        self.warnings: list[str] = []

    def ask(
        self,
        source: WeatherSource,
        request: Request,
        places: Sequence[Location],
        models: tuple[str, ...],
    ) -> Iterator[pd.DataFrame]:
        """Request rows of each location: model, time, perhaps lead_day, variables."""
        query = Query(places, request.start, request.end)
        if request.product == FORECAST:
            yield from source.fetch_nwp(query, models, range(1, self._nwp.lead_days + 1))
        for model in models if request.product == ANALYSIS else ():
            today = self._today.date()
            for frame in source.fetch_recent(query, list(VARIABLES), model, today):
                yield frame.assign(model=model)

    def record(
        self,
        request: Request,
        places: Sequence[Location],
        models: tuple[str, ...],
        result: list[pd.DataFrame] | WeatherError,
    ) -> dict[str, Any]:
        """Return what is to be saved of the responses for some locations and models."""
        frame, error = pd.DataFrame(columns=["location", "model", "time"]), None
        if isinstance(result, list):
            parts = zip(places, result, strict=True)
            frame = pd.concat([rows.assign(location=place.slug) for place, rows in parts])
        elif NO_DATA not in str(result) or len(places) > 1 or len(models) > 1:
            error = result
        if error is not None:
            self._warn_of(request.product, models, error)
            return self.chunk()
        accepted, rejected, refused = accept_rows(self._known_at_issue(frame), self._allowed)
        self.warnings += refused.values()
        by_key = dict(iter(accepted.groupby(["location", "model"])))
        lines, periods = [], []
        for key in ((place.slug, model) for place in places for model in models):
            if key not in refused:
                line, period = self._record_period(request, *key, by_key.get(key))
                lines.append(line)
                periods.append(period)
        return self.chunk(
            **{"rejected_model_rows": rejected, _TABLES[request.product]: accepted},
            model_report=pd.DataFrame(lines, columns=_REPORT),
            model_periods=pd.DataFrame(periods),
        )

    def chunk(self, **outputs: Any) -> dict[str, Any]:
        """Return what is to be saved, with the warnings since the last chunk."""
        warnings, self.warnings = self.warnings, []
        for warning in warnings:
            logger.warning("%s", warning)
        return MODEL_OUTPUTS | {"model_warnings": warnings} | outputs

    def warn_of_uncovered(self) -> None:
        """Name the models that have never had a value at a location."""
        for (product, model), slugs in self._uncovered.items():
            own = [s for s in slugs if not self._periods.has_rows((s, product, model))]
            if own:
                self.warnings.append(
                    f"The weather model {model} ({_PARAMETERS[product]}) has no values for "
                    f"{shown(own)}: outside its domain? Nothing was stored, the other models were "
                    "requested. Choose a global model for these locations."
                )

    def _warn_of(self, product: str, models: tuple[str, ...], error: WeatherError) -> None:
        unknown = names_unknown(models, error)
        for model in unknown:
            self.unknown.add((product, model))
            self.warnings.append(
                f"The source does not know the weather model {model!r} ({_PARAMETERS[product]}); "
                f"nothing of it is requested. Correct or remove the name: {error}"
            )
        if not unknown:
            self.warnings.append(f"{', '.join(models)}: {error}")

    def _known_at_issue(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Drop what was not published at `as_of`."""
        issued = self._periods.issued
        known = frame["time"] < issued
        if "lead_day" in frame:
            delay = self._nwp.publication_delay_hours
            known |= frame["lead_day"] >= usable_lead_day(frame["time"], issued, delay)
        return frame[known]

    def _record_period(
        self, request: Request, slug: str, model: str, frame: pd.DataFrame | None
    ) -> tuple[list[Any], dict[str, Any]]:
        """Count what came and what is missing of one model at one location."""
        key: Key = (slug, request.product, model)
        start, end = (pd.Timestamp(day, tz="UTC") for day in (request.start, request.end))
        until = min(end, self._periods.due_until(request.product))
        times = missing = complete_hours(frame)
        if len(times) or self._periods.has_rows(key):
            first = start if self._periods.has_rows(key) else max(start, times.min())
            missing = pd.date_range(first, until, freq="h", inclusive="left").difference(times)
        elif start < until:  # else it may come later
            self._uncovered.setdefault((request.product, model), {})[slug] = None
        rows = 0 if frame is None else len(frame)
        line = [request.product, slug, model, request.start, request.end, rows, len(missing)]
        return line, self._periods.add(key, start, end, rows, missing)


def accept_rows(
    frame: pd.DataFrame, max_rejected_share: float
) -> tuple[pd.DataFrame, pd.DataFrame, dict[tuple[str, str], str]]:
    """Validate values as those of the archive are validated.

    Args:
        frame: location, model, time, perhaps lead_day, temperature_2m and other variables.
        max_rejected_share: of the temperatures of a model at a location; beyond, none is accepted.

    Returns:
        The accepted rows, the rows of `rejected_rows`, and a message for each location and model of
        which nothing was accepted.
    """
    if frame.empty:
        return frame, frame, {}
    keys = [name for name in ("location", "model", "lead_day", "time") if name in frame]
    accepted, rejected, _ = check_hourly(frame, keys)
    rejected = rejected.rename(columns={"model": "source"})
    if "lead_day" in rejected:
        pairs = zip(rejected["row"], rejected.pop("lead_day"), strict=True)
        rejected["row"] = [row | {"lead_day": int(lead)} for row, lead in pairs]
        accepted = accepted.dropna(subset=[TEMPERATURE])
    wrong = rejected[rejected["variable"] == TEMPERATURE]
    counts = Counter(zip(wrong["location"], wrong["source"], strict=True))
    owners = pd.MultiIndex.from_frame(frame[["location", "model"]])
    refused: dict[tuple[str, str], str] = {}
    for (slug, model), failed in counts.items():
        total = int(frame[TEMPERATURE][owners == (slug, model)].count())
        excess = explain_excess(failed, total, max_rejected_share)
        if excess:
            refused[slug, model] = (
                f"{model}, {slug}, impossible temperatures: {excess} (ingestion."
                "max_rejected_share). Nothing of this response was stored; the table rejected_rows "
                "has details."
            )
    stored = ~pd.MultiIndex.from_frame(accepted[["location", "model"]]).isin(list(refused))
    return accepted[stored], with_id(rejected), refused


def complete_hours(frame: pd.DataFrame | None) -> pd.DatetimeIndex:
    """Return the hours that have the temperature of each lead day that the model has."""
    if frame is None:
        return pd.DatetimeIndex([], tz="UTC")
    counts = frame.dropna(subset=[TEMPERATURE])["time"].value_counts().sort_index()
    leads = frame["lead_day"].nunique() if "lead_day" in frame else 1
    return pd.DatetimeIndex(counts.index[counts == leads])
