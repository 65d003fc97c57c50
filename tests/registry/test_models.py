"""The model registry on both databases: what it records, refuses to load and chooses."""

import logging
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
import pytest

from tests.pipelines.hand_made import history
from tests.registry.conftest import MakeCandidate
from triptych.errors import PipelineError
from triptych.forecasting.storage import digest
from triptych.registry.models import ModelRegistry, choose_versions
from triptych.registry.stages import Approval, reject
from triptych.registry.tracking import model_name

LATER = datetime(2020, 1, 1, tzinfo=UTC)
LATER = datetime(2020, 1, 1, tzinfo=UTC)


def test_a_model_gets_a_row_that_says_where_it_comes_from(
    registry: ModelRegistry,
    make_candidate: MakeCandidate,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("TRIPTYCH_VERSION", "0123abc")
    with mlflow.start_run() as run:
        model_id = registry.register(make_candidate())

    (row,) = before = registry.list_models()
    caplog.set_level(logging.INFO, "triptych")
    assert registry.register(make_candidate()) == model_id  # the same training, the same model
    assert "temperature version 1 is this very model" in caplog.text
    assert registry.list_models() == before
    row = dict(row)
    created = row.pop("created_at")
    assert abs((datetime.now(UTC) - created).total_seconds()) < 60
    assert row.pop("model_uri").startswith("models:/m-")
    assert row == {
        "model_id": model_id,
        "kind": "temperature",
        "name": "temperature",
        "version": 1,
        "algorithm": "same_hour_yesterday",
        "locations": ["northmere"],
        "train_start": datetime(2016, 1, 1, tzinfo=UTC),
        "train_end": datetime(2018, 1, 1, tzinfo=UTC),
        "evaluated_train_end": datetime(2018, 1, 1, tzinfo=UTC),
        "as_of": LATER,
        "parameters": {},
        "features": [],
        "metrics": {
            place: {"rmse": 1.5, "skill_day": 0.5, "skill_climatology": 0.25}
            for place in ("all", "northmere")
        },
        "mlflow_run_id": run.info.run_id,
        "data_sha256": "a" * 64,
        "git_commit": "0123abc",
        "stage": "candidate",
        "approved_by": None,
        "approved_at": None,
    }
    assert len(model_id) == 64


def test_the_first_version_is_promoted_if_it_may_be_and_beats_the_baselines(
    registry: ModelRegistry, make_candidate: MakeCandidate
) -> None:
    registry.register(make_candidate("2018-01-01", promote_first=True))
    registry.register(make_candidate("2018-02-01", promote_first=True))
    registry.register(make_candidate("2018-01-01", promote_first=True))  # again: nothing happens
    registry.register(make_candidate("2018-03-01", name="wind"))

    rows = {(row["name"], row["version"]): row for row in registry.list_models()}
    assert {key: f"{row['train_end']:%Y-%m}" for key, row in rows.items()} == {
        ("temperature", 1): "2018-01", ("temperature", 2): "2018-02", ("wind", 1): "2018-03",
    }  # fmt: skip
    first, second = rows["temperature", 1], rows["temperature", 2]
    assert (first["stage"], first["approved_by"]) == ("production", "kedro run")
    assert (second["stage"], second["approved_by"]) == ("candidate", None)
    (change,) = registry.history("temperature")
    assert (change["version"], change["action"], change["forced"]) == (1, "promote", False)
    assert (change["who"], change["why"]) == (
        "kedro run", "first version of its name; beats the baselines",
    )  # fmt: skip


@pytest.mark.parametrize("skill", [0.0, -0.1, float("nan")])
def test_a_first_version_that_does_no_better_than_a_baseline_stays_a_candidate(
    registry: ModelRegistry,
    make_candidate: MakeCandidate,
    skill: float,
    caplog: pytest.LogCaptureFixture,
) -> None:
    registry.register(make_candidate(skill=skill, promote_first=True))

    assert [row["stage"] for row in registry.list_models()] == ["candidate"]
    assert "temperature version 1 stays a candidate: it does not beat" in caplog.text
    assert "kedro model promote temperature 1 --by NAME --reason WHY" in caplog.text


def test_what_a_person_has_decided_a_run_leaves_alone(
    registry: ModelRegistry, make_candidate: MakeCandidate
) -> None:
    registry.register(make_candidate())
    (row,) = registry.list_models()
    with registry.engine.begin() as connection:
        reject(connection, row, Approval("Ada", "wrong station"))

    registry.register(make_candidate(promote_first=True))

    assert [row["stage"] for row in registry.list_models()] == ["archived"]


def test_a_model_comes_back_as_it_was_unless_its_files_changed(
    three: ModelRegistry, make_candidate: MakeCandidate
) -> None:
    row = three.find("temperature", 1)
    candidate = make_candidate("2018-01-01")
    known, origin = history("2019-05-01", "2019-07-14"), pd.DatetimeIndex(["2019-07-14"], tz="UTC")
    pd.testing.assert_frame_equal(
        three.load(row).predict(known, origin, range(1, 17)),
        candidate.model.predict(known, origin, range(1, 17)),
    )
    assert three.broken_files() == []

    files = Path(mlflow.artifacts.download_artifacts(row["model_uri"])) / "artifacts/forecaster"
    specification = files / "forecaster.json"
    specification.write_text(specification.read_text().replace('"seed": 20', '"seed": 21'))

    with pytest.raises(PipelineError, match=r"were changed after it was registered .* not used"):
        three.load(row)
    with pytest.raises(PipelineError, match=r"cannot be read from models:/m-0: .*Restore"):
        three.load(row | {"model_uri": "models:/m-0"})
    shutil.rmtree(files)
    with pytest.raises(PipelineError, match=r"(were changed|cannot be read)"):
        three.load(row)
    (broken,) = three.broken_files()
    assert broken.startswith("temperature version 1: ")


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
