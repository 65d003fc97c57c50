"""Parameters of training and evaluating forecasters."""

from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from triptych.parameters.base import Count, Parameters, WithoutNull, check_names

_KINDS: dict[type, Any] = {
    int: int, float: (int, float), str: str, bool: bool, tuple: (list, tuple),
    type(None): (int, float, type(None)),
}  # fmt: skip


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
    return models


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
