"""Parameters of batch inference, monitoring and the model registry."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from triptych.parameters.base import Count, Parameters


class BatchParameters(Parameters):
    """Batch inference."""

    history_days: Count  # at least the longest lag of the features
    since: date | None = None  # issue forecasts of every midnight from here on too
    hindcast_days: Annotated[int, Field(ge=0)] = 0  # since, if there is no prediction yet
    on_missing: Literal["warn", "fail"] = "warn"  # locations without a forecast of their model


class MonitoringParameters(Parameters):
    """The periods over which forecasts are verified, and the thresholds of warnings."""

    window_days: Annotated[list[Count | Literal["all"]], Field(min_length=1)]
    min_days: Count
    coverage_tolerance: Annotated[float, Field(ge=0, lt=1)]
    drift_days: Count
    drift_alpha: Annotated[float, Field(gt=0, lt=1)]
    drift_psi: Annotated[float, Field(ge=0)]
    strict: bool


class RegistryParameters(Parameters):
    """The evidence that promotion to production requires."""

    promote_first: bool  # the first version of a name, automatically, if it beats the baselines
    min_days: Annotated[int, Field(ge=2)] = 28  # observed days that both versions forecast
    significance: Annotated[float, Field(gt=0, lt=1)] = 0.05  # of the paired test
