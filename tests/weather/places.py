"""Locations of the tests."""

from triptych.weather.locations import Location

PARIS = Location(
    slug="paris", name="Paris", latitude=48.75, longitude=2.25, elevation=90.0,
    timezone="Europe/Paris", source="open_meteo",
)  # fmt: skip
NORTHMERE = Location(
    slug="northmere", name="Northmere (synthetic)", latitude=52.0, longitude=22.0, elevation=210.0,
    timezone="Etc/GMT-1", source="sample",
)  # fmt: skip
