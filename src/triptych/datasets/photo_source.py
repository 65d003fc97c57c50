"""The sources of field photos: the embedded drawn ones, or the files of a folder."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from kedro.io import AbstractDataset, DatasetError

from triptych.vision.errors import PhotoSourceError
from triptych.vision.listing import ListPhotos, PhotoListing


class PhotoSourceDataset(AbstractDataset[NoReturn, ListPhotos]):
    """Loads a function that lists the photos of a source, strays included.

    Nodes call it with their parameters (`vision.source`, `vision.sample_photos`, `seed`), so that
    the catalog cannot name another source than the nodes.

    Example, in the catalog:

    ```yaml
    photo_source:
      type: triptych.datasets.PhotoSourceDataset
      filepath: data/01_raw/sample_photos # where the sample is drawn
      credentials: recorded_data # {folder: …}
    ```

    Args:
        filepath: where the sample is drawn, once for each size and seed.
        credentials: `folder`, below which `images/` lies; null if there is none.
    """

    def __init__(
        self,
        *,
        filepath: str,
        credentials: dict[str, str | None],
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self._drawn = Path(filepath)
        self._folder = credentials["folder"]
        self.metadata = metadata

    def load(self) -> ListPhotos:
        """Give the function; nothing is drawn or listed yet."""
        return self._list

    def _list(self, source: str, sizes: Mapping[str, int], seed: int) -> PhotoListing:
        """List the photos; the sample is drawn if it is not there yet.

        Raises:
            PhotoSourceError: no folder is named, or it holds no photos.
        """
        from triptych.vision.reading import find_root, list_photos
        from triptych.vision.sample import write_sample

        if source == "sample":
            root = write_sample(self._drawn, sizes, seed)
        elif self._folder:
            root = find_root(Path(self._folder) / "images")
        else:
            raise PhotoSourceError(
                "No folder of recorded photos is named. Set TRIPTYCH_REAL_DATA to the folder that "
                "holds `images/Treino`, `images/Valid` and `images/Teste`, or run with "
                "vision.source=sample (without --env live) to take the embedded sample."
            )
        return PhotoListing(list_photos(root))

    def save(self, data: NoReturn) -> None:  # noqa: ARG002
        """Refuse: the source is read-only."""
        raise DatasetError("Photos are read-only: take them out of the outputs of the node.")

    def _describe(self) -> dict[str, Any]:
        return {"folder": self._folder}
