"""The embedded sample: a source that generates its weather, for work offline.

It proves nothing about quality on real weather. Like a real source it lacks hours now and then,
and very rarely it says something impossible.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache, partial
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from triptych.weather.errors import SourceRefused, WeatherError
from triptych.weather.locations import Location, SourceKind
from triptych.weather.sources.base import Fetched, to_long
from triptych.weather.sources.climate import Place, generate
from triptych.weather.sources.noise import Floats, Hours, coloured, decay, uniform
from triptych.weather.variables import DEW_POINT, TEMPERATURE, VARIABLES

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
        hours = _hours(start, end)
        weather = _of_hours(_block, location, hours)
        frame = _frame(location, hours, dict(zip(VARIABLES, weather, strict=True)), variables)
        midnight = datetime.combine(end, datetime.min.time(), UTC)
        frame = frame[~_out(location.slug, hours)].reset_index(drop=True)
        return Fetched(frame, midnight)

    def fetch_many(
        self, locations: Sequence[Location], start: date, end: date, variables: Sequence[str]
    ) -> Iterator[Fetched]:
        """Generate the same days of several locations, one by one."""
        return (self.fetch(each, start, end, variables) for each in locations)

    def fetch_recent(
        self,
        locations: Sequence[Location],
        start: date,
        end: date,
        variables: Sequence[str],
        model: str,
        today: date,  # noqa: ARG002
    ) -> Iterator[Fetched]:
        """Generate the analysis of any model: too warm by night, too cold by day, a little noise.

        It has every hour.
        """
        hours = _hours(start, end)
        for location in locations:
            rows = dict(zip(VARIABLES, _of_hours(_clean_block, location, hours), strict=True))
            error = _of_hours(partial(_analysis_error, model), location, hours)
            rows[TEMPERATURE] = np.round(rows[TEMPERATURE] + error, 1)
            rows[DEW_POINT] = np.minimum(rows[DEW_POINT], rows[TEMPERATURE])
            yield Fetched(
                _frame(location, hours, rows, variables),
                datetime.combine(end, datetime.min.time(), UTC),
            )

    def fetch_nwp(
        self,
        locations: Sequence[Location],
        start: date,
        end: date,
        models: Sequence[str],
        lead_days: Sequence[int],
    ) -> Iterator[pd.DataFrame]:
        """Generate the forecasts of any models; each has its own bias and errors."""
        hours = _hours(start, end)
        columns = pd.MultiIndex.from_product([models, lead_days], names=["model", "lead_day"])
        for location in locations:
            truth = _of_hours(_clean_block, location, hours)[list(VARIABLES).index(TEMPERATURE)]
            errors = [
                _of_hours(partial(_forecast_error, model, lead), location, hours)
                for model, lead in columns
            ]
            values = np.round(truth + np.stack(errors), 1)
            yield to_long(pd.DataFrame(values.T, _times(hours), columns))

    def close(self) -> None:
        """Nothing is held."""


def _hours(start: date, end: date) -> Hours:
    """Hours since 1970 of the UTC days."""
    return np.arange(np.datetime64(start, "h"), np.datetime64(end, "h")).astype(np.int64)


def _times(hours: Hours) -> pd.DatetimeIndex:
    times = hours.astype("datetime64[h]").astype("datetime64[us]")
    return pd.DatetimeIndex(times, tz="UTC", name="time")


def _frame(
    location: Location, hours: Hours, rows: Mapping[str, Floats], variables: Sequence[str]
) -> pd.DataFrame:
    values = {name: rows[name] for name in variables}
    return pd.DataFrame({"location": location.slug, "time": _times(hours), **values})


def _of_hours(block_of: Callable[[Location, int], Floats], place: Location, hours: Hours) -> Floats:
    """Join what is generated in blocks, and cut out the hours: the last axis."""
    blocks = range(int(hours[0]) // _BLOCK, int(hours[-1]) // _BLOCK + 1)
    joined = np.concatenate([block_of(place, block) for block in blocks], axis=-1)
    offset = int(hours[0]) - blocks[0] * _BLOCK
    return joined[..., offset : offset + len(hours)]


def _analysis_error(model: str, location: Location, block: int) -> Floats:
    """Bias of the analysis by hour of the local day, and noise, in °C."""
    hours = np.arange(block * _BLOCK, (block + 1) * _BLOCK)
    local = 2.0 * np.pi * (hours + location.longitude / 15.0 - 2.0) / 24.0
    noise = coloured(_seed(f"{location.slug} {model} analysis"), 0, hours, decay(3.0))
    return np.asarray(0.1 + 0.4 * np.cos(local) + 0.15 * noise)


def _forecast_error(model: str, lead_day: int, location: Location, block: int) -> Floats:
    """Error of a forecast in °C: the bias of its model, and what grows with the lead.

    Half of it is common to all leads of a model: a run that is wrong follows a wrong one.
    """
    hours = np.arange(block * _BLOCK, (block + 1) * _BLOCK)
    seed = _seed(f"{location.slug} {model}")
    level, swing, phase = (float(uniform(seed, 200 + n, hours[:1] * 0)[0]) for n in range(3))
    daily = np.cos(2.0 * np.pi * (hours / 24.0 + phase))
    common, own = (coloured(seed, stream, hours, decay(18.0)) for stream in (210, 220 + lead_day))
    spread = 0.6 + 0.35 * lead_day
    bias = 2.0 * level - 1.0 + (0.3 + swing) * daily
    return np.asarray(bias + spread * np.sqrt(0.5) * (common + own))


@lru_cache(maxsize=4)
def _clean_block(location: Location, block: int) -> Floats:
    """Generate one block: a row a variable, rounded as the archive rounds."""
    hours = np.arange(block * _BLOCK, (block + 1) * _BLOCK)
    place = Place(location.latitude, location.longitude, location.elevation, _seed(location.slug))
    weather = generate(place, hours)
    return np.stack([np.round(weather[name], _DECIMALS.get(name, 1)) for name in VARIABLES])


def _block(location: Location, block: int) -> Floats:
    """The block as the sample says it, nonsense included."""
    hours = np.arange(block * _BLOCK, (block + 1) * _BLOCK)
    seed = _seed(location.slug)
    rows = _clean_block(location, block).copy()
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
