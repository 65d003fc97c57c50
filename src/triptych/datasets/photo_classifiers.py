"""The trained photo classifiers of a study as files: JSON and plain arrays, no pickle."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.io import AbstractDataset, DatasetError

if TYPE_CHECKING:
    from triptych.vision.classifier import PhotoClassifier


class PhotoClassifiersDataset(
    AbstractDataset["dict[str, PhotoClassifier]", "dict[str, PhotoClassifier]"]
):
    """Saves and loads classifiers by name, a folder each.

    Example, in the catalog:

    ```yaml
    photo_models:
      type: triptych.datasets.PhotoClassifiersDataset
      filepath: data/06_models/photo_models
    ```
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._folder = Path(filepath)
        self.metadata = metadata

    def load(self) -> "dict[str, PhotoClassifier]":
        """Read every classifier of the folder; DatasetError where there is none."""
        from triptych.vision.storage import load_classifier

        folders = sorted(path for path in self._folder.glob("*") if path.is_dir())
        if not folders:
            raise DatasetError(
                f"{self._folder} holds no photo classifier: run the pipeline vision first"
            )
        return {folder.name: load_classifier(folder) for folder in folders}

    def save(self, data: "dict[str, PhotoClassifier]") -> None:
        """Write all beside the folder, then put them in its place: never half a study."""
        from triptych.vision.storage import save_classifier

        fresh = self._folder.with_name(f"{self._folder.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        for name, classifier in data.items():
            save_classifier(classifier, fresh / name)
        shutil.rmtree(self._folder, ignore_errors=True)
        fresh.rename(self._folder)

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._folder)}

    def _exists(self) -> bool:
        return self._folder.exists()
