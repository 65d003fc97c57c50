"""The files of a source of photos, before any is opened."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd


@dataclass(frozen=True)
class PhotoListing:
    """The files of a source.

    Attributes:
        root: the folder that items are inside of.
        files: reading.RAW_COLUMNS.
    """

    root: Path
    files: pd.DataFrame
