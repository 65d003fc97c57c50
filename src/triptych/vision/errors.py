"""Errors of photos and their classifiers; messages are complete enough to be shown to a user."""


class VisionError(Exception):
    """Base of all errors of this package."""


class PhotoSourceError(VisionError):
    """The photos cannot be used: no folder, no split, a class without photos, too many faults."""


class BadPhotoError(VisionError):
    """A file is not a usable photo."""


class NetworkError(VisionError):
    """A network cannot be built, or its pretrained weights are missing or of another network."""


class StoredClassifierError(VisionError):
    """A folder does not hold a stored classifier."""
