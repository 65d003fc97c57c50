"""Errors of the package; their messages are shown to users."""


class ForecastingError(Exception):
    """Base of all errors of the package."""


class HistoryError(ForecastingError):
    """The history frame breaks its contract: columns, types, grid or keys."""


class ShortHistoryError(ForecastingError):
    """There is not enough history to fit on, or before an origin."""


class UnfittedModelError(ForecastingError):
    """A forecaster was used before it was fitted."""


class UnknownLocationError(ForecastingError):
    """A location was not in the training data."""


class OriginError(ForecastingError):
    """An origin or a lead is not one that this forecaster can serve."""


class UnknownModelError(ForecastingError):
    """No forecaster has this name, or it has no such parameter."""


class StorageError(ForecastingError):
    """A folder does not hold a forecaster that this version can read."""
