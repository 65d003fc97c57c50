"""Names that can be stored, and exact counts where percentages would look alike."""

import os

import pytest

from triptych.classification.sources import explain_excess, listed, storable


def test_bytes_and_half_pairs_become_escapes() -> None:
    assert storable("déjà vu 😀") == "déjà vu 😀"
    assert storable(os.fsdecode(b"feuille_\xe9.jpg")) == r"feuille_\udce9.jpg"
    assert storable("\ud83d!") == r"\ud83d!"
    assert listed(f"{number:02d}" for number in range(12)) == (
        "00, 01, 02, 03, 04, 05, 06, 07, 08, 09 and 2 more"
    )


@pytest.mark.parametrize(
    ("rejected", "total", "share", "message"),
    [
        (51, 1_000, 0.05, "51 of 1,000 rejected (5.10 %), at most 50 allowed"),
        (50_001, 1_000_000, 0.05, "50,001 of 1,000,000 rejected (5.00 %), at most 50,000 allowed"),
        (50, 1_000, 0.05, ""),
        (29, 100, 0.29, ""),  # 0.29 * 100 is 28.999999999999996
        (0, 0, 0.05, ""),
        (1, 3, 0.0, "1 of 3 rejected (33.33 %), at most 0 allowed"),
    ],
)
def test_an_excess_is_told_in_counts(rejected: int, total: int, share: float, message: str) -> None:
    assert explain_excess(rejected, total, share) == message
