"""Parameters of the pipelines ingestion and preprocessing."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

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


class PreprocessingParameters(Parameters):
    """Treatment of gaps."""

    interpolation_limit_hours: Count


class ExplorationParameters(Parameters):
    """Thresholds of the exploration, and the size of its plots."""

    shown_locations: Count  # per plot; tables have all
    anomaly_threshold: Annotated[float, Field(gt=0)]  # robust standard deviations
    significance: Annotated[float, Field(gt=0, lt=1)]  # of the stationarity tests
