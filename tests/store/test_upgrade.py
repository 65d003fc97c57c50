"""A database that an earlier version made and filled comes up to date with its rows."""

from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, insert, select, text

from tests.store.rows import MODEL, START, add_places
from triptych.store import migrate as migrate_module
from triptych.store.engine import create_engine
from triptych.store.errors import RowsRefused
from triptych.store.migrate import check_schema, migrate
from triptych.store.tables import model_transitions, models

FIRST = MODEL | {"approved_by": None, "approved_at": None}
SECOND = FIRST | {"model_id": "b" * 64, "version": 2}
OTHER = FIRST | {"model_id": "c" * 64, "name": "lightgbm"}


def migrate_to(engine: Engine, revision: str) -> None:
    """Bring an empty database to the schema of an earlier version."""
    config = Config()
    config.set_main_option(
        "script_location", str(Path(migrate_module.__file__).parent / "migrations")
    )
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def test_the_first_schema_is_upgraded_with_its_rows(database_url: str) -> None:
    engine = create_engine(database_url)
    migrate_to(engine, "0001")
    add_places(engine, "paris")
    with engine.begin() as connection:
        connection.execute(insert(models), [FIRST, SECOND])

    migrate(engine)

    check_schema(engine)
    with engine.connect() as connection:
        rows = connection.execute(select(models).order_by(models.c.version)).mappings().all()
        assert connection.execute(select(model_transitions)).all() == []
        assert connection.scalar(text("SELECT count(*) FROM locations")) == 1
    assert [dict(row) for row in rows] == [FIRST, SECOND]
    engine.dispose()


@pytest.mark.parametrize("stage", ["staging", "production"])
def test_one_version_of_a_name_is_live(engine: Engine, stage: str) -> None:
    live = {"stage": stage}
    with engine.begin() as connection:
        connection.execute(insert(models), [FIRST | live, OTHER | live])

    with pytest.raises(RowsRefused, match="models"), engine.begin() as connection:
        connection.execute(insert(models), [SECOND | live])

    with engine.begin() as connection:  # as many as one likes of the others
        connection.execute(
            insert(models),
            [
                SECOND | {"model_id": letter * 64, "version": ord(letter), "stage": other}
                for letter, other in zip("defg", ["candidate", "archived"] * 2, strict=True)
            ],
        )


@pytest.mark.parametrize(
    "wrong", [{"action": "bless"}, {"to_stage": "retired"}, {"to_stage": "candidate"}]
)
def test_a_transition_is_one_of_those_that_there_are(engine: Engine, wrong: dict[str, str]) -> None:
    right = {
        "model_id": FIRST["model_id"],
        "action": "promote",
        "from_stage": "candidate",
        "to_stage": "production",
        "who": "Ada",
        "why": "better",
        "forced": True,
        "at": START,
    }
    with engine.begin() as connection:
        connection.execute(insert(models), [FIRST])
        connection.execute(insert(model_transitions), [right])

    with pytest.raises(RowsRefused), engine.begin() as connection:
        connection.execute(insert(model_transitions), [right | wrong])

    with engine.connect() as connection:
        (row,) = connection.execute(select(model_transitions)).mappings()
    assert dict(row) == right | {"id": 1}
