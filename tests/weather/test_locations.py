"""Locations: the rules of their files, how that of the user grows, and which a run takes."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from tests.weather.places import NORTHMERE, PARIS
from triptych.weather.errors import LocationError
from triptych.weather.locations import (
    Location,
    add_locations,
    load_all,
    load_locations,
    locations_frame,
    read_csv,
    remove_location,
    select_locations,
    user_file,
)


@pytest.fixture
def known() -> list[Location]:
    brest = PARIS.model_copy(update={"slug": "brest", "name": "Brest"})
    return [NORTHMERE, PARIS, brest]


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


def test_of_ten_thousand_locations_a_message_names_a_few() -> None:
    many = [PARIS.model_copy(update={"slug": f"place-{number:05}"}) for number in range(10_000)]

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


def test_no_location_at_all() -> None:
    with pytest.raises(LocationError, match="No location has the source open_meteo"):
        select_locations([NORTHMERE], None, "open_meteo")


def test_locations_as_a_table() -> None:
    columns = ["location", "name", "latitude", "longitude", "elevation", "timezone", "source"]
    row = ["paris", "Paris", 48.75, 2.25, 90.0, "Europe/Paris", "open_meteo"]

    pd.testing.assert_frame_equal(locations_frame([PARIS]), pd.DataFrame([row], columns=columns))
    assert list(locations_frame([]).columns) == columns


REPOSITORY_FILE = Path(__file__).parents[2] / "conf" / "base" / "locations.yml"

TEXT = """\
# Places of the test.
locations:
  - slug: paris  # the capital
    name: Paris
    latitude: 48.75
    longitude: 2.25
    elevation: 90
    timezone: Europe/Paris
    source: open_meteo
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "locations.yml"
    path.write_text(TEXT, encoding="utf-8")
    return path


def write(file: Path, *entries: dict[str, Any]) -> Path:
    """Write entries that differ from Paris in some fields; None leaves a field out."""
    (sound,) = yaml.safe_load(TEXT)["locations"]
    each = [{k: v for k, v in {**sound, **fields}.items() if v is not None} for fields in entries]
    file.write_text(yaml.safe_dump({"locations": each}), encoding="utf-8")
    return file


def test_reads_a_file(file: Path) -> None:
    assert load_locations(file) == [PARIS]


def test_the_repository_has_its_cities_and_says_which_are_synthetic() -> None:
    locations = {location.slug: location for location in load_locations(REPOSITORY_FILE)}

    assert set(locations) == {
        "northmere", "westhaven", "paris", "brest", "berlin", "bayonne", "lyon"
    }  # fmt: skip
    for location in locations.values():
        assert (location.source == "sample") == ("(synthetic)" in location.name)
    assert (locations["berlin"].latitude, locations["berlin"].longitude) == (52.5, 13.5)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"latitude": 95}, r"entry 1 \(slug 'paris'\): latitude: .*equal to 90 \(found 95\)"),
        ({"latitude": float("nan")}, "latitude: .*finite"),
        ({"longitude": -200.5}, r"longitude: .*equal to -180 \(found -200\.5\)"),
        ({"latitude": "48,75"}, r"latitude: .*number \(found '48,75'\)"),
        ({"latitude": True}, r"latitude: .*\(found True\)"),
        ({"elevation": 90_000}, r"elevation: .*9000 \(found 90000\)"),
        ({"timezone": "Europe/Pariss"}, r"timezone: not an IANA time zone.*'Europe/Pariss'"),
        ({"timezone": "Europe"}, "timezone: not an IANA time zone"),
        ({"timezone": "../../etc/passwd"}, "timezone: not an IANA time zone"),
        ({"timezone": ""}, "timezone: not an IANA time zone"),
        ({"slug": "Saint Étienne"}, "slug: a slug has lower-case letters"),
        ({"slug": "a--b"}, "slug: a slug has"),
        ({"slug": "a" * 65}, "slug: .*64"),
        ({"name": ""}, "name: "),
        ({"name": None}, r"name: Field required \(found nothing\)"),
        ({"source": "satellite"}, "source: .*'sample' or 'open_meteo'"),
        ({"altitude": 3}, r"altitude: Extra inputs are not permitted \(found 3\)"),
    ],
)
def test_a_broken_rule_names_entry_rule_and_value(
    fields: dict[str, Any], message: str, file: Path
) -> None:
    with pytest.raises(LocationError, match=message):
        load_locations(write(file, fields))


def test_every_fault_of_an_entry_is_told_at_once(file: Path) -> None:
    file.write_text(TEXT.replace("48.75", "148.75").replace("2.25", "west"), encoding="utf-8")

    with pytest.raises(LocationError, match=r"locations\.yml, entry 1.*latitude.*longitude"):
        load_locations(file)


def test_a_slug_or_key_that_stands_twice(file: Path) -> None:
    with pytest.raises(LocationError, match=r"entries 1 and 3: .*both say 'paris'"):
        load_locations(write(file, {}, {"slug": "brest"}, {"name": "Paname"}))
    file.write_text(TEXT + "    latitude: 3.0\n", encoding="utf-8")
    with pytest.raises(LocationError, match=r"duplicate key latitude .*line 10"):
        load_locations(file)


NO_LIST = "a list of entries named `locations` is needed"


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", NO_LIST), (b"locations: 3", NO_LIST), (b"- 1", NO_LIST), (b"paris: {}", NO_LIST),
     (b"locations: []", NO_LIST), (b"locations: [", r"locations\.yml is not valid YAML"),
     (b"\xff\xfe\x00", r"locations\.yml cannot be read"),
     (b"locations:\n  - 3", r"locations\.yml, entry 1"), (None, "cannot be read: .*No such file")],
)  # fmt: skip
def test_a_file_that_is_no_list_of_locations(
    content: bytes | None, message: str, file: Path
) -> None:
    file.unlink()
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(LocationError, match=message):
        load_locations(file)


@pytest.fixture
def project_file(tmp_path: Path) -> Path:
    """The file of a project whose user has no file yet."""
    path = tmp_path / "conf" / "base" / "locations.yml"
    path.parent.mkdir(parents=True)
    path.write_text(TEXT, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ["Ajaccio", "No", "L'Aquila: città #1", "東京"])
def test_own_locations_are_added_and_removed_beside_those_of_the_project(
    project_file: Path, name: str
) -> None:
    first, second = (PARIS.model_copy(update={"slug": s, "name": name}) for s in ("one", "two"))

    assert add_locations(project_file, [first]) == [first]
    assert add_locations(project_file, [PARIS, first, second, second]) == [second]

    assert load_all(project_file) == [PARIS, first, second]
    assert project_file.read_text(encoding="utf-8") == TEXT
    remove_location(project_file, "one")
    assert load_all(project_file) == [PARIS, second]
    remove_location(project_file, "two")
    assert load_all(project_file) == [PARIS]
    assert [path.name for path in user_file(project_file).parent.iterdir()] == []


def test_a_slug_of_another_location_is_refused_and_nothing_is_written(project_file: Path) -> None:
    other = PARIS.model_copy(update={"latitude": 33.7})

    with pytest.raises(LocationError, match="a location 'paris' already, another one"):
        add_locations(project_file, [PARIS.model_copy(update={"slug": "new"}), other])
    with pytest.raises(LocationError, match=r"no location 'paris'\. It has: none"):
        remove_location(project_file, "paris")
    assert load_all(project_file) == [PARIS]


def test_a_location_of_the_user_takes_the_place_of_the_projects(project_file: Path) -> None:
    user_file(project_file).parent.mkdir()
    own = TEXT.replace("48.75", "48.86")
    user_file(project_file).write_text(own, encoding="utf-8")

    assert load_all(project_file) == [PARIS.model_copy(update={"latitude": 48.86})]


def test_a_failure_while_writing_leaves_the_file(
    project_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    first, second = (PARIS.model_copy(update={"slug": slug}) for slug in ("one", "two"))
    add_locations(project_file, [first])
    monkeypatch.setattr(Path, "replace", full)

    with pytest.raises(LocationError, match=r"cannot be written: .*No space left on device"):
        add_locations(project_file, [second])
    assert load_all(project_file) == [PARIS, first]
    assert [path.name for path in user_file(project_file).parent.iterdir()] == ["locations.yml"]


CSV = "slug,name,latitude,longitude,elevation,timezone\n"


def test_locations_of_a_csv_file(tmp_path: Path) -> None:
    file = tmp_path / "cities.csv"
    file.write_text(f"\ufeff{CSV}paris,Paris,48.75,2.25,90,Europe/Paris\n", encoding="utf-8")

    assert read_csv(file) == [PARIS]
    file.write_text(f"{CSV}a,A,95,2,3,Europe/Paris\nb,B,,2,3,UTC\n", encoding="utf-8")
    with pytest.raises(LocationError, match=r"slug 'a'.*latitude: .*90.*slug 'b'.*latitude"):
        read_csv(file)
    with pytest.raises(LocationError, match=r"absent\.csv cannot be read"):
        read_csv(tmp_path / "absent.csv")
