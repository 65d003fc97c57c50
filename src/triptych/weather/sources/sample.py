"""The embedded sample: a source that generates its weather, for work offline.

It proves nothing about quality on real weather. Like a real source it lacks hours now and then,
and very rarely it says something impossible.
"""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from triptych.weather.errors import SourceRefused, WeatherError
from triptych.weather.locations import Location, SourceKind
from triptych.weather.sources.base import Fetched
from triptych.weather.sources.climate import Place, generate
from triptych.weather.sources.noise import Hours, uniform
from triptych.weather.variables import VARIABLES

# Weather is generated in whole blocks that begin at fixed hours, so that an hour's value is the
# same to the last bit whatever period is asked for.
_BLOCK = 8192
_SEED = 20190714
_DECIMALS = {"relative_humidity_2m": 0, "cloud_cover": 0, "wind_direction_10m": 0,
             "shortwave_radiation": 0}  # fmt: skip
_OUTAGES = 1 / 900  # an hour
_LONGEST_OUTAGE = 24
_NONSENSE_HOURS = 1 / 10_000
_NONSENSE = (
    ("temperature_2m", 99.9),
    ("relative_humidity_2m", 255.0),
    ("surface_pressure", -999.0),
)


class SampleClimate:
    """A synthetic source for any place and date: the same question has the same answer, always."""

    kind: ClassVar[SourceKind] = "sample"

    def fetch(
        self, location: Location, start: date, end: date, variables: Sequence[str]
    ) -> Fetched:
        """Generate the UTC days from `start` up to, not including, `end`.

        Raises:
            SourceRefused: a variable is not among those that the sample generates.
        """
        if end <= start:
            raise WeatherError(f"No day lies from {start} up to, not including, {end}.")
        unknown = [name for name in variables if name not in VARIABLES]
        if unknown:
            raise SourceRefused(
                f"The sample has no variable {', '.join(unknown)}; it has {', '.join(VARIABLES)}. "
                "Correct the list of variables."
            )
        hours = np.arange(np.datetime64(start, "h"), np.datetime64(end, "h"))
        epoch = hours.astype(np.int64)
        blocks = range(int(epoch[0]) // _BLOCK, int(epoch[-1]) // _BLOCK + 1)
        weather = np.concatenate([_block(location, block) for block in blocks], axis=1)
        offset = int(epoch[0]) - blocks[0] * _BLOCK
        weather = weather[:, offset : offset + len(hours)]
        frame = pd.DataFrame(
            {
                "location": location.slug,
                "time": pd.DatetimeIndex(hours.astype("datetime64[us]"), tz="UTC"),
                **{name: weather[list(VARIABLES).index(name)] for name in variables},
            }
        )
        midnight = datetime.combine(end, datetime.min.time(), UTC)
        frame = frame[~_out(location.slug, epoch)].reset_index(drop=True)
        return Fetched(frame, midnight)

    def fetch_many(
        self, locations: Sequence[Location], start: date, end: date, variables: Sequence[str]
    ) -> Iterator[Fetched]:
        """Generate the same days of several locations, one by one."""
        return (self.fetch(each, start, end, variables) for each in locations)

    def close(self) -> None:
        """Nothing is held."""


@lru_cache(maxsize=4)
def _block(location: Location, block: int) -> npt.NDArray[np.float64]:
    """Generate one block: a row a variable, rounded as the archive rounds, nonsense included."""
    hours = np.arange(block * _BLOCK, (block + 1) * _BLOCK)
    seed = _seed(location.slug)
    place = Place(location.latitude, location.longitude, location.elevation, seed)
    weather = generate(place, hours)
    rows = np.stack([np.round(weather[name], _DECIMALS.get(name, 1)) for name in VARIABLES])
    chance = uniform(seed, 100, hours)
    for index, (name, value) in enumerate(_NONSENSE):
        share = _NONSENSE_HOURS / len(_NONSENSE)
        hit = (chance >= index * share) & (chance < (index + 1) * share)
        rows[list(VARIABLES).index(name), hit] = value
    return rows


def _out(slug: str, hours: Hours) -> npt.NDArray[np.bool_]:
    """Tell the hours that are missing: outages, most of them short."""
    seed = _seed(slug)
    past = np.arange(hours[0] - _LONGEST_OUTAGE + 1, hours[-1] + 1)
    begins = uniform(seed, 101, past) < _OUTAGES
    length = 1 + (_LONGEST_OUTAGE * uniform(seed, 102, past) ** 4).astype(np.int64)
    age = np.arange(len(past))
    ends = np.maximum.accumulate(np.where(begins, age + length, 0))
    return np.asarray((age < ends)[_LONGEST_OUTAGE - 1 :])


def _seed(slug: str) -> int:
    return _SEED ^ int.from_bytes(hashlib.sha256(slug.encode()).digest()[:6], "big")
