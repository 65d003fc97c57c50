"""Errors of the review study; each message is complete enough to be shown to a user."""


class NlpError(Exception):
    """Base of every error of this package."""


class ReviewSourceError(NlpError):
    """The reviews cannot be read: no folder, no file of a split, wrong columns, no rows."""


class ReviewsRefusedError(NlpError):
    """Too many reviews were rejected, or a split has one class only."""


class VectorsError(NlpError):
    """A file of word vectors is missing, truncated, or of another format or dimension."""


class ModelFilesError(NlpError):
    """A folder does not hold a saved model, or one of another format."""
