"""Pagination by cursor: the key of the last row, so that no row is skipped or repeated."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class StepKey(NamedTuple):
    """Key of a forecast step; its cursor is `location.seconds`."""

    location: str
    time: datetime

    def __str__(self) -> str:
        """Write the cursor."""
        return f"{self.location}.{(self.time - _EPOCH) // timedelta(seconds=1)}"

    @classmethod
    def parse(cls, cursor: str | None) -> "StepKey":
        """Read a cursor; None precedes all steps."""
        location, seconds = cursor.rsplit(".", 1) if cursor else ("", "0")
        return cls(location, _EPOCH + timedelta(seconds=int(seconds)))
