"""Slow and obvious versions of the climatology and of every feature, one number at a time."""

import math
import re
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd

STEP = timedelta(hours=3)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAYS_IN_YEAR = 365.2425


def waves(time: datetime) -> list[float]:
    """1, cos and sin of the first three harmonics of the year."""
    days = (time - EPOCH) / timedelta(days=1)
    angle = 2 * math.pi * (days % DAYS_IN_YEAR) / DAYS_IN_YEAR
    return [1.0] + [f(k * angle) for k in (1, 2, 3) for f in (math.cos, math.sin)]


class Oracle:
    """Everything known of a history and of the training period that ends at `train_end`."""

    def __init__(self, history: pd.DataFrame, train_end: datetime) -> None:
        self.places: dict[str, tuple[float, float]] = {}
        self.values: dict[tuple[str, str, datetime], float] = {}
        for row in history.to_dict("records"):
            place, time = row["location"], row["time"].to_pydatetime()
            self.places[place] = (row["latitude"], row["longitude"])
            row["wind_u"], row["wind_v"] = self._wind(row)
            for name, value in row.items():
                if isinstance(value, float) and not math.isnan(value):
                    self.values[place, name, time] = value
        self.train_end = train_end
        self.fits: dict[tuple[str, str], tuple[dict[int, np.ndarray], float]] = {}

    @staticmethod
    def _wind(row: dict[str, float]) -> tuple[float, float]:
        towards = math.radians(row["wind_direction_10m"] + 180)
        return row["wind_speed_10m"] * math.sin(towards), row["wind_speed_10m"] * math.cos(towards)

    def _fit(self, place: str, name: str) -> tuple[dict[int, np.ndarray], float]:
        if (place, name) not in self.fits:
            seen = [
                (time, value)
                for (where, what, time), value in self.values.items()
                if where == place and what == name and time < self.train_end
            ]
            coefficients = {}
            for hour in range(0, 24, 3):
                rows = [(waves(time), value) for time, value in seen if time.hour == hour]
                basis, target = np.array([r[0] for r in rows]), np.array([r[1] for r in rows])
                coefficients[hour] = np.linalg.lstsq(basis, target, rcond=None)[0]
            rest = [value - np.dot(coefficients[t.hour], waves(t)) for t, value in seen]
            self.fits[place, name] = coefficients, math.sqrt(np.mean(np.square(rest)))
        return self.fits[place, name]

    def normal(self, place: str, name: str, time: datetime) -> float:
        return float(np.dot(self._fit(place, name)[0][time.hour], waves(time)))

    def anomaly(self, place: str, name: str, time: datetime) -> float:
        value = self.values.get((place, name, time), math.nan)
        return (value - self.normal(place, name, time)) / self._fit(place, name)[1]

    def neighbours(self, place: str) -> list[str]:
        def distance(other: str) -> float:
            (a, b), (c, d) = self.places[place], self.places[other]
            a, b, c, d = map(math.radians, (a, b, c, d))
            angle = math.sin(a) * math.sin(c) + math.cos(a) * math.cos(c) * math.cos(b - d)
            return math.acos(min(1, angle))

        return sorted((other for other in self.places if other != place), key=distance)

    def feature(self, place: str, name: str, origin: datetime, lead: int) -> float:
        """Value of a feature by its documented name."""
        match = re.fullmatch(r"neighbour(\d)_(.*)", name)
        if match:
            near = self.neighbours(place)
            rank = int(match[1])
            return (
                self.feature(near[rank - 1], match[2], origin, lead)
                if rank <= len(near)
                else math.nan
            )
        if name.startswith("target_"):
            return self._target(place, name, origin, lead)
        fixed = {
            "latitude": self.places[place][0],
            "longitude": self.places[place][1],
            "origin_step": origin.hour // 3,
            "year_cos": waves(origin)[1],
            "year_sin": waves(origin)[2],
        }
        return fixed[name] if name in fixed else self._past(place, name, origin)

    def _past(self, place: str, name: str, origin: datetime) -> float:
        match = re.fullmatch(r"(.*)_(lag|change|mean|min|max)(\d+)", name)
        assert match, name
        variable, kind, number = match[1], match[2], int(match[3])
        if kind == "lag":
            return self.anomaly(place, variable, origin - number * STEP)
        if kind == "change":
            last, before = origin - STEP, origin - (number + 1) * STEP
            return self.anomaly(place, variable, last) - self.anomaly(place, variable, before)
        window = [self.anomaly(place, variable, origin - k * STEP) for k in range(1, number + 1)]
        known = [value for value in window if not math.isnan(value)]
        summary = {"mean": lambda v: sum(v) / len(v), "min": min, "max": max}[kind]
        return summary(known) if known else math.nan

    def _target(self, place: str, name: str, origin: datetime, lead: int) -> float:
        target = origin + (lead - 1) * STEP
        normal = self.normal(place, "temperature_2m", target)
        if name.startswith("target_day"):
            then = target - timedelta(days=int(name.removeprefix("target_day")))
            return self.anomaly(place, "temperature_2m", then) if then < origin else math.nan
        return {
            "target_lead": lambda: float(lead),
            "target_step": lambda: float(target.hour // 3),
            "target_normal": lambda: normal,
            "target_slope": lambda: normal - self.normal(place, "temperature_2m", origin - STEP),
        }[name]()
