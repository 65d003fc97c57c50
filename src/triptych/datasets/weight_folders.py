"""Where files of pretrained weights may lie."""

from pathlib import Path
from typing import Any, NoReturn

from kedro.io import AbstractDataset, DatasetError


class WeightFoldersDataset(AbstractDataset[NoReturn, list[Path]]):
    """Loads the folders in which files of pretrained weights are looked for, in order.

    Example, in the catalog:

    ```yaml
    weight_folders:
      type: triptych.datasets.WeightFoldersDataset
      filepath: data/06_models/weights
      credentials: recorded_data # {folder: …}
    ```

    Args:
        filepath: a folder of the project.
        credentials: `folder`, whose part `weights/` is looked in too; it may be empty.
    """

    def __init__(
        self,
        *,
        filepath: str,
        credentials: dict[str, str | None],
        metadata: dict[str, Any] | None = None,
    ) -> None:
        recorded = credentials["folder"]
        self._folders = [Path(filepath), *([Path(recorded) / "weights"] if recorded else [])]
        self.metadata = metadata

    def load(self) -> list[Path]:
        """The folders, whether they are there or not."""
        return self._folders

    def save(self, data: NoReturn) -> None:  # noqa: ARG002
        """Refuse: others made the files."""
        raise DatasetError("Pretrained weights are read-only: take them out of the outputs.")

    def _describe(self) -> dict[str, Any]:
        return {"folders": [str(folder) for folder in self._folders]}
