"""The grid, the gaps and the 3-hour means a second time: slow, obvious, hour by hour."""

import math
from datetime import datetime, timedelta

HOUR = timedelta(hours=1)

Series = dict[datetime, float]  # an hour without a value is absent


def interpolated(series: Series, first: datetime, last: datetime, limit: int, turn: bool) -> Series:
    """Fill the gaps of at most `limit` hours between two values, by a straight line."""
    result = dict(series)
    hour = first
    while hour <= last:
        if hour not in series:
            before, after = hour, hour
            while before >= first and before not in series:
                before -= HOUR
            while after <= last and after not in series:
                after += HOUR
            gap = (after - before) / HOUR - 1
            if before >= first and after <= last and gap <= limit:
                part = (hour - before) / (after - before)
                result[hour] = between(series[before], series[after], part, turn)
        hour += HOUR
    return result


def between(a: float, b: float, part: float, turn: bool) -> float:
    """The value `part` of the way from a to b; a direction turns the shorter way, or backwards."""
    if not turn:
        return a + part * (b - a)
    if b - a >= 180:
        b -= 360
    if b - a < -180:
        b += 360
    return (a + part * (b - a)) % 360


def three_hours(series: Series, first: datetime, last: datetime, how: str) -> dict[datetime, float]:
    """The value of each step, from the first hour's to the last whole one; NaN if incomplete."""
    step = first.replace(hour=first.hour // 3 * 3)
    result = {}
    while step + 2 * HOUR <= last:
        values = [series[hour] for hour in (step, step + HOUR, step + 2 * HOUR) if hour in series]
        result[step] = combine(values, how) if len(values) == 3 else math.nan
        step += 3 * HOUR
    return result


def combine(values: list[float], how: str) -> float:
    if how == "sum":
        return sum(values)
    if how == "mean":
        return sum(values) / 3
    east = sum(math.sin(math.radians(value)) for value in values)
    north = sum(math.cos(math.radians(value)) for value in values)
    return (
        math.nan if math.hypot(east, north) < 1e-8 else math.degrees(math.atan2(east, north)) % 360
    )
