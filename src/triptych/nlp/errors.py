"""What can go wrong in this room: each message is complete enough to be shown to a user."""


class NlpError(Exception):
    """Base of every error of this room."""


class ReviewSourceError(NlpError):
    """The reviews cannot be read: no folder, no file of a split, wrong columns, nothing in it."""


class ReviewsRefusedError(NlpError):
    """So many reviews were refused that the rest is not the set that was meant."""


class UnknownChoiceError(NlpError):
    """A name of a model, of features or of a parameter is not one that there is."""


class UnfittedTextModelError(NlpError):
    """A model was asked for an answer before it was fitted."""


class VectorsError(NlpError):
    """A file of word vectors is missing, cut off, of another format or of another dimension."""


class ModelFilesError(NlpError):
    """A folder does not hold a saved model, or one of another format."""
