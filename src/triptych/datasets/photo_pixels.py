"""Decoded photos in one NumPy file, written in chunks and mapped into memory."""

from pathlib import Path
from typing import Any

import numpy as np
from kedro.io import AbstractDataset, DatasetError

from triptych.vision.decoding import DecodedChunk, Photo


class PhotoPixelsDataset(AbstractDataset[DecodedChunk, Photo]):
    """Saves decoded photos chunk by chunk, and loads them as a read-only memory map.

    The file replaces an older one after its last chunk.
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._file = Path(filepath)
        self.metadata = metadata

    def load(self) -> Photo:
        """Map the photos, (n, side, side, 3); DatasetError if there are none."""
        if not self._file.is_file():
            raise DatasetError(f"{self._file} is missing: run the node decode_photos first")
        photos: Photo = np.load(self._file, mmap_mode="r")
        return photos

    def save(self, data: DecodedChunk) -> None:
        """Write the next chunk."""
        draft = self._file.with_name(f".{self._file.name}.new")
        stop = data.start + len(data.pixels)
        if data.start == 0:
            draft.parent.mkdir(parents=True, exist_ok=True)
            shape = (data.total, *data.pixels.shape[1:])
            photos = np.lib.format.open_memmap(draft, "w+", np.uint8, shape)
        else:
            photos = np.load(draft, mmap_mode="r+")
        photos[data.start : stop] = data.pixels
        photos.flush()
        if stop == data.total:
            draft.rename(self._file)

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._file)}

    def _exists(self) -> bool:
        return self._file.is_file()
