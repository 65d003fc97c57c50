"""What can go wrong in this room: each message is complete enough to be shown to a user."""


class VisionError(Exception):
    """Base of every error of this room."""


class PhotoSourceError(VisionError):
    """The photos cannot be read: no folder, no split, a class without a photo."""


class PhotosRefusedError(VisionError):
    """So many photos were refused that the rest is not the set that was meant."""


class BadPhotoError(VisionError):
    """One file is no photo that can be used."""


class UnknownNetworkError(VisionError):
    """A name of a network, of an optimiser or of an augmentation is not one that there is."""


class WeightsError(VisionError):
    """Pretrained weights are missing, or are not those of the network."""


class StoredClassifierError(VisionError):
    """A folder does not hold a classifier that was saved here."""
