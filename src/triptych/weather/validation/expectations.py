"""What is expected of hourly weather: every rule, its limits and their reason, in one table.

A value that breaks VALUE_RULES, or a row that breaks another rule of REJECT, is stored in
`rejected_rows`; a rule of WARN is about a response as a whole. The limits are records of weather:
"WMO" is the WMO archive of weather and climate extremes (wmo.asu.edu).
"""

from dataclasses import dataclass
from math import inf
from typing import Literal

from triptych.weather.variables import DEW_POINT, TEMPERATURE, VARIABLES

Rule = Literal[
    "not_null", "unique", "on_the_hour", "range", "below_temperature",
    "regular_grid", "jump", "flat_line", "monthly_mean", "rejected_share",
]  # fmt: skip

WHOLE_ROW = "the row"
VALUE_RULES = ("range", "below_temperature")
PRESSURE = "surface_pressure"


@dataclass(frozen=True)
class Expectation:
    """A rule about a column, or about a row as a whole (WHOLE_ROW)."""

    column: str
    rule: Rule
    why: str  # where the limits come from
    lowest: float = -inf  # the lowest value that keeps the rule
    highest: float = inf
    unit: str = ""
    tolerated: float = 0.0  # the share that may break a rule of WARN before it warns

    @property
    def text(self) -> str:
        """The reason of a rejection, after the column's name."""
        return {
            "not_null": "is missing",
            "unique": "repeats the location and time of one before",
            "on_the_hour": "is not on the hour",
            "below_temperature": f"is above {TEMPERATURE}",
            "range": f"is not within {self.lowest:g} to {self.highest:g} {self.unit}",
        }.get(self.rule, f"breaks {self.rule}")


def _range(column: str, lowest: float, highest: float, why: str) -> Expectation:
    return Expectation(column, "range", why, lowest, highest, VARIABLES[column])


REJECT = (
    Expectation("location", "not_null", "a row without a key cannot be stored"),
    Expectation("time", "not_null", "a row without a key cannot be stored"),
    Expectation("time", "on_the_hour", "the archive is hourly"),
    Expectation(WHOLE_ROW, "unique", "an hour has one truth: the first row passes"),
    _range("temperature_2m", -90, 60, "WMO: -89.2 Vostok 1983, 56.7 Furnace Creek 1913"),
    _range("relative_humidity_2m", 0, 100, "a share"),
    _range("dew_point_2m", -100, 40, "35 Dhahran 2003 is the highest known"),
    _range("surface_pressure", 300, 1100, "307 at 9,000 m; WMO: 1084.8 Tosontsengel 2001"),
    _range("cloud_cover", 0, 100, "a share"),
    _range("wind_speed_10m", 0, 450, "WMO: a gust of 408 Barrow Island 1996"),
    _range("wind_direction_10m", 0, 360, "a turn"),
    _range("precipitation", 0, 500, "WMO: 305 in 42 minutes, Holt 1947"),
    _range("shortwave_radiation", -5, 1500, "the sun gives 1361; at night instruments err below 0"),
    # nothing tells which of the two is wrong, and the temperature is the target
    Expectation(DEW_POINT, "below_temperature", "the archive rounds both", highest=0.5, unit="°C"),
)  # fmt: skip

WARN = (
    Expectation("time", "regular_grid", "an hour in twenty may be missing", tolerated=0.05),
    Expectation(TEMPERATURE, "not_null", "it is the target, unlike the others", tolerated=0.05),
    Expectation(TEMPERATURE, "jump", "32 in 27 minutes, Spearfish 1943", highest=35, unit="°C/h"),
    Expectation(DEW_POINT, "jump", "as the temperature", highest=35, unit="°C/h"),
    Expectation(PRESSURE, "jump", "beyond a tropical cyclone's eye", highest=80, unit="hPa/h"),
    Expectation(TEMPERATURE, "flat_line", "a stuck instrument", highest=24, unit="h"),
    Expectation(PRESSURE, "flat_line", "a stuck instrument", highest=24, unit="h"),
    Expectation(TEMPERATURE, "monthly_mean", "by latitude, season and height", unit="°C"),
    Expectation(PRESSURE, "monthly_mean", "the standard atmosphere ± 6 %", unit="hPa"),
)  # fmt: skip

MONTHLY_HOURS = 20 * 24  # of a month with fewer values the mean is not checked

# Below each latitude (°, north or south): the lowest and highest monthly mean in °C at sea level,
# November to April, then May to October; south of the equator the other way round. Drawn wide
# around the coldest and hottest months of stations: Vostok, August 1987: -75.4 at 3,488 m;
# Verkhoyansk in January: below -50; Death Valley, July 2018: 42.3.
MONTHLY_TEMPERATURE = {
    15: ((14, 40), (14, 42)),
    25: ((5, 38), (10, 42)),
    40: ((-25, 35), (-5, 44)),
    55: ((-45, 25), (-15, 38)),
    70: ((-58, 15), (-30, 28)),
    90: ((-60, 6), (-50, 22)),
}
PRESSURE_MARGIN = 0.06  # 952 to 1,074 hPa at sea level
LAPSE = 0.0065  # °C/m: the standard atmosphere, ISO 2533


def monthly_bounds(
    column: str, latitude: float, elevation: float, month: int
) -> tuple[float, float]:
    """Give the lowest and highest monthly mean (°C or hPa) that a place's climate allows.

    The lowest temperature falls with height; the highest does not: a plateau heats as a plain.
    """
    if column != TEMPERATURE:
        standard = 1013.25 * (1 - 2.25577e-5 * elevation) ** 5.25588
        return standard * (1 - PRESSURE_MARGIN), standard * (1 + PRESSURE_MARGIN)
    band = next(limit for limit in MONTHLY_TEMPERATURE if abs(latitude) <= limit)
    warm_half = (5 <= month <= 10) == (latitude >= 0)  # noqa: PLR2004
    lowest, highest = MONTHLY_TEMPERATURE[band][warm_half]
    return lowest - LAPSE * max(elevation, 0.0), float(highest)
