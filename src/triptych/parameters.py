"""The typed groups of parameters. Kedro builds them from YAML before the first node runs."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Count = Annotated[int, Field(ge=1)]


class Parameters(BaseModel):
    """A group of parameters: a misspelt name is refused, not ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class RunParameters(BaseModel):
    """The single values of a run that are numbers; what else there is has a type of its own."""

    horizon_days: Count
    seed: Annotated[int, Field(ge=0)]


class ForecastParameters(Parameters):
    """The periods of a study. Null dates are derived from `as_of`."""

    train_start: date | None = None
    validation_start: date | None = None
    test_start: date | None = None
    test_end: date | None = None  # the last day of the test period
    train_years: Count
    validation_years: Count
    delay_days: Annotated[int, Field(ge=0)]


class IngestionParameters(Parameters):
    """How the source is asked, and how much of an answer may be wrong."""

    models: str  # the reanalysis of the archive, by Open-Meteo's name
    final_after_days: Count  # an hour that is missing so long after will not come any more
    refetch_from: date | None = None  # hours from then on are asked for again: corrections
    max_rejected_share: Annotated[float, Field(ge=0, le=1)]  # of the rows of one answer


class PreprocessingParameters(Parameters):
    """How gaps are treated."""

    interpolation_limit_hours: Count


class ExplorationParameters(Parameters):
    """What counts as remarkable in the exploration, and how much of it is drawn."""

    shown_locations: Count  # in a plot; tables have all
    anomaly_threshold: Annotated[float, Field(gt=0)]  # robust standard deviations
    significance: Annotated[float, Field(gt=0, lt=1)]  # of the stationarity tests


class TuningParameters(Parameters):
    """The budget of the search for hyperparameters."""

    trials: Annotated[int, Field(ge=0)]
    models: list[str]


class BatchParameters(Parameters):
    """What the batch job reads."""

    history_days: Count  # at least what the features look back on
    since: date | None = None  # forecasts of every midnight from here on are issued too


class RegistryParameters(Parameters):
    """What a run may do to the stages of the models by itself."""

    promote_first: bool  # the first version of a name, if it beats the baselines


class ModelParameters(Parameters):
    """The learned forecasters that a study compares, each with its hyperparameters."""

    learned: dict[str, dict[str, Any]]


class StatisticalParameters(Parameters):
    """The statistical forecasters of a study, and how many candidates of each are tried."""

    models: dict[str, dict[str, Any]]
    trials: Annotated[int, Field(ge=0)]


class MonitoringParameters(Parameters):
    """Over which days forecasts are judged, and what is worth a warning."""

    window_days: Annotated[list[Count | Literal["all"]], Field(min_length=1)]
    min_days: Count
    coverage_tolerance: Annotated[float, Field(ge=0, lt=1)]
    drift_days: Count
    drift_alpha: Annotated[float, Field(gt=0, lt=1)]
    drift_psi: Annotated[float, Field(ge=0)]
    strict: bool
