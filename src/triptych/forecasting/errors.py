"""Errors of the package; their messages are shown to users."""


class ForecastingError(Exception):
    """A history, origin, parameter or stored model that cannot be used, or a missing fit."""


class ShortHistoryError(ForecastingError):
    """There is not enough history to fit on, or before an origin."""
