"""Which version forecasts a location: the one in production, unless it has seen what is asked."""

from datetime import UTC, datetime
from typing import Any

import pytest

from triptych.errors import PipelineError
from triptych.registry.models import choose_versions

LATER = datetime(2020, 1, 1, tzinfo=UTC)


def version(
    number: int, stage: str, end: int = 2018, places: str = "paris", name: str = "temperature"
) -> dict[str, Any]:
    return {
        "model_id": f"{name}-{number}",
        "name": name,
        "version": number,
        "stage": stage,
        "train_end": datetime(end, 1, 1, tzinfo=UTC),
        "evaluated_train_end": None,
        "locations": places.split(),
    }


def choose(
    rows: list[dict[str, Any]], place: str = "paris", as_of: datetime = LATER, **promoted: int
) -> tuple[str, int]:
    by_id = {name.replace("_", "-"): number for name, number in promoted.items()}
    versions, reasons = choose_versions(rows, by_id, [place], as_of)
    if place in reasons:
        raise PipelineError(reasons[place])
    row = versions[place]
    return row["name"], row["version"]


def test_the_version_in_production_wins_over_newer_ones() -> None:
    newest_first = [
        version(4, "staging"), version(3, "candidate"), version(2, "production"),
        version(1, "archived"),
    ]  # fmt: skip

    assert choose(newest_first) == ("temperature", 2)


def test_of_two_names_that_know_the_place_the_one_promoted_last_wins() -> None:
    rows = [
        version(1, "production", places="paris brest", name="both"),
        version(1, "production", name="alone"),
    ]

    assert choose(rows, both_1=7, alone_1=8) == ("alone", 1)
    assert choose(rows, both_1=9, alone_1=8) == ("both", 1)
    assert choose(rows, "brest", both_1=7, alone_1=8) == ("both", 1)


def test_a_hindcast_takes_the_evaluated_model_of_the_version_in_production() -> None:
    refit = version(5, "production", 2020) | {
        "evaluated_train_end": datetime(2019, 1, 1, tzinfo=UTC)
    }

    def evaluated(as_of: datetime) -> bool:
        versions, _ = choose_versions([refit], {}, ["paris"], as_of)
        return bool(versions["paris"]["evaluated"])

    assert not evaluated(datetime(2020, 1, 1, tzinfo=UTC))
    assert evaluated(datetime(2019, 12, 31, tzinfo=UTC))
    assert choose_versions([refit], {}, ["paris"], datetime(2018, 1, 1, tzinfo=UTC))[0] == {}


def test_a_hindcast_takes_the_newest_that_has_not_seen_it_but_nothing_archived() -> None:
    rows = [
        version(5, "production", 2020), version(4, "archived", 2017), version(3, "candidate", 2018),
        version(2, "staging", 2016), version(1, "candidate", 2015),
    ]  # fmt: skip

    assert choose(rows) == ("temperature", 5)
    assert choose(rows, as_of=datetime(2019, 12, 31, 21, tzinfo=UTC)) == ("temperature", 3)
    assert choose(rows, as_of=datetime(2018, 1, 1, tzinfo=UTC)) == ("temperature", 3)  # exclusive
    assert choose(rows, as_of=datetime(2017, 12, 31, tzinfo=UTC)) == ("temperature", 2)
    with pytest.raises(
        PipelineError,
        match=r"'paris' as of 2014-12-31: its models were trained on data until 2015-01-01 or "
        r'later\. Train one.*--params "as_of=2014-12-31,location=paris"',
    ):
        choose(rows, as_of=datetime(2014, 12, 31, tzinfo=UTC))


def test_with_none_in_production_the_message_promotes_a_real_one() -> None:
    rows = [version(3, "archived"), version(2, "candidate"), version(1, "candidate")]

    with pytest.raises(
        PipelineError,
        match=r"No version in production forecasts 'paris'\. Promote one: kedro model promote "
        r"temperature 2 --by YOUR-NAME --reason WHY",
    ):
        choose(rows)
    with pytest.raises(PipelineError, match="kedro model promote temperature 3 --by"):
        choose(rows[:1])


def test_a_place_without_a_version_is_named_and_does_not_stop_the_others() -> None:
    for rows in ([], [version(1, "production")]):
        versions, reasons = choose_versions(rows, {}, ["brest", "paris"], LATER)

        assert {slug: row["version"] for slug, row in versions.items()} == (
            {"paris": 1} if rows else {}
        )
        assert "'brest' as of 2020-01-01: no model was trained on it" in reasons["brest"]
