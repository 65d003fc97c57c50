"""A pretrained file of word vectors, if one is named."""

from pathlib import Path
from typing import Any, NoReturn

from kedro.io import AbstractDataset, DatasetError


class VectorFileDataset(AbstractDataset[NoReturn, Path | None]):
    """Loads the path of a file in word2vec's binary format; it is read for the words that occur.

    Example, in the catalog:

    ```yaml
    vector_file:
      type: triptych.datasets.VectorFileDataset
      filepath: data/01_raw/frWac_non_lem_no_postag_no_phrase_200_skip_cut100.bin
    ```

    Args:
        filepath: of the file; null: vectors are learned from the reviews.
    """

    def __init__(self, *, filepath: str | None, metadata: dict[str, Any] | None = None) -> None:
        self._path = Path(filepath) if filepath else None
        self.metadata = metadata

    def load(self) -> Path | None:
        """The path, or None."""
        return self._path

    def save(self, data: NoReturn) -> None:  # noqa: ARG002
        """Refuse: others made the file."""
        raise DatasetError("Pretrained vectors are read-only: take them out of the node's outputs.")

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._path)}
