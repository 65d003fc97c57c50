"""Which locations a run takes, and what it says when it cannot."""

import pandas as pd
import pytest

from triptych.weather.errors import LocationError
from triptych.weather.locations import Location, locations_frame, select_locations


@pytest.fixture
def known(paris: Location, northmere: Location) -> list[Location]:
    brest = paris.model_copy(update={"slug": "brest", "name": "Brest"})
    return [northmere, paris, brest]


@pytest.mark.parametrize(
    ("wanted", "slugs"),
    [
        (None, ["paris", "brest"]),
        ("", ["paris", "brest"]),
        (" ; ", ["paris", "brest"]),
        ("brest", ["brest"]),
        ("brest;paris", ["brest", "paris"]),
        (" paris ; paris;", ["paris"]),
    ],
)
def test_takes_what_is_wanted(known: list[Location], wanted: str | None, slugs: list[str]) -> None:
    assert [location.slug for location in select_locations(known, wanted, "open_meteo")] == slugs


def test_an_unknown_location_is_answered_with_what_there_is(known: list[Location]) -> None:
    with pytest.raises(LocationError) as raised:
        select_locations(known, "Pariss", "open_meteo")
    assert str(raised.value) == (
        "Location 'Pariss' is not in the file of locations. Did you mean paris? "
        'There are: brest, northmere, paris. To add one: `kedro location add "Name"`.'
    )


def test_of_ten_thousand_locations_a_message_names_a_few(paris: Location) -> None:
    many = [paris.model_copy(update={"slug": f"place-{number:05}"}) for number in range(10_000)]

    with pytest.raises(LocationError, match=r"place-00019 and 9,980 more\. To add one") as raised:
        select_locations(many, "paris", "open_meteo")
    assert len(str(raised.value)) < 500


@pytest.mark.parametrize(
    ("slug", "source", "environment"),
    [("paris", "sample", "live"), ("northmere", "open_meteo", "base")],
)
def test_a_location_of_another_source_names_the_environment(
    known: list[Location], slug: str, source: str, environment: str
) -> None:
    with pytest.raises(LocationError, match=rf"'{slug}' is served by .*`--env {environment}`"):
        select_locations(known, slug, source)  # type: ignore[arg-type]


def test_no_location_at_all(northmere: Location) -> None:
    with pytest.raises(LocationError, match="No location has the source open_meteo"):
        select_locations([northmere], None, "open_meteo")


def test_locations_as_a_table(paris: Location) -> None:
    columns = ["location", "name", "latitude", "longitude", "elevation", "timezone", "source"]
    row = ["paris", "Paris", 48.75, 2.25, 90.0, "Europe/Paris", "open_meteo"]

    pd.testing.assert_frame_equal(locations_frame([paris]), pd.DataFrame([row], columns=columns))
    assert list(locations_frame([]).columns) == columns
