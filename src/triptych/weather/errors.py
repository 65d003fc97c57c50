"""What can go wrong with a place or its weather; every message tells the user what to do.

WeatherError
├── LocationFileError      the file of locations breaks a rule
├── UnknownLocation        a location that is asked for is not there
│   └── WrongSource        it is there, but another source serves it
├── CityNotFound           the geocoding service knows no such city
├── SourceUnavailable      the source did not answer usefully, however often it was asked
├── SourceRefused          the source said no: asking again does not help
│   └── CallLimitReached   no call is left for now, of whatever location
├── InvalidAnswer          the source answered something else than what was asked
├── TooManyRejected        more rows of an answer are impossible than is allowed
└── InvalidFrame           a frame of weather is not what a function needs
"""


class WeatherError(Exception):
    """A failure of this package, explained in one message."""


class LocationFileError(WeatherError):
    """The file of locations cannot be read, or breaks a rule."""


class UnknownLocation(WeatherError):
    """A location that is asked for is not in the file."""


class WrongSource(UnknownLocation):
    """A location is in the file, but another source serves it."""


class CityNotFound(WeatherError):
    """The geocoding service knows no such city, or too little about it."""


class SourceUnavailable(WeatherError):
    """The source stayed away, overloaded or unreadable through all attempts."""


class SourceRefused(WeatherError):
    """The source refused the request, with its reason."""


class CallLimitReached(SourceRefused):
    """The calls that the source allows are used up: any other request would fail as well."""


class InvalidAnswer(WeatherError):
    """The source's answer has other hours, units or lengths than were asked for."""


class TooManyRejected(WeatherError):
    """Too many rows of an answer break a rule for the others to be believed."""


class InvalidFrame(WeatherError):
    """A frame has doubled, unaligned or missing keys."""
