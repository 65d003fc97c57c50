"""Datasets of one file or folder: what they share, reports and decoded photos."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pandas as pd
from kedro.io import AbstractDataset, DatasetError

if TYPE_CHECKING:
    from triptych.vision.decoding import DecodedChunk, Photo

Saved = TypeVar("Saved")
Loaded = TypeVar("Loaded")


class FileDataset(AbstractDataset[Saved, Loaded]):
    """A dataset that is a file or a folder."""

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._path = Path(filepath)
        self.metadata = metadata

    def _exists(self) -> bool:
        return self._path.exists()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._path)}


class AppendCSVDataset(FileDataset[pd.DataFrame, pd.DataFrame]):
    """Appends each frame to a CSV file; the first save of a run replaces the file.

    A node that yields saves its report part by part: what a run found is on disk if it fails or is
    killed later. MLflow keeps whole files, so it gets the file once, by `log`.
    """

    _started = False

    def save(self, data: pd.DataFrame) -> None:
        """Add the rows; the columns are those of the first frame, which may have no row."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a" if self._started else "w", encoding="utf-8", newline="") as file:
            data.to_csv(file, header=not self._started, index=False)
        self._started = True

    def load(self) -> pd.DataFrame:
        """Read the report so far."""
        return pd.read_csv(self._path)

    def log(self) -> None:
        """Log the file in the active MLflow run, if this run has written any."""
        import mlflow

        if self._started and mlflow.active_run() is not None:
            mlflow.log_artifact(str(self._path))


class PhotoPixelsDataset(FileDataset["DecodedChunk", "Photo"]):
    """Saves decoded photos chunk by chunk, and loads them as a read-only memory map.

    The file replaces an older one after its last chunk.
    """

    def load(self) -> "Photo":
        """Map the photos, (n, side, side, 3); DatasetError if there are none."""
        if not self._path.is_file():
            raise DatasetError(f"{self._path} is missing: run the node decode_photos first")
        photos: Photo = np.load(self._path, mmap_mode="r")
        return photos

    def save(self, data: "DecodedChunk") -> None:
        """Write the next chunk."""
        draft = self._path.with_name(f".{self._path.name}.new")
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
            draft.rename(self._path)
