"""Decoded photos in one file: decoded once, read a batch at a time, never all in memory."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from triptych.vision.decoding import Photo, read_photos

_CHUNK = 256  # photos in memory at once


@dataclass(frozen=True)
class PhotoFiles:
    """Photos that are still to be decoded, in order.

    Attributes:
        paths: of the files.
        pixels: side of the decoded photos.
        max_side: no photo may have more pixels a side.
    """

    paths: list[Path]
    pixels: int
    max_side: int

    def chunks(self) -> Iterator[Photo]:
        """The photos, a bounded number at a time."""
        for start in range(0, len(self.paths), _CHUNK):
            yield read_photos(self.paths[start : start + _CHUNK], self.pixels, self.max_side)


@dataclass(frozen=True)
class PhotoPixels:
    """Decoded photos in a NumPy file; the object itself is small and goes to other processes."""

    file: Path

    @property
    def photos(self) -> Photo:
        """All of them, (n, pixels, pixels, 3), mapped from the file and read where asked for."""
        mapped: Photo = np.load(self.file, mmap_mode="r")
        return mapped

    @classmethod
    def write(cls, file: Path, source: PhotoFiles) -> "PhotoPixels":
        """Decode photos into a file; one that is killed leaves the file that was there."""
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_name(f".{file.name}.{os.getpid()}")
        shape = (len(source.paths), source.pixels, source.pixels, 3)
        decoded = np.lib.format.open_memmap(draft, "w+", np.uint8, shape)
        row = 0
        for chunk in source.chunks():
            decoded[row : row + len(chunk)] = chunk
            row += len(chunk)
        decoded.flush()
        draft.rename(file)
        return cls(file)
