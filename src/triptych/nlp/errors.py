"""Errors of the review study; each message is complete enough to be shown to a user."""


class NlpError(Exception):
    """Base of every error of this package."""


class ReviewSourceError(NlpError):
    """The reviews cannot be used: no folder, no file of a split, wrong columns, no rows, too many
    rejected, a split with one class.
    """


class VectorsError(NlpError):
    """A file of word vectors is missing, truncated, or of another format or dimension."""


class ModelFilesError(NlpError):
    """A folder does not hold a saved model, or one of another format."""
