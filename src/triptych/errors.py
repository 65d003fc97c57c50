"""What a user can mend. Such an error ends a command with its message alone, no traceback.

Each package has its own bases in a module `errors`; the pipelines' own are here. Whatever descends
from a class of such a module is a user error (commands/explanations.py).
"""


class PipelineError(Exception):
    """A run cannot go on; the message says what is wrong and what to do."""


class ParameterError(PipelineError):
    """A parameter of the run breaks a rule."""
