"""What a user can mend. Such an error ends a command with its message alone, no traceback.

Each room has its own base: StoreError, WeatherError, ForecastingError, NlpError; the pipelines' own
are here.
"""


class PipelineError(Exception):
    """A run cannot go on; the message says what is wrong and what to do."""


class ParameterError(PipelineError):
    """A parameter of the run breaks a rule."""
