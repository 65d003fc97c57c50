"""The embedded sample: a synthetic source for work offline, not evidence of quality.

Like a real source it lacks hours now and then, and very rarely a value is impossible.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import lru_cache, partial
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from triptych.weather.locations import Location, SourceKind
from triptych.weather.sources.base import Fetched, Query, WeatherSource, to_long, to_times
from triptych.weather.sources.climate import Place, generate
from triptych.weather.sources.noise import Floats, Hours, coloured, decay, uniform
from triptych.weather.variables import DEW_POINT, TEMPERATURE, VARIABLES

# Weather is generated in whole blocks that begin at fixed hours, so that an hour's value is the
# same to the last bit whatever period is requested.
_BLOCK = 8192
_SEED = 20190714
_WHOLE = ("relative_humidity_2m", "cloud_cover", "wind_direction_10m", "shortwave_radiation")
_OUTAGES = 1 / 900  # an hour
_LONGEST_OUTAGE = 24
_NONSENSE_SHARE = 1 / 30_000  # of the hours, for each of:
_NONSENSE = {"temperature_2m": 99.9, "relative_humidity_2m": 255.0, "surface_pressure": -999.0}

Rows = dict[str, Floats]


class SampleClimate(WeatherSource):
    """A synthetic source for any place and date; the same query always gives the same values."""

    kind: ClassVar[SourceKind] = "sample"

    def fetch_many(self, query: Query, variables: Sequence[str]) -> Iterator[Fetched]:
        """Generate the weather of each location."""
        hours = query.hours.astype(np.int64)
        for location in query.locations:
            rows = _add_nonsense(location, hours, _weather(location, hours))
            frame = _frame(location, query, rows, variables)
            yield Fetched(frame[~_outages(location.slug, hours)].reset_index(drop=True))

    def fetch_recent(
        self,
        query: Query,
        variables: Sequence[str],
        model: str,
        today: date,  # noqa: ARG002
    ) -> Iterator[pd.DataFrame]:
        """Generate a complete analysis: too warm by night, too cold by day, a little noise."""
        hours = query.hours.astype(np.int64)
        for location in query.locations:
            rows = _weather(location, hours)
            error = _in_blocks(partial(_analysis_error, model), location, hours)
            rows[TEMPERATURE] = np.round(rows[TEMPERATURE] + error, 1)
            rows[DEW_POINT] = np.minimum(rows[DEW_POINT], rows[TEMPERATURE])
            yield _frame(location, query, rows, variables)

    def fetch_nwp(
        self, query: Query, models: Sequence[str], lead_days: Sequence[int]
    ) -> Iterator[pd.DataFrame]:
        """Generate forecasts of any models; each has its own bias and errors."""
        hours = query.hours.astype(np.int64)
        for location in query.locations:
            truth = _weather(location, hours)[TEMPERATURE]
            errors = [
                _in_blocks(partial(_forecast_error, model, lead), location, hours)
                for model in models
                for lead in lead_days
            ]
            yield to_long(np.round(truth + np.stack(errors), 1).T, query.hours, models, lead_days)


def _frame(location: Location, query: Query, rows: Rows, variables: Sequence[str]) -> pd.DataFrame:
    columns = {name: rows[name] for name in variables}
    return pd.DataFrame({"location": location.slug, "time": to_times(query.hours), **columns})


def _in_blocks(
    generate_block: Callable[[Location, int], Floats], location: Location, hours: Hours
) -> Floats:
    """Join what is generated in blocks, and cut out the hours: the last axis."""
    blocks = range(int(hours[0]) // _BLOCK, int(hours[-1]) // _BLOCK + 1)
    joined = np.concatenate([generate_block(location, block) for block in blocks], axis=-1)
    offset = int(hours[0]) - blocks[0] * _BLOCK
    return joined[..., offset : offset + len(hours)]


def _weather(location: Location, hours: Hours) -> Rows:
    return dict(zip(VARIABLES, _in_blocks(_block, location, hours), strict=True))


def _block_hours(block: int) -> Hours:
    return np.arange(block * _BLOCK, (block + 1) * _BLOCK)


@lru_cache(maxsize=4)
def _block(location: Location, block: int) -> Floats:
    """Generate one block: a row a variable, rounded as the archive rounds."""
    place = Place(location.latitude, location.longitude, location.elevation, _seed(location.slug))
    weather = generate(place, _block_hours(block))
    return np.stack([np.round(weather[name], int(name not in _WHOLE)) for name in VARIABLES])


def _analysis_error(model: str, location: Location, block: int) -> Floats:
    """Bias of the analysis by hour of the local day, and noise, in °C."""
    hours = _block_hours(block)
    local = 2.0 * np.pi * (hours + location.longitude / 15.0 - 2.0) / 24.0
    noise = coloured(_seed(f"{location.slug} {model} analysis"), 0, hours, decay(3.0))
    return np.asarray(0.1 + 0.4 * np.cos(local) + 0.15 * noise)


def _forecast_error(model: str, lead_day: int, location: Location, block: int) -> Floats:
    """Error of a forecast in °C: the bias of its model, and what grows with the lead.

    Half of it is common to all leads of a model, as consecutive runs share errors.
    """
    hours = _block_hours(block)
    seed = _seed(f"{location.slug} {model}")
    level, swing, phase = (float(uniform(seed, 200 + n, hours[:1] * 0)[0]) for n in range(3))
    daily = np.cos(2.0 * np.pi * (hours / 24.0 + phase))
    common, own = (coloured(seed, stream, hours, decay(18.0)) for stream in (210, 220 + lead_day))
    spread = 0.6 + 0.35 * lead_day
    bias = 2.0 * level - 1.0 + (0.3 + swing) * daily
    return np.asarray(bias + spread * np.sqrt(0.5) * (common + own))


def _add_nonsense(location: Location, hours: Hours, rows: Rows) -> Rows:
    """Add a few impossible values."""
    drawn = uniform(_seed(location.slug), 100, hours) // _NONSENSE_SHARE
    return rows | {
        name: np.where(drawn == index, value, rows[name])
        for index, (name, value) in enumerate(_NONSENSE.items())
    }


def _outages(slug: str, hours: Hours) -> npt.NDArray[np.bool_]:
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
