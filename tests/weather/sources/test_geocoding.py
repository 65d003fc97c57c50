"""Cities by name, from a real server that answers like the geocoding API."""

import pytest

from tests.weather.archive_server import ArchiveServer
from triptych.weather.errors import LocationError, SourceUnavailable
from triptych.weather.locations import Location
from triptych.weather.sources.geocoding import describe, search_places, slugify, to_location


def test_finds_a_city(server: ArchiveServer) -> None:
    (match,) = search_places("ajaccio", server.url)

    assert to_location(match, "ajaccio") == Location(
        slug="ajaccio", name="Ajaccio", latitude=41.91886, longitude=8.73812, elevation=15.0,
        timezone="Europe/Paris", source="open_meteo",
    )  # fmt: skip
    assert to_location(match, "ajaccio", "port").slug == "port"
    assert server.requests[0]["name"] == "ajaccio"


def test_a_place_of_this_name_goes_before_longer_names(server: ArchiveServer) -> None:
    (match,) = search_places("Saint-Étienne", server.url)

    assert match["name"] == "Saint-Étienne"
    assert len(search_places("Saint", server.url)) == 2


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("Paris", ["Île-de-France", "Texas", "Kentucky"]),
        ("Paris, Texas", ["Texas"]),
        ("paris,united states", ["Texas", "Kentucky"]),
        ("Paris, FR", ["Île-de-France"]),
    ],
)
def test_a_region_or_country_narrows_the_search(
    name: str, found: list[str], server: ArchiveServer
) -> None:
    assert [match["admin1"] for match in search_places(name, server.url)] == found


def test_places_of_another_region_are_described(server: ArchiveServer) -> None:
    with pytest.raises(LocationError, match=r"'Paris, Ohio', but Paris, Île-de-France, France \("):
        search_places("Paris, Ohio", server.url)
    (match,) = search_places("Paris, Texas", server.url)
    expected = "Paris, Texas, United States (33.66094, -95.55551), 24,782 inhabitants"
    assert describe(match) == expected
    with pytest.raises(LocationError, match=r"no place named 'Atlantis'\. Try another spelling"):
        search_places("Atlantis", server.url)


def test_a_match_without_elevation_and_time_zone_is_not_guessed(server: ArchiveServer) -> None:
    (match,) = search_places("Nowhere", server.url)

    with pytest.raises(
        LocationError, match=r"found Nowhere, Sea \(1\.0, 2\.0\).*elevation.*timezone.*by hand"
    ):
        to_location(match, "Nowhere")


def test_gives_up(server: ArchiveServer, waits: list[float]) -> None:
    server.faults = ["503"] * 7
    with pytest.raises(
        SourceUnavailable,
        match=r"^City 'Ajaccio': the Open-Meteo geocoding service.*TRIPTYCH_GEOCODING_URL",
    ):
        search_places("Ajaccio", server.url, sleep=waits.append)


@pytest.mark.parametrize(
    ("name", "slug"),
    [("Saint-Étienne", "saint-etienne"), ("L'Haÿ-les-Roses", "l-hay-les-roses"),
     ("Göteborg", "goteborg"), ("Łódź", "lodz"), ("Gießen", "giessen"), ("Œuilly", "oeuilly"),
     ("  New   York (NY) ", "new-york-ny"), ("Москва", ""), ("x" * 80, "x" * 64)],
)  # fmt: skip
def test_slugs(name: str, slug: str) -> None:
    assert slugify(name) == slug
