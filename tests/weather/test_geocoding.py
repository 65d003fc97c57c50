"""Cities by name, from a real server that answers like the geocoding API."""

import logging

import pytest

from tests.weather.archive_server import ArchiveServer
from triptych.weather.errors import CityNotFound, SourceUnavailable
from triptych.weather.geocoding import find_city, slugify
from triptych.weather.locations import Location


def test_finds_a_city(server: ArchiveServer) -> None:
    assert find_city("ajaccio", server.url) == Location(
        slug="ajaccio",
        name="Ajaccio",
        latitude=41.91886,
        longitude=8.73812,
        elevation=15.0,
        timezone="Europe/Paris",
        source="open_meteo",
    )
    assert server.requests[0]["name"] == "ajaccio"


def test_of_several_the_first_is_taken_and_told(
    server: ArchiveServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="triptych")

    assert find_city("Saint-Étienne", server.url).slug == "saint-etienne"

    assert caplog.messages == [
        "Saint-Étienne: took Saint-Étienne, France (45.43389, 4.39). "
        "Other matches: Saint-Étienne-du-Rouvray, France (49.37794, 1.10467)"
    ]


def test_no_such_city(server: ArchiveServer) -> None:
    with pytest.raises(CityNotFound, match=r"no place named 'Atlantis'\. Try another spelling"):
        find_city("Atlantis", server.url)


def test_a_match_without_elevation_and_time_zone_is_not_guessed(server: ArchiveServer) -> None:
    with pytest.raises(
        CityNotFound, match=r"found Nowhere, Sea \(1\.0, 2\.0\).*elevation.*timezone.*by hand"
    ):
        find_city("Nowhere", server.url)


def test_asks_again_then_gives_up(server: ArchiveServer, waits: list[float]) -> None:
    server.faults = ["503"]
    assert find_city("Ajaccio", server.url, sleep=waits.append).slug == "ajaccio"

    server.faults = ["503"] * 7
    with pytest.raises(
        SourceUnavailable,
        match=r"^City 'Ajaccio': the Open-Meteo geocoding service.*TRIPTYCH_GEOCODING_URL",
    ):
        find_city("Ajaccio", server.url, sleep=waits.append)


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Paris", "paris"),
        ("Saint-Étienne", "saint-etienne"),
        ("L'Haÿ-les-Roses", "l-hay-les-roses"),
        ("Göteborg", "goteborg"),
        ("Łódź", "lodz"),
        ("Gießen", "giessen"),
        ("Œuilly", "oeuilly"),
        ("  New   York (NY) ", "new-york-ny"),
        ("Москва", ""),
        ("x" * 80, "x" * 64),
    ],
)
def test_slugs(name: str, slug: str) -> None:
    assert slugify(name) == slug
