"""The embedded sample: a synthetic source for work offline, not evidence of quality.

Like a real source it lacks hours now and then, and very rarely a value is impossible.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import lru_cache, partial

import numpy as np
import numpy.typing as npt
import pandas as pd

from triptych.weather.locations import Location
from triptych.weather.sources.base import Fetched, Query, WeatherSource, to_long, to_times
from triptych.weather.sources.climate import Floats, Hours, coloured, decay, generate, uniform
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


class SampleClimate(WeatherSource):
    """A synthetic source for any place and date; the same query always gives the same values."""

    def fetch_many(self, query: Query, variables: Sequence[str]) -> Iterator[Fetched]:
        """Generate the weather of each location, with outages and a few impossible values."""
        hours = query.hours.astype(np.int64)
        for location in query.locations:
            frame = _weather(location, query)
            drawn = uniform(_seed(location.slug), 100, hours) // _NONSENSE_SHARE
            for index, (name, value) in enumerate(_NONSENSE.items()):
                frame.loc[drawn == index, name] = value
            known = frame[~_outages(location.slug, hours)].reset_index(drop=True)
            yield Fetched(known[["location", "time", *variables]])

    def fetch_recent(
        self,
        query: Query,
        variables: Sequence[str],
        model: str,
        today: date,  # noqa: ARG002
    ) -> Iterator[pd.DataFrame]:
        """Generate a complete analysis: too warm by night, too cold by day, a little noise."""
        for location in query.locations:
            frame = _weather(location, query)
            error = _in_blocks(partial(_analysis_error, model), location, query)
            frame[TEMPERATURE] = np.round(frame[TEMPERATURE] + error, 1)
            frame[DEW_POINT] = np.minimum(frame[DEW_POINT], frame[TEMPERATURE])
            yield frame[["location", "time", *variables]]

    def fetch_nwp(
        self, query: Query, models: Sequence[str], lead_days: Sequence[int]
    ) -> Iterator[pd.DataFrame]:
        """Generate forecasts of any models; each has its own bias and errors."""
        for location in query.locations:
            truth = _weather(location, query)[TEMPERATURE].to_numpy()
            errors = [
                _in_blocks(partial(_forecast_error, model, lead), location, query)
                for model in models
                for lead in lead_days
            ]
            yield to_long(np.round(truth + np.stack(errors), 1).T, query.hours, models, lead_days)


def _weather(location: Location, query: Query) -> pd.DataFrame:
    values = dict(zip(VARIABLES, _in_blocks(_block, location, query), strict=True))
    return pd.DataFrame({"location": location.slug, "time": to_times(query.hours), **values})


def _in_blocks(
    generate_block: Callable[[Location, int], Floats], location: Location, query: Query
) -> Floats:
    """Join what is generated in blocks, and cut out the hours: the last axis."""
    first, count = int(query.hours[0].astype(np.int64)), len(query.hours)
    begin = first // _BLOCK * _BLOCK
    starts = range(begin, first + count, _BLOCK)
    joined = np.concatenate([generate_block(location, start) for start in starts], axis=-1)
    return joined[..., first - begin : first - begin + count]


@lru_cache(maxsize=4)
def _block(location: Location, start: int) -> Floats:
    """Generate one block: a row a variable, rounded as the archive rounds."""
    weather = generate(location, _seed(location.slug), np.arange(start, start + _BLOCK))
    return np.stack([np.round(weather[name], int(name not in _WHOLE)) for name in VARIABLES])


def _analysis_error(model: str, location: Location, start: int) -> Floats:
    """Bias of the analysis by hour of the local day, and noise, in °C."""
    hours = np.arange(start, start + _BLOCK)
    local = 2.0 * np.pi * (hours + location.longitude / 15.0 - 2.0) / 24.0
    noise = coloured(_seed(f"{location.slug} {model} analysis"), 0, hours, decay(3.0))
    return np.asarray(0.1 + 0.4 * np.cos(local) + 0.15 * noise)


def _forecast_error(model: str, lead_day: int, location: Location, start: int) -> Floats:
    """Error of a forecast in °C: the bias of its model, and what grows with the lead, half of it
    common to all leads of a model, as consecutive runs share errors.
    """
    hours = np.arange(start, start + _BLOCK)
    seed = _seed(f"{location.slug} {model}")
    level, swing, phase = (float(uniform(seed, 200 + n, hours[:1] * 0)[0]) for n in range(3))
    daily = np.cos(2.0 * np.pi * (hours / 24.0 + phase))
    common, own = (coloured(seed, stream, hours, decay(18.0)) for stream in (210, 220 + lead_day))
    spread = 0.6 + 0.35 * lead_day
    bias = 2.0 * level - 1.0 + (0.3 + swing) * daily
    return np.asarray(bias + spread * np.sqrt(0.5) * (common + own))


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
