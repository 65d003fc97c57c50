"""Request recent analyses and NWP forecasts; what fails is a warning, never the end of a run."""

import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

import pandas as pd

from triptych.forecasting.features.nwp import usable_lead_day
from triptych.parameters.forecasting import ForecastParameters
from triptych.parameters.ingestion import IngestionParameters, NwpParameters, RecentParameters
from triptych.pipelines.ingestion.model_requests import (
    ANALYSIS,
    FIRST_RUNS,
    FORECAST,
    ModelPeriods,
    ModelRequest,
    complete_locations,
    plan_model_requests,
)
from triptych.pipelines.ingestion.model_validation import accept_rows, complete_hours
from triptych.pipelines.ingestion.nodes import make_pacer, to_location
from triptych.pipelines.ts_common.location_selection import select_rows, shown
from triptych.pipelines.ts_common.periods import parse_as_of, study_periods
from triptych.weather.errors import (
    CallLimitReached,
    InvalidAnswer,
    SourceRefused,
    SourceUnavailable,
)
from triptych.weather.locations import Location, SourceKind
from triptych.weather.sources.base import OpenSource, WeatherSource
from triptych.weather.variables import VARIABLES

logger = logging.getLogger(__name__)

SAMPLE_NWP = pd.Timedelta(days=200)
_REPORT = ["product", "location", "model", "start", "end", "rows", "missing"]
_PARAMETERS = {ANALYSIS: "recent.model", FORECAST: "nwp.models"}
MODEL_OUTPUTS = (
    "rejected_model_rows", "weather_recent", "nwp_forecasts", "model_report", "model_periods",
    "model_warnings",
)  # fmt: skip

# A location, the models that were requested, and rows: model, time, perhaps lead_day, variables.
_Answer = tuple[Location, tuple[str, ...], pd.DataFrame]


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
    always. Of hours at or after `as_of` only what was published then is kept.

    Yields:
        `rejected_model_rows`, `weather_recent`, `nwp_forecasts`, `model_report` (a row a location,
        model and request: rows and missing hours), `model_periods` and `model_warnings`.
    """
    issued, now = parse_as_of(as_of, today), pd.Timestamp(today, tz="UTC")
    rows = select_rows(locations, location, source)
    periods = ModelPeriods(
        known_model_periods, issued, now, nwp.publication_delay_hours,
        pd.Timedelta(days=ingestion.final_after_days),
    )  # fmt: skip
    lacking = set(rows["location"])
    plan = study_periods(issued, forecast)
    first = max(plan.train_start, FIRST_RUNS)
    if source == "sample":  # enough to train MOS before validation
        first = max(plan.train_start, plan.validation_start - SAMPLE_NWP)
    else:
        lacking -= complete_locations(ingested_periods, incomplete_days, issued)
    if nwp.start is not None:
        first = pd.Timestamp(nwp.start, tz="UTC")
    requests = plan_model_requests(
        rows["location"], lacking, periods, issued, first, horizon_days, recent, nwp,
        ingestion.locations_per_request,
    )  # fmt: skip
    pacer = make_pacer([request.weight for request in requests], source, ingestion)
    run = _Run(periods, issued, now, ingestion, nwp)
    places = {row["location"]: to_location(row) for row in rows.to_dict("records")}
    yield run.chunk([], None)  # Kedro wants one chunk at least from a node that yields
    with closing(weather_source(source, models=ingestion.models)) as opened:
        for request in requests:
            if request.product in run.stopped:
                continue
            try:
                pacer.wait(request.weight)
                own = [places[slug] for slug in request.slugs]
                for answers in run.fetch(opened, request, own, request.models):
                    yield run.chunk(answers, request)
            except (SourceUnavailable, CallLimitReached) as error:
                run.stopped.add(request.product)
                run.warnings.append(str(error))
    run.warn_of_uncovered()
    yield run.chunk([], None)


_NO_DATA = "No data is available"  # the refusal of a location outside the model's domain
_OUT_OF_RANGE = "out of allowed range"  # of days, for whichever model and location
_EMPTY = pd.DataFrame(columns=["location", "model", "time"])


class _Run:
    """What one run has found: unknown models, products that are down, warnings."""

    def __init__(
        self,
        periods: ModelPeriods,
        issued: pd.Timestamp,
        today: pd.Timestamp,
        ingestion: IngestionParameters,
        nwp: NwpParameters,
    ) -> None:
        self._periods, self._issued, self._today = periods, issued, today
        self._allowed, self._delay = ingestion.max_rejected_share, nwp.publication_delay_hours
        self._lead_days = list(range(1, nwp.lead_days + 1))
        self._unknown: set[tuple[str, str]] = set()
        self._uncovered: dict[tuple[str, str], dict[str, None]] = {}
        self.stopped: set[str] = set()
        self.warnings: list[str] = []

    def fetch(
        self,
        source: WeatherSource,
        request: ModelRequest,
        places: Sequence[Location],
        models: Sequence[str],
    ) -> Iterator[list[_Answer]]:
        """Request all at once; if that is refused, what can be had without the cause."""
        models = [m for m in models if (request.product, m) not in self._unknown]
        if not models:
            return
        try:
            yield self._ask(source, request, places, models)
        except CallLimitReached:
            raise
        except (SourceRefused, InvalidAnswer) as error:
            named = [m for m in models if re.search(rf"String value {m}\b", str(error))]
            if named:
                self._warn_unknown(request.product, named, error)
                yield from self.fetch(source, request, places, models)
            elif _OUT_OF_RANGE in str(error):
                self.warnings.append(f"{', '.join(models)}: {error}")
            elif len(places) > 1 and (len(models) == 1 or _NO_DATA in str(error)):
                for place in places:
                    yield from self.fetch(source, request, [place], models)
            elif len(models) > 1:
                for model in models:
                    yield from self.fetch(source, request, places, [model])
            elif _NO_DATA in str(error):
                yield [(places[0], tuple(models), _EMPTY)]
            else:
                self.warnings.append(f"{models[0]}: {error}")

    def _ask(
        self,
        source: WeatherSource,
        request: ModelRequest,
        places: Sequence[Location],
        models: Sequence[str],
    ) -> list[_Answer]:
        days = request.start, request.end
        if request.product == FORECAST:
            frames = list(source.fetch_nwp(places, *days, models, self._lead_days))
        else:
            (model,) = models
            fetched = source.fetch_recent(places, *days, list(VARIABLES), model, self._today.date())
            frames = [each.frame.assign(model=model) for each in fetched]
        return [
            (place, tuple(models), frame.assign(location=place.slug))
            for place, frame in zip(places, frames, strict=True)
        ]

    def _warn_unknown(self, product: str, models: list[str], error: Exception) -> None:
        for model in models:
            self._unknown.add((product, model))
            self.warnings.append(
                f"The source does not know the weather model {model!r} ({_PARAMETERS[product]}); "
                f"nothing of it is requested. Correct or remove the name: {error}"
            )

    def chunk(self, answers: list[_Answer], request: ModelRequest | None) -> dict[str, Any]:
        """Give what is to be saved of answers, and the warnings so far."""
        chunk: dict[str, Any] = {name: pd.DataFrame() for name in MODEL_OUTPUTS}
        chunk["model_report"] = pd.DataFrame(columns=_REPORT)
        if request is not None and answers:
            table = "nwp_forecasts" if request.product == FORECAST else "weather_recent"
            frame = pd.concat([frame for _, _, frame in answers], ignore_index=True)
            accepted, rejected, refused = accept_rows(self._knowable(frame), self._allowed)
            self.warnings += refused.values()
            chunk["rejected_model_rows"] = rejected
            chunk[table] = accepted
            by_key = dict(iter(accepted.groupby(["location", "model"])))
            records = [
                self._record(place.slug, model, by_key.get((place.slug, model)), request)
                for place, models, _ in answers
                for model in models
                if (place.slug, model) not in refused
            ]
            chunk["model_report"] = pd.DataFrame([line for line, _ in records], columns=_REPORT)
            chunk["model_periods"] = pd.DataFrame([period for _, period in records])
        for warning in self.warnings:
            logger.warning("%s", warning)
        chunk["model_warnings"], self.warnings = self.warnings, []
        return chunk

    def _knowable(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Drop what was not published at `as_of`."""
        if "lead_day" not in frame:
            return frame[frame["time"] < self._issued]
        needed = usable_lead_day(frame["time"], self._issued, self._delay)
        return frame[(frame["lead_day"] >= needed) | (frame["time"] < self._issued)]

    def _record(
        self, slug: str, model: str, frame: pd.DataFrame | None, request: ModelRequest
    ) -> tuple[list[Any], dict[str, Any]]:
        """Count what came and what is missing of one model at one location."""
        key = (slug, request.product, model)
        start, end = (pd.Timestamp(day, tz="UTC") for day in (request.start, request.end))
        until = min(end, self._periods.due_until(request.product))
        times = complete_hours(frame)
        if not len(times) and not self._periods.has_rows(key):
            missing = times  # not covered, or not yet
            if start < until:
                self._uncovered.setdefault((request.product, model), {})[slug] = None
        else:
            first = start if self._periods.has_rows(key) else max(start, times.min())
            missing = pd.date_range(first, until, freq="h", inclusive="left").difference(times)
        rows = 0 if frame is None else len(frame)
        line = [request.product, slug, model, request.start, request.end, rows, len(missing)]
        return line, self._periods.add(key, request.start, request.end, rows, missing)

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
