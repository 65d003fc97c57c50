"""Fitted models of reviews as files: a folder a model, JSON and plain arrays."""

import json
import shutil
from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset, DatasetError

from triptych.nlp.document_models import ReviewModel

_ORDER = "models.json"


class ReviewModelsDataset(AbstractDataset[dict[str, ReviewModel], dict[str, ReviewModel]]):
    """Saves fitted models by name, and gives them back in the same order.

    They are written beside the folder first and take its place whole: a killed run leaves the old
    models or the new ones.

    Example, in the catalog:

    ```yaml
    text_models:
      type: triptych.datasets.ReviewModelsDataset
      filepath: data/06_models/text_models
    ```
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._folder = Path(filepath)
        self.metadata = metadata

    def save(self, data: dict[str, ReviewModel]) -> None:
        """Write the models in place of those that are there."""
        from triptych.nlp.storage import save_classifier

        fresh = self._folder.with_name(self._folder.name + ".new")
        shutil.rmtree(fresh, ignore_errors=True)
        for name, model in data.items():
            save_classifier(model, fresh / name)
        (fresh / _ORDER).write_text(json.dumps(list(data)) + "\n", encoding="utf-8")
        shutil.rmtree(self._folder, ignore_errors=True)
        fresh.rename(self._folder)

    def load(self) -> dict[str, ReviewModel]:
        """Read the models."""
        from triptych.nlp.storage import load_classifier

        if not self._exists():
            raise DatasetError(
                f"There are no fitted models in {self._folder}. Run the pipeline nlp first."
            )
        order = json.loads((self._folder / _ORDER).read_text(encoding="utf-8"))
        return {name: load_classifier(self._folder / name) for name in order}

    def _exists(self) -> bool:
        return (self._folder / _ORDER).is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._folder)}
