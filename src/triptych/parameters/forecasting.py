"""Parameters of the temperature pipelines, and of the execution of batches."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from triptych.parameters.base import Count, Parameters, WithoutNull, check_names


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


def _once(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


ModelName = Annotated[str, Field(pattern="^[a-z0-9_]+$", max_length=64)]


class RecentParameters(Parameters):
    """The recent analysis."""

    model: ModelName | None  # of Open-Meteo; null: none
    overlap_days: Annotated[int, Field(ge=1, le=92)]  # before as_of, to estimate the bias


class NwpParameters(Parameters):
    """NWP forecasts as issued."""

    # of Open-Meteo
    models: Annotated[tuple[ModelName, ...], BeforeValidator(_split), AfterValidator(_once)]
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


_KINDS: dict[type, Any] = {
    int: int, float: (int, float), str: str, bool: bool, dict: dict, tuple: (list, tuple),
    type(None): (int, float, type(None)),
}  # fmt: skip
_COUNTS = ("threads", "trees", "max_rows", "min_samples_leaf")  # at least 1; all others at least 0


def _check_models(models: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    from triptych.forecasting.errors import ForecastingError
    from triptych.forecasting.models.factory import MODEL_NAMES, make_forecaster

    check_names(models, MODEL_NAMES)
    for name, own in models.items():
        defaults = make_forecaster(name, {}, max_lead=8, seed=0).defaults
        check_names(own, defaults, f"{name}.")
        for key, value in own.items():
            default = defaults[key]
            kinds: Any = _KINDS.get(type(default), object)
            if not isinstance(value, kinds) or isinstance(value, bool) > isinstance(default, bool):
                kind = type(default).__name__
                raise ValueError(f"{name}.{key} must be like {default!r} ({kind}), not {value!r}")
        try:
            make_forecaster(name, own, max_lead=8, seed=0)
        except ForecastingError as error:
            raise ValueError(str(error)) from error
        for key, value in own.items():
            _check_range(name, key, value)
    return models


def _check_range(name: str, key: str, value: Any) -> None:
    lowest = int(key in _COUNTS)
    numbers = value if isinstance(value, list | tuple) else [value]
    low = [number for number in numbers if isinstance(number, int | float) and number < lowest]
    if low and (key, value) != ("threads", -1):  # all cores
        raise ValueError(f"{name}.{key} must be at least {lowest}, not {low[0]!r}")


# hyperparameters by model
Models = Annotated[dict[str, dict[str, Any]], WithoutNull, AfterValidator(_check_models)]

DataAge = Annotated[int, Field(ge=0, multiple_of=3)]


class ForecastParameters(Parameters):
    """Training, validation and test periods. Null dates are derived from `as_of`."""

    train_start: date | None = None
    validation_start: date | None = None
    test_start: date | None = None
    test_end: date | None = None  # the last day of the test period
    train_years: Count
    validation_years: Count
    # hours between the last observation and the issue time
    data_ages: Annotated[list[DataAge], Field(min_length=1)]


class TuningParameters(Parameters):
    """The budget of the hyperparameter search."""

    trials: Annotated[int, Field(ge=0)]
    models: list[str]
    feature_set_locations: Annotated[int, Field(ge=0)] = 3  # of which feature sets are compared


class ModelParameters(Parameters):
    """The learned forecasters to compare, each with its hyperparameters."""

    learned: Models


class StatisticalParameters(Parameters):
    """The statistical forecasters to compare, and how many candidates of each are tried."""

    models: Models
    trials: Annotated[int, Field(ge=0)]


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


class EngineParameters(Parameters):
    """Where batches of locations are processed, and how large they are."""

    kind: Literal["serial", "joblib", "dask"] = "serial"
    batch_locations: Count = 50
    workers: Count | None = None  # processes; null: one a core
    address: str | None = None  # of a Dask scheduler; null: a cluster of this run only
