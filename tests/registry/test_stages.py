"""The life of versions in the tables, on SQLite and PostgreSQL."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, insert

from tests.store.rows import MODEL
from triptych.errors import PipelineError
from triptych.registry import stages
from triptych.registry.stages import Approval, previous_production
from triptych.store.tables import models

ADA = Approval("Ada", "half a degree better")


class Name:
    """The versions of a name in a database."""

    def __init__(self, engine: Engine, versions: int) -> None:
        self.engine = engine
        rows = [
            MODEL | {"model_id": str(number) * 64, "version": number}
            for number in range(1, versions + 1)
        ]
        with engine.begin() as connection:
            connection.execute(insert(models), rows)

    def rows(self) -> list[dict[str, Any]]:
        with self.engine.begin() as connection:
            return stages.versions_of(connection, MODEL["name"])

    def promote(self, number: int, to: str = "production", approval: Approval = ADA) -> None:
        row = self.rows()[number - 1]
        with self.engine.begin() as connection:
            stages.promote(connection, row, to, approval)

    def reject(self, number: int) -> None:
        row = self.rows()[number - 1]
        with self.engine.begin() as connection:
            stages.reject(connection, row, ADA)

    def roll_back(self) -> int:
        with self.engine.begin() as connection:
            return int(stages.roll_back(connection, MODEL["name"], ADA)["version"])

    def stages(self) -> str:
        return " ".join(row["stage"] for row in self.rows())

    def history(self) -> list[tuple[Any, ...]]:
        with self.engine.begin() as connection:
            changes = stages.transitions_of(connection, MODEL["name"])
        return [(c["version"], c["action"], c["from_stage"], c["to_stage"]) for c in changes]


def test_a_promotion_replaces_and_says_who_and_why(engine: Engine) -> None:
    name = Name(engine, 2)

    name.promote(1)
    name.promote(2, approval=Approval("Grace", "colder winters", forced=True))

    assert name.stages() == "archived production"
    first, second = name.rows()
    assert (first["approved_by"], second["approved_by"]) == ("Ada", "Grace")
    assert abs((datetime.now(UTC) - second["approved_at"]).total_seconds()) < 60
    with engine.begin() as connection:
        changes = stages.transitions_of(connection, MODEL["name"])
    assert [
        (c["version"], c["action"], c["to_stage"], c["who"], c["why"], c["forced"]) for c in changes
    ] == [
        (1, "promote", "production", "Ada", "half a degree better", False),
        (1, "replace", "archived", "Grace", "replaced by version 2: colder winters", False),
        (2, "promote", "production", "Grace", "colder winters", True),
    ]


def test_what_leaves_staging_is_a_candidate_again(engine: Engine) -> None:
    name = Name(engine, 3)

    name.promote(1, "staging")
    name.promote(2, "staging")
    name.promote(3)

    assert name.stages() == "candidate staging production"
    name.promote(2)
    assert name.stages() == "candidate production archived"


def test_rollbacks_walk_back_one_promotion_at_a_time(engine: Engine) -> None:
    name = Name(engine, 3)
    for number in (1, 2, 3):
        name.promote(number)

    assert name.roll_back() == 2
    assert name.stages() == "archived production archived"
    assert name.roll_back() == 1
    assert name.history()[-2:] == [
        (2, "rollback", "production", "archived"),
        (1, "rollback", "archived", "production"),
    ]
    before = name.history()
    with pytest.raises(PipelineError, match="No version of ridge was in production before version"):
        name.roll_back()
    assert name.history() == before
    assert name.stages() == "production archived archived"


def test_what_was_rolled_back_or_rejected_does_not_come_back_by_itself(engine: Engine) -> None:
    name = Name(engine, 4)
    for number in (1, 2, 3):
        name.promote(number)
    name.roll_back()  # from 3 to 2
    name.promote(4)
    assert name.roll_back() == 2  # not 3
    name.promote(4)
    name.reject(4)
    assert name.stages() == "archived archived archived archived"
    assert name.roll_back() == 2  # nothing was in production: the last that was
    assert name.roll_back() == 1


def test_a_name_without_history_cannot_be_rolled_back(engine: Engine) -> None:
    with pytest.raises(PipelineError, match="in production before now, so there is nothing"):
        Name(engine, 1).roll_back()


def change(model: str, action: str = "promote", to_stage: str = "production") -> dict[str, str]:
    return {"model_id": model, "action": action, "to_stage": to_stage}


@pytest.mark.parametrize(
    ("history", "production", "expected"),
    [
        ([], None, None),
        ([change("a")], "a", None),
        ([change("a"), change("b")], "b", "a"),
        ([change("a"), change("b"), change("a")], "a", "b"),  # promoted again: b was before
        ([change("a"), change("b"), change("a", "rollback")], "a", None),
        ([change("a"), change("b"), change("b", "reject", "archived")], None, "a"),
        ([change("a"), change("a", "replace", "archived"), change("b")], "b", "a"),
        ([change("a"), change("b", to_stage="staging"), change("c")], "c", "a"),
        ([change("a")], "set by hand", "a"),
    ],
)
def test_what_a_rollback_puts_in_production(
    history: list[dict[str, str]], production: str | None, expected: str | None
) -> None:
    assert previous_production(history, production) == expected
