"""Recorded weather over HTTP, as the Open-Meteo archive answers; it counts what it is asked."""

import csv
import gzip
import json
import math
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from tests.fixtures.json_server import Query
from triptych.weather.variables import VARIABLES

Series = dict[str, dict[str, float | None]]
Answer = dict[str, Any]


class RecordedArchive:
    """The recorded series of a folder: `cities.json` and one compressed CSV a city."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._cities = json.loads((folder / "cities.json").read_text(encoding="utf-8"))
        self._series: dict[str, Series] = {}
        self.answers = 0

    def answer(self, query: Query) -> Answer | list[Answer]:
        """Answer `/v1/archive` from the nearest cities: for several places a list, as it does."""
        latitudes, longitudes = (query[name][0].split(",") for name in ("latitude", "longitude"))
        slugs = [
            self._nearest(float(latitude), float(longitude))
            for latitude, longitude in zip(latitudes, longitudes, strict=True)
        ]
        start, end = (date.fromisoformat(query[name][0]) for name in ("start_date", "end_date"))
        days = [start + timedelta(days=n) for n in range((end - start).days + 1)]
        hours = [f"{day}T{hour:02d}:00" for day in days for hour in range(24)]
        answers = [self._answer(slug, hours, query["hourly"][0].split(",")) for slug in slugs]
        self.answers += len(answers)
        return answers if len(answers) > 1 else answers[0]

    def _answer(self, slug: str, hours: list[str], names: list[str]) -> Answer:
        """Answer for one city; hours that it lacks are null."""
        series = self._read(slug)
        return {
            "utc_offset_seconds": 0,
            "hourly_units": {"time": "iso8601", **{name: VARIABLES[name] for name in names}},
            "hourly": {
                "time": hours,
                **{name: [series.get(hour, {}).get(name) for hour in hours] for name in names},
            },
        }

    def _nearest(self, latitude: float, longitude: float) -> str:
        def distance(slug: str) -> float:
            city = self._cities[slug]
            return math.hypot(city["latitude"] - latitude, city["longitude"] - longitude)

        return min(self._cities, key=distance)

    def _read(self, slug: str) -> Series:
        if slug not in self._series:
            with gzip.open(self._folder / f"{slug}.csv.gz", "rt", encoding="utf-8") as file:
                self._series[slug] = {
                    row.pop("time"): {k: float(v) if v else None for k, v in row.items()}
                    for row in csv.DictReader(file)
                }
        return self._series[slug]
