"""Film reviews, raw: the embedded synthetic ones, or the files of a folder."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, NoReturn

import pandas as pd
from kedro.io import AbstractDataset, DatasetError

from triptych.nlp.errors import ReviewSourceError


class ReviewSourceDataset(AbstractDataset[NoReturn, pd.DataFrame]):
    """Loads reviews as they stand, faults included; a node parts the good ones from the others.

    Example, in the catalog:

    ```yaml
    raw_reviews:
      type: triptych.datasets.ReviewSourceDataset
      kind: folder
      sizes: {train: 400, val: 100, test: 100} # of the sample
      seed: 20
      credentials: recorded_data # {folder: …}
    ```

    Args:
        kind: `sample`, or `folder`: `reviews/train.jsonl`, … below the folder of recorded data.
        sizes: how many reviews of each split the sample writes.
        seed: of the sample.
        credentials: `folder`, where recorded data lies; it may be empty for the sample.
    """

    def __init__(
        self,
        *,
        kind: Literal["sample", "folder"],
        sizes: Mapping[str, int],
        seed: int,
        credentials: dict[str, str | None],
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self._kind = kind
        self._sizes = dict(sizes)
        self._seed = seed
        self._folder = credentials["folder"]
        self.metadata = metadata

    def load(self) -> pd.DataFrame:
        """Read or write the reviews: triptych.nlp.reading.RAW_COLUMNS.

        Raises:
            ReviewSourceError: no folder is named, or it holds no reviews.
        """
        if self._kind == "sample":
            from triptych.nlp.sample import generate_reviews

            return generate_reviews(self._sizes, self._seed)
        from triptych.nlp.reading import read_reviews

        if not self._folder:
            raise ReviewSourceError(
                "No folder of recorded reviews is named. Set TRIPTYCH_REAL_DATA to the folder that "
                "holds `reviews/train.jsonl` and `reviews/val.jsonl`, or run without --env live to "
                "take the embedded sample."
            )
        return read_reviews(Path(self._folder) / "reviews")

    def save(self, data: NoReturn) -> None:  # noqa: ARG002
        """Refuse: the source is read-only."""
        raise DatasetError("Reviews are read-only: take them out of the outputs of the node.")

    def _describe(self) -> dict[str, Any]:
        return {"kind": self._kind, "folder": self._folder, "sizes": self._sizes}
