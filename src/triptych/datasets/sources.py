"""What FunctionDataset loads.

A source is a function that the node calls with its own parameters, so that the catalog cannot name
another source than the node.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from triptych.nlp.errors import ReviewSourceError
from triptych.nlp.reading import ReadReviews
from triptych.vision.reading import ListPhotos, list_source
from triptych.weather.location_file import load_all
from triptych.weather.locations import Location
from triptych.weather.sources import make_source
from triptych.weather.sources.base import OpenSource


def read_locations(filepath: str) -> list[Location]:
    """Read the locations of the project and of the user; see `location_file.load_all`."""
    return load_all(Path(filepath))


def open_weather(*, archive_url: str, **options: Any) -> OpenSource:
    """Give the function that opens a weather source; `options` are those of `OpenMeteo`."""
    return partial(make_source, base_url=archive_url, **options)


def open_photos(*, filepath: str, folder: str | None) -> ListPhotos:
    """Return the function that lists the photos of a source: vision.reading.list_source."""
    return partial(list_source, filepath=filepath, folder=folder)


def open_reviews(*, folder: str | None) -> ReadReviews:
    """Give the function that reads the raw reviews of a source, faults included.

    Args:
        folder: `reviews/train.jsonl`, … lie below it; None if there is none.

    Raises:
        ReviewSourceError: (from the function) no folder is named, or it holds no reviews.
    """

    def read(source: str, sizes: Mapping[str, int], seed: int) -> pd.DataFrame:
        if source == "sample":
            from triptych.nlp.sample import generate_reviews

            return generate_reviews(sizes, seed)
        from triptych.nlp.reading import read_reviews

        if not folder:
            raise ReviewSourceError(
                "No folder of recorded reviews is named. Set TRIPTYCH_REAL_DATA to the folder that "
                "holds `reviews/train.jsonl` and `reviews/val.jsonl`, or run with "
                "nlp.source=sample (without --env live) to take the embedded sample."
            )
        return read_reviews(Path(folder) / "reviews")

    return read
