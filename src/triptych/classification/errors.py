"""What can go wrong in the evaluation of classifiers: each message can be shown to a user."""


class ClassificationError(Exception):
    """Base of every error of this package."""


class UnmatchedError(ClassificationError):
    """Rows of one table have no counterpart in another: they come from different runs."""
