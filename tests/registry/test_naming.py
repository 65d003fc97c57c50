"""A model's name says what it forecasts."""

import pytest

from triptych.registry.naming import model_name


@pytest.mark.parametrize(
    ("locations", "name"),
    [
        (["paris"], "temperature-paris"),
        (["paris", "berlin"], "temperature-berlin-paris"),
        (("paris", "brest", "berlin"), "temperature-berlin-brest-paris"),
        (["paris", "paris"], "temperature-paris"),
    ],
)
def test_up_to_three_locations_are_spelt_out(locations: list[str], name: str) -> None:
    assert model_name(locations) == name


def test_more_are_counted_and_told_apart_by_a_digest() -> None:
    # printf 'berlin\nbrest\nlyon\nparis' | sha256sum
    four = ["paris", "brest", "berlin", "lyon"]

    assert model_name(four) == "temperature-4-locations-6fe798b4"
    assert model_name(sorted(four)) == model_name(four)
    assert model_name([*four[:3], "lille"]) != model_name(four)


def test_a_name_always_fits_its_column() -> None:
    long = ["a" * 64, "b" * 64]

    assert model_name(long).startswith("temperature-2-locations-")
    assert len(model_name(long)) <= 64
    assert len(model_name([f"place-{n}" for n in range(10_000)])) <= 64
