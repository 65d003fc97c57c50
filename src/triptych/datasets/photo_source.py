"""Field photos, listed: the embedded drawn ones, or the files of a folder."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, NoReturn

from kedro.io import AbstractDataset, DatasetError

from triptych.vision.errors import PhotoSourceError
from triptych.vision.source import PhotoListing


class PhotoSourceDataset(AbstractDataset[NoReturn, PhotoListing]):
    """Loads a listing of photos, strays included; a node opens them and parts good from bad.

    Example, in the catalog:

    ```yaml
    raw_photos:
      type: triptych.datasets.PhotoSourceDataset
      kind: folder
      filepath: data/01_raw/sample_photos # where the sample is drawn
      sizes: {train: 60, valid: 20, test: 30} # of the sample, a class
      seed: 20
      credentials: recorded_data # {folder: …}
    ```

    Args:
        kind: `sample`, or `folder`: `images/` below the folder of recorded data.
        filepath: where the sample is drawn, once.
        sizes: how many photos a class of each split the sample draws.
        seed: of the sample.
        credentials: `folder`, where recorded data lies; it may be empty for the sample.
    """

    def __init__(
        self,
        *,
        kind: Literal["sample", "folder"],
        filepath: str,
        sizes: Mapping[str, int],
        seed: int,
        credentials: dict[str, str | None],
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self._kind = kind
        self._drawn = Path(filepath)
        self._sizes = dict(sizes)
        self._seed = seed
        self._folder = credentials["folder"]
        self.metadata = metadata

    def load(self) -> PhotoListing:
        """List the photos; the sample is drawn if it is not there yet.

        Raises:
            PhotoSourceError: no folder is named, or it holds no photos.
        """
        from triptych.vision.reading import find_root, list_photos
        from triptych.vision.sample import write_sample

        if self._kind == "sample":
            root = write_sample(self._drawn, self._sizes, self._seed)
        elif self._folder:
            root = find_root(Path(self._folder) / "images")
        else:
            raise PhotoSourceError(
                "No folder of recorded photos is named. Set TRIPTYCH_REAL_DATA to the folder that "
                "holds `images/Treino`, `images/Valid` and `images/Teste`, or run without "
                "--env live to take the embedded sample."
            )
        return PhotoListing(list_photos(root))

    def save(self, data: NoReturn) -> None:  # noqa: ARG002
        """Refuse: the source is read-only."""
        raise DatasetError("Photos are read-only: take them out of the outputs of the node.")

    def _describe(self) -> dict[str, Any]:
        return {"kind": self._kind, "folder": self._folder, "sizes": self._sizes}
