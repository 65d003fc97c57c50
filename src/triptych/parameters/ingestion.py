"""Parameters of the pipelines ingestion and preprocessing."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from triptych.parameters.base import Count, Parameters


class LimitParameters(Parameters):
    """Weighted calls that the source allows per period."""

    minute: Count
    hour: Count
    day: Count


class IngestionParameters(Parameters):
    """Requests to the source, and the tolerance for invalid responses."""

    locations_per_request: Count = 1
    limits: LimitParameters | None = None

    models: str  # the reanalysis of the archive, by Open-Meteo's name
    final_after_days: Count  # hours still missing then are not requested again
    refetch_from: date | None = None  # request hours from here on again, for corrections
    max_rejected_share: Annotated[float, Field(ge=0, le=1)]  # of the rows of one response
    on_refused: Literal["warn", "fail"] = "warn"  # requests without a usable response
    archive_delay_days: Annotated[int, Field(ge=0)] = 0  # of the sample; the real archive has one


def _split(value: Any) -> Any:
    """Read the list of a `--params` argument: names with `;` between them, or none."""
    if value is None:
        return ()
    return [name.strip() for name in value.split(";")] if isinstance(value, str) else value


ModelName = Annotated[str, Field(pattern="^[a-z0-9_]+$", max_length=64)]


class RecentParameters(Parameters):
    """The recent analysis."""

    model: ModelName | None  # of Open-Meteo; null: none
    overlap_days: Annotated[int, Field(ge=1, le=92)]  # before as_of, to estimate the bias


class NwpParameters(Parameters):
    """NWP forecasts as issued."""

    models: Annotated[tuple[ModelName, ...], BeforeValidator(_split)]  # of Open-Meteo
    start: date | None = None  # null: the training start, but not before runs were archived
    lead_days: Annotated[int, Field(ge=1, le=7)] = 3
    publication_delay_hours: Annotated[int, Field(ge=0, le=24)] = 6


class PreprocessingParameters(Parameters):
    """Treatment of gaps."""

    interpolation_limit_hours: Count


class ExplorationParameters(Parameters):
    """Thresholds of the exploration, and the size of its plots."""

    shown_locations: Count  # per plot; tables have all
    anomaly_threshold: Annotated[float, Field(gt=0)]  # robust standard deviations
    significance: Annotated[float, Field(gt=0, lt=1)]  # of the stationarity tests
