"""Errors of the evaluation of classifiers; their messages are shown to users."""


class UnmatchedError(Exception):
    """Rows of one table have no counterpart in another: they come from different runs."""
