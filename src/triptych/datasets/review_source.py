"""The sources of film reviews: the embedded synthetic ones, or the files of a folder."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import pandas as pd
from kedro.io import AbstractDataset, DatasetError

from triptych.nlp.errors import ReviewSourceError
from triptych.nlp.reading import ReadReviews


class ReviewSourceDataset(AbstractDataset[NoReturn, ReadReviews]):
    """Loads a function that reads the raw reviews of a source, faults included.

    The node calls it with its parameters (`nlp.source`, `nlp.sample_reviews`, `seed`), so that the
    catalog cannot name another source than the node.

    Example, in the catalog:

    ```yaml
    review_source:
      type: triptych.datasets.ReviewSourceDataset
      credentials: recorded_data # {folder: …}
    ```

    Args:
        credentials: `folder`, below which `reviews/train.jsonl`, … lie; null if there is none.
    """

    def __init__(
        self, *, credentials: dict[str, str | None], metadata: dict[str, Any] | None = None
    ) -> None:
        self._folder = credentials["folder"]
        self.metadata = metadata

    def load(self) -> ReadReviews:
        """Give the function; nothing is read yet."""
        return self._read

    def _read(self, source: str, sizes: Mapping[str, int], seed: int) -> pd.DataFrame:
        """Read or generate reviews: triptych.nlp.reading.RAW_COLUMNS.

        Raises:
            ReviewSourceError: no folder is named, or it holds no reviews.
        """
        if source == "sample":
            from triptych.nlp.sample import generate_reviews

            return generate_reviews(sizes, seed)
        from triptych.nlp.reading import read_reviews

        if not self._folder:
            raise ReviewSourceError(
                "No folder of recorded reviews is named. Set TRIPTYCH_REAL_DATA to the folder that "
                "holds `reviews/train.jsonl` and `reviews/val.jsonl`, or run with "
                "nlp.source=sample (without --env live) to take the embedded sample."
            )
        return read_reviews(Path(self._folder) / "reviews")

    def save(self, data: NoReturn) -> None:  # noqa: ARG002
        """Refuse: the source is read-only."""
        raise DatasetError("Reviews are read-only: take them out of the outputs of the node.")

    def _describe(self) -> dict[str, Any]:
        return {"folder": self._folder}
