"""The files of a source of photos, before any is opened."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from triptych.classification.matching import look_up


@dataclass(frozen=True)
class PhotoListing:
    """The files of a source.

    Attributes:
        files: reading.RAW_COLUMNS.
    """

    files: pd.DataFrame

    def paths(self, items: Iterable[str]) -> list[Path]:
        """Where the files of some items lie.

        Raises:
            UnmatchedError: an item is not among the files.
        """
        known = pd.Series(dict(zip(self.files["item"], self.files["path"], strict=True)))
        return list(look_up(pd.Series(items, dtype="str"), known, "file in the source of photos"))


# The photos of a source, `sample` or `folder`; sizes and seed are those of the sample.
ListPhotos = Callable[[str, Mapping[str, int], int], PhotoListing]
