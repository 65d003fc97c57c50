"""What can go wrong with a location or its weather; every message tells the user what to do."""


class WeatherError(Exception):
    """A failure of this package, explained in one message."""


class LocationFileError(WeatherError):
    """The file of locations cannot be read, or breaks a rule."""


class UnknownLocation(WeatherError):
    """A requested location is not in the file."""


class WrongSource(UnknownLocation):
    """A location is in the file, but another source serves it."""


class CityNotFound(WeatherError):
    """The geocoding service knows no such city, or too little about it."""


class SourceUnavailable(WeatherError):
    """No attempt had a usable response."""


class SourceRefused(WeatherError):
    """The source refused the request, with its reason."""


class CallLimitReached(SourceRefused):
    """The calls that the source allows are used up: any other request would fail as well."""


class InvalidResponse(WeatherError):
    """The response has other hours, units or lengths than requested."""


class TooManyRejected(WeatherError):
    """Too many rows of a response break a rule for the others to be believed."""
