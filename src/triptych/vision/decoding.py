"""One photo, from its file to an array; what is no photo is refused with its reason."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import ExifTags, Image, UnidentifiedImageError

from triptych.classification.sources import storable
from triptych.vision.errors import BadPhotoError

Photo = npt.NDArray[np.uint8]  # (pixels, pixels, 3), or (n, pixels, pixels, 3)
SUFFIXES = (".jpg", ".jpeg", ".png")
_COLOUR_MODES = {"RGB", "RGBA", "P"}
_UPRIGHT = {  # by the value of the EXIF tag Orientation
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def open_photo(path: Path, max_side: int) -> Image.Image:
    """Decode a photo completely, upright and in RGB.

    Args:
        path: a JPEG or PNG file.
        max_side: no side may have more pixels; the size is read before anything is decoded.

    Raises:
        BadPhotoError: the reason, in a few words: this one file is left out.
    """
    try:
        with Image.open(path, formats=("JPEG", "PNG")) as image:
            width, height = image.size
            if max(width, height) > max_side:
                raise BadPhotoError(f"{width:,} × {height:,} pixels; at most {max_side:,} a side")
            if image.mode not in _COLOUR_MODES:
                raise BadPhotoError(f"no RGB colours (mode {image.mode})")
            image.load()
            return _upright(image.convert("RGB"), _orientation(image))
    except BadPhotoError:
        raise
    except Image.DecompressionBombError as error:
        raise BadPhotoError(f"far too large; at most {max_side:,} pixels a side") from error
    except UnidentifiedImageError as error:
        raise BadPhotoError("no JPEG or PNG") from error
    except Exception as error:  # a decoder meets anything, and raises anything
        raise BadPhotoError(f"cannot be decoded ({str(error) or type(error).__name__})") from error


@contextmanager
def pillow_unwarned() -> Iterator[None]:
    """Keep Pillow from warning of what open_photo checks (sizes, EXIF); not within threads."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        warnings.filterwarnings("ignore", module="PIL")
        yield


def _orientation(image: Image.Image) -> int:
    """The EXIF tag Orientation; 1 (upright) where it is missing or the block cannot be read.

    ImageOps.exif_transpose writes the block anew, which fails on values that it could skip.
    """
    try:
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # the pixels are decoded already
        return 1


def _upright(image: Image.Image, orientation: int) -> Image.Image:
    return image.transpose(_UPRIGHT[orientation]) if orientation in _UPRIGHT else image


def shrink(image: Image.Image, pixels: int) -> Photo:
    """Make a photo square, averaging the pixels that fall together: (pixels, pixels, 3)."""
    return np.asarray(image.resize((pixels, pixels), Image.Resampling.BILINEAR))


def read_photos(paths: list[Path], pixels: int, max_side: int) -> Photo:
    """Read photos at one size: (n, pixels, pixels, 3).

    Raises:
        BadPhotoError: one of them, which the message names, cannot be used.
    """
    photos = np.empty((len(paths), pixels, pixels, 3), np.uint8)
    with pillow_unwarned():
        for row, path in enumerate(paths):
            try:
                photos[row] = shrink(open_photo(path, max_side), pixels)
            except BadPhotoError as error:
                raise BadPhotoError(
                    f"{storable(str(path))} is no photo that can be used: {error}."
                ) from error
    return photos


def fit_size(photos: Photo, pixels: int) -> Photo:
    """Shrink square photos to a side of `pixels` by averaging whole blocks.

    Raises:
        BadPhotoError: `pixels` does not divide their side.
    """
    side = photos.shape[-2]
    if side == pixels:
        return photos
    if side % pixels:
        raise BadPhotoError(
            f"Photos of {side} pixels a side cannot become photos of {pixels}: it must divide "
            f"{side}. Correct the network's `pixels`, or vision.pixels."
        )
    block = side // pixels
    parts = photos.reshape(-1, pixels, block, pixels, block, 3)
    small: Photo = (parts.mean(axis=(2, 4), dtype=np.float32) + 0.5).astype(np.uint8)
    return small
