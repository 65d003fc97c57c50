"""What can go wrong in this room: each message is complete enough to be shown to a user."""


class ForecastingError(Exception):
    """Base of every error of this room."""


class HistoryError(ForecastingError):
    """The history frame breaks its contract: columns, types, grid or keys."""


class ShortHistoryError(ForecastingError):
    """There is not enough history to fit on, or before an origin."""


class UnfittedModelError(ForecastingError):
    """A forecaster was asked to forecast, to be saved or explained before it was fitted."""


class UnknownLocationError(ForecastingError):
    """A location was not in the training data."""


class OriginError(ForecastingError):
    """An origin or a lead is not one that this forecaster can serve."""


class UnknownModelError(ForecastingError):
    """No forecaster has this name, or it has no such parameter."""


class StorageError(ForecastingError):
    """A folder does not hold a forecaster that this version can read."""
