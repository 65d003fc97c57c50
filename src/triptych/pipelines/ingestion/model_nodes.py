"""Request recent analyses and NWP forecasts; what fails is a warning, never the end of a run."""

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import partial
from typing import Any

import pandas as pd

from triptych.classification.sources import explain_excess, listed
from triptych.execution.progress import track
from triptych.forecasting.features.nwp import usable_lead_day
from triptych.parameters.forecasting import (
    ForecastParameters,
    IngestionParameters,
    NwpParameters,
    RecentParameters,
)
from triptych.pipelines.ingestion import fetching
from triptych.pipelines.ingestion.records import ANALYSIS, FORECAST, ModelPeriods
from triptych.pipelines.ingestion.requests import Request, plan_model_requests
from triptych.pipelines.ts_common.location_selection import select_rows
from triptych.pipelines.ts_common.periods import DAY, parse_as_of, study_periods
from triptych.weather.errors import CallLimitReached, SourceUnavailable
from triptych.weather.locations import Location, SourceKind
from triptych.weather.sources.base import OpenSource, Query, WeatherSource
from triptych.weather.validation.report import HOUR, check_hourly
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
    location_file: list[Location],
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
    """
    issued, now = parse_as_of(as_of, today), pd.Timestamp(today, tz="UTC")
    rows = select_rows(locations, location_file, location, source)
    lacking, study = set(rows["location"]), study_periods(issued, forecast)
    first = max(study.train_start, _FIRST_RUNS)
    if source == "sample":  # enough to train MOS before validation
        first = max(study.train_start, study.validation_start - _SAMPLE_NWP)
    else:
        reached = ingested_periods.loc[ingested_periods["end"] >= issued, "location"]
        days = incomplete_days[incomplete_days["day"] == (issued - HOUR).floor("D")]
        without = days.loc[[TEMPERATURE in missing for missing in days["missing"]], "location"]
        lacking -= set(reached) - set(without)
    if nwp.start is not None:
        first = pd.Timestamp(nwp.start, tz="UTC")
    periods = ModelPeriods(known_model_periods, issued, now, ingestion, nwp)
    requests = plan_model_requests(
        rows["location"], lacking, periods, first, horizon_days, recent, nwp,
        ingestion.locations_per_request,
    )  # fmt: skip
    pacer = fetching.make_pacer(requests, source, ingestion)
    run = _Run(periods, ingestion.max_rejected_share, nwp)
    places = fetching.to_places(rows, source)
    stopped: set[str] = set()
    yield run.chunk()  # Kedro requires at least one chunk
    with closing(weather_source(source, models=ingestion.models)) as opened:
        for request in track(requests, "Requesting recent analyses and NWP forecasts"):
            models = tuple(m for m in request.models if (request.product, m) not in run.unknown)
            if not models or request.product in stopped:
                continue
            own = [places[slug] for slug in request.slugs]
            ask = partial(_ask, opened, request, nwp.lead_days, now)
            try:
                pacer.wait(request.weight)
                for part, part_models, result in fetching.fetch_parts(ask, own, models):
                    yield run.record(request, part, part_models, result)
            except (SourceUnavailable, CallLimitReached) as error:
                stopped.add(request.product)
                run.warnings.append(str(error))
    run.warn_of_uncovered()
    yield run.chunk()


def _ask(
    source: WeatherSource,
    request: Request,
    lead_days: int,
    now: pd.Timestamp,
    places: Sequence[Location],
    models: fetching.Models,
) -> list[pd.DataFrame]:
    """Request the rows of each location: location, model, time, perhaps lead_day, variables."""
    query = Query(places, request.start, request.end)
    if request.product == FORECAST:
        found = source.fetch_nwp(query, models, range(1, lead_days + 1))
    else:
        (model,) = models
        recent = source.fetch_recent(query, list(VARIABLES), model, now.date())
        found = (frame.assign(model=model) for frame in recent)
    return [rows.assign(location=place.slug) for place, rows in zip(places, found, strict=True)]


class _Run:
    """The findings of one run: unknown and uncovered models, and warnings."""

    def __init__(self, periods: ModelPeriods, allowed: float, nwp: NwpParameters) -> None:
        self._periods, self._allowed, self._delay = periods, allowed, nwp.publication_delay_hours
        self._uncovered: dict[tuple[str, str], dict[str, None]] = {}
        self.unknown: set[tuple[str, str]] = set()
        self.warnings: list[str] = []

    def record(
        self,
        request: Request,
        places: Sequence[Location],
        models: fetching.Models,
        result: list[pd.DataFrame] | fetching.Refusal,
    ) -> dict[str, Any]:
        """Return what is to be saved of the responses for some locations and models."""
        if isinstance(result, list):
            frame = pd.concat(result)
            known = frame["time"] < self._periods.issued
            if "lead_day" in frame:
                usable = usable_lead_day(frame["time"], self._periods.issued, self._delay)
                known |= frame["lead_day"] >= usable
            frame = frame[known]
        elif fetching.NO_DATA in str(result) and len(places) == len(models) == 1:
            frame = pd.DataFrame(columns=["location", "model", "time"])
        else:
            self._warn_of(request.product, models, result)
            return self.chunk()
        accepted, rejected, refused = _accept(frame, self._allowed)
        self.warnings += refused.values()
        by_key = dict(iter(accepted.groupby(["location", "model"])))
        made = [
            self._record_period(request, *key, by_key.get(key, accepted[:0]))
            for key in ((place.slug, model) for place in places for model in models)
            if key not in refused
        ]
        return self.chunk(
            **{"rejected_model_rows": rejected, _TABLES[request.product]: accepted},
            model_report=pd.DataFrame([line for line, _ in made], columns=_REPORT),
            model_periods=pd.DataFrame([period for _, period in made]),
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
                    f"{listed(own)}: outside its domain? Nothing was stored, the other models were "
                    "requested. Choose a global model for these locations."
                )

    def _warn_of(self, product: str, models: fetching.Models, error: fetching.Refusal) -> None:
        unknown = fetching.names_unknown(models, error)
        self.unknown |= {(product, model) for model in unknown}
        self.warnings += [
            f"The source does not know the weather model {model!r} ({_PARAMETERS[product]}); "
            f"nothing of it is requested. Correct or remove the name: {error}"
            for model in unknown
        ] or [f"{', '.join(models)}: {error}"]

    def _record_period(
        self, request: Request, slug: str, model: str, frame: pd.DataFrame
    ) -> tuple[list[Any], dict[str, Any]]:
        """Count what came and what is missing of one model at one location."""
        key = (slug, request.product, model)
        start, end = (pd.Timestamp(day, tz="UTC") for day in (request.start, request.end))
        until = min(end, self._periods.due_until(request.product, self._periods.issued))
        times = missing = _complete_hours(frame)
        if len(times) or self._periods.has_rows(key):
            first = start if self._periods.has_rows(key) else max(start, times.min())
            missing = pd.date_range(first, until, freq="h", inclusive="left").difference(times)
        elif start < until:  # else it may come later
            self._uncovered.setdefault((request.product, model), {})[slug] = None
        rows = len(frame)
        line = [request.product, slug, model, request.start, request.end, rows, len(missing)]
        return line, self._periods.add(key, start, end, rows, missing)


def _accept(
    frame: pd.DataFrame, max_rejected_share: float
) -> tuple[pd.DataFrame, pd.DataFrame, dict[tuple[str, str], str]]:
    """Validate values as those of the archive are: the accepted rows, the rows of `rejected_rows`,
    and a message for each location and model of whose temperatures more than `max_rejected_share`
    were rejected: nothing is accepted.
    """
    if frame.empty:
        return frame, frame, {}
    keys = [name for name in ("location", "model", "lead_day", "time") if name in frame]
    accepted, rejected, _ = check_hourly(frame, keys)
    owner = ["location", "model"]
    known = frame.groupby(owner)[TEMPERATURE].count()
    wrong = rejected.loc[rejected["variable"] == TEMPERATURE, owner]
    refused = {
        (slug, model): (
            f"{model}, {slug}, impossible temperatures: {excess} (ingestion.max_rejected_share). "
            "Nothing of this response was stored; the table rejected_rows has details."
        )
        for (slug, model), failed in Counter(wrong.itertuples(index=False, name=None)).items()
        if (excess := explain_excess(failed, int(known[slug, model]), max_rejected_share))
    }
    accepted = accepted[~pd.MultiIndex.from_frame(accepted[owner]).isin(list(refused))]
    rejected = rejected.rename(columns={"model": "source"})
    if "lead_day" in rejected:
        pairs = zip(rejected["row"], rejected.pop("lead_day"), strict=True)
        rejected["row"] = [row | {"lead_day": int(lead)} for row, lead in pairs]
        accepted = accepted.dropna(subset=[TEMPERATURE])
    return accepted, fetching.with_id(rejected), refused


def _complete_hours(frame: pd.DataFrame) -> pd.DatetimeIndex:
    """Return the hours that have the temperature of each lead day that the model has."""
    if frame.empty:
        return pd.DatetimeIndex([], tz="UTC")
    counts = frame.dropna(subset=[TEMPERATURE])["time"].value_counts().sort_index()
    leads = frame["lead_day"].nunique() if "lead_day" in frame else 1
    return pd.DatetimeIndex(counts.index[counts == leads])
