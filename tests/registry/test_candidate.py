"""A candidate's name says what it forecasts, its digest covers all of its files."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.registry.conftest import MakeCandidate
from triptych.forecasting.storage import digest
from triptych.registry.tracking import model_name


@pytest.mark.parametrize(
    ("locations", "name"),
    [
        (["paris"], "temperature-paris"),
        (("paris", "brest", "berlin"), "temperature-berlin-brest-paris"),
        (["paris", "paris"], "temperature-paris"),
        # printf 'berlin\nbrest\nlyon\nparis' | sha256sum
        (["paris", "brest", "berlin", "lyon"], "temperature-4-locations-6fe798b4"),
        (["berlin", "brest", "lyon", "paris"], "temperature-4-locations-6fe798b4"),
    ],
)
def test_up_to_three_locations_are_spelt_out_and_more_counted(
    locations: list[str], name: str
) -> None:
    assert model_name(locations) == name


def test_a_name_always_fits_its_column() -> None:
    long = ["a" * 64, "b" * 64]

    assert model_name(long).startswith("temperature-2-locations-")
    assert len(model_name(long)) <= 64
    assert len(model_name([f"place-{n}" for n in range(10_000)])) <= 64


def test_the_digest_covers_the_refit_and_the_evaluated_model(
    make_candidate: MakeCandidate, tmp_path: Path
) -> None:
    first, other = make_candidate("2018-02-01"), make_candidate("2018-03-01")
    candidates = [
        first,
        make_candidate("2018-02-01"),
        replace(first, model=other.model),
        replace(first, evaluated=other.evaluated),
    ]
    for number, candidate in enumerate(candidates):
        candidate.save(tmp_path / str(number))

    same, again, *others = [digest(tmp_path / str(number)) for number in range(4)]
    assert same == again
    assert len({same, *others}) == 3
