"""One photo, from its file to an array; other files are rejected with a reason."""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import ExifTags, Image, UnidentifiedImageError

from triptych.classification.sources import storable
from triptych.execution.progress import track
from triptych.vision.errors import BadPhotoError

Photo = npt.NDArray[np.uint8]  # (side, side, 3), or (n, side, side, 3)
SUFFIXES = (".jpg", ".jpeg", ".png")
_CHUNK = 256  # photos in memory
_COLOUR_MODES = {"RGB", "RGBA", "P"}
_UPRIGHT: dict[int | None, Image.Transpose] = {  # by the value of the EXIF tag Orientation
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class DecodedChunk(NamedTuple):
    """Consecutive photos out of a total number: `pixels` is (n, side, side, 3)."""

    start: int
    total: int
    pixels: Photo


def open_photo(path: Path, max_side: int) -> Image.Image:
    """Decode a JPEG or PNG file, upright and in RGB, if no side exceeds `max_side` pixels.

    Raises:
        BadPhotoError: the reason, in a few words.
    """
    try:
        with Image.open(path, formats=("JPEG", "PNG")) as image:
            width, height = image.size
            if max(width, height) > max_side:
                raise BadPhotoError(f"{width:,} × {height:,} pixels; at most {max_side:,} a side")
            if image.mode not in _COLOUR_MODES:
                raise BadPhotoError(f"no RGB colours (mode {image.mode})")
            image.load()
            turn = _UPRIGHT.get(_read_orientation(image))
            return image.convert("RGB") if turn is None else image.convert("RGB").transpose(turn)
    except BadPhotoError:
        raise
    except Image.DecompressionBombError as error:
        raise BadPhotoError(f"far too large; at most {max_side:,} pixels a side") from error
    except UnidentifiedImageError as error:
        raise BadPhotoError("no JPEG or PNG") from error
    except Exception as error:  # decoders raise exceptions of any type
        raise BadPhotoError(f"cannot be decoded ({str(error) or type(error).__name__})") from error


def _read_orientation(image: Image.Image) -> int | None:
    """The EXIF tag Orientation; ImageOps.exif_transpose fails where other tags are unreadable."""
    try:
        return image.getexif().get(ExifTags.Base.Orientation)
    except Exception:  # of any type
        return None


@contextmanager
def no_pillow_warnings() -> Iterator[None]:
    """Suppress Pillow's warnings of sizes and EXIF, which open_photo checks; not thread-safe."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        warnings.filterwarnings("ignore", module="PIL")
        yield


def read_photos(paths: Sequence[Path], image_size: int, max_side: int) -> Photo:
    """Read photos as squares of one size: (n, image_size, image_size, 3).

    Raises:
        BadPhotoError: a file is not a usable photo; the message names it.
    """
    photos = np.empty((len(paths), image_size, image_size, 3), np.uint8)
    with no_pillow_warnings():
        for row, path in enumerate(paths):
            try:
                image = open_photo(path, max_side)
            except BadPhotoError as error:
                raise BadPhotoError(
                    f"{storable(str(path))} is not a usable photo: {error}."
                ) from error
            small = image.resize((image_size, image_size), Image.Resampling.BILINEAR)
            photos[row] = np.asarray(small)
    return photos


def decode_chunks(paths: Sequence[Path], image_size: int, max_side: int) -> Iterator[DecodedChunk]:
    """Read photos as read_photos does, a bounded number at a time."""
    for start in track(range(0, len(paths), _CHUNK), "Decoding photos"):
        pixels = read_photos(paths[start : start + _CHUNK], image_size, max_side)
        yield DecodedChunk(start, len(paths), pixels)


def fit_size(photos: Photo, image_size: int) -> Photo:
    """Resize square photos (n, side, side, 3) to a side of `image_size`."""
    if photos.shape[1] == image_size:
        return photos
    size = (image_size, image_size)
    small = [Image.fromarray(photo).resize(size, Image.Resampling.BILINEAR) for photo in photos]
    return np.array(small, dtype=np.uint8).reshape(-1, *size, 3)
