"""What can go wrong with a location or its weather; every message tells the user what to do."""


class WeatherError(Exception):
    """A failure of this package, explained in one message."""


class LocationError(WeatherError):
    """A location is unknown, breaks a rule or has another source, or their file is unusable."""


class SourceUnavailable(WeatherError):
    """No attempt had a usable response."""


class SourceRefused(WeatherError):
    """The source refused the request, with its reason."""


class CallLimitReached(WeatherError):
    """The calls that the source allows are used up: any other request would fail as well."""


class InvalidResponse(WeatherError):
    """Other hours, units or lengths than requested, or too many impossible values."""
