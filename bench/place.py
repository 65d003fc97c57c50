"""A place of the sample's climate to measure with."""

from triptych.weather.locations import Location

PLACE = Location(
    slug="bench",
    name="Bench",
    latitude=48.0,
    longitude=2.0,
    elevation=50.0,
    timezone="UTC",
    source="sample",
)
