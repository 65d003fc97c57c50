"""Decoded photos in one file of the project, read a batch at a time."""

from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset, DatasetError

from triptych.vision.pixel_store import PhotoFiles, PhotoPixels


class PhotoPixelsDataset(AbstractDataset[PhotoFiles, PhotoPixels]):
    """Saving decodes photos into a NumPy file, some at a time; loading maps it.

    Example, in the catalog:

    ```yaml
    photo_pixels:
      type: triptych.datasets.PhotoPixelsDataset
      filepath: data/05_model_input/photo_pixels.npy
    ```
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._file = Path(filepath)
        self.metadata = metadata

    def load(self) -> PhotoPixels:
        """Give the file; DatasetError where there is none."""
        if not self._file.is_file():
            raise DatasetError(f"{self._file} is missing: run the node decode_photos first")
        return PhotoPixels(self._file)

    def save(self, data: PhotoFiles) -> None:
        """Decode, and put the file in the place of the one before."""
        PhotoPixels.write(self._file, data)

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._file)}

    def _exists(self) -> bool:
        return self._file.is_file()
