"""A database that an earlier version made and filled comes up to date with its rows."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from alembic.config import main as alembic
from sqlalchemy import Engine, delete, func, insert, inspect, select, text

from tests.fixtures.databases import dump_tables
from tests.fixtures.project import ROOT
from tests.store.rows import MODEL, START, add_places
from triptych.store import migrate as migrate_module
from triptych.store.engine import create_engine
from triptych.store.errors import DatabaseUnavailable, RowsRefused, SchemaError
from triptych.store.migrate import check_schema, migrate
from triptych.store.tables import (
    WEATHER_VARIABLES,
    ingested_periods,
    locations,
    model_transitions,
    models,
    prediction_inputs,
    predictions,
    weather_hourly,
)

FIRST = MODEL | {"approved_by": None, "approved_at": None, "evaluated_train_end": None}
SECOND = FIRST | {"model_id": "b" * 64, "version": 2}
OTHER = FIRST | {"model_id": "c" * 64, "name": "lightgbm"}
PROMOTION = {
    "model_id": FIRST["model_id"],
    "action": "promote",
    "from_stage": "candidate",
    "to_stage": "production",
    "who": "Ada",
    "why": "better",
    "forced": True,
    "at": START,
}


def migrate_to(engine: Engine, revision: str) -> None:
    """Bring a database to the schema of an earlier version."""
    config = Config()
    config.set_main_option(
        "script_location", str(Path(migrate_module.__file__).parent / "migrations")
    )
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def as_it_was(*rows: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of models without the columns that are newer."""
    newer = {"kind", "evaluated_train_end"}
    return [{name: value for name, value in row.items() if name not in newer} for row in rows]


def fill(engine: Engine, revision: str) -> None:
    """Write two models, and a row in each table of that version that refers to one."""
    add_places(engine, "paris")
    forecast = {"model_id": FIRST["model_id"], "location": "paris", "as_of": START}
    degrees = {"temperature_2m": 20.0, "lower": 18.0, "upper": 22.0, "level": 0.9}
    with engine.begin() as connection:
        connection.execute(insert(models), as_it_was(FIRST, SECOND))
        connection.execute(insert(prediction_inputs), forecast | {"inputs": {"lag_1": 19.0}})
        made = {"time": START, "lead": 1, "known_until": START, "created_at": START}
        connection.execute(insert(predictions), forecast | degrees | made)
        if revision >= "0002":
            connection.execute(insert(model_transitions), PROMOTION)


@pytest.mark.parametrize("revision", ["0001", "0003", "0004", "0005"])
def test_an_earlier_schema_is_upgraded_with_its_rows(empty: Engine, revision: str) -> None:
    engine = empty
    migrate_to(engine, revision)
    fill(engine, revision)

    migrate(engine)

    check_schema(engine)
    with engine.connect() as connection:
        rows = connection.execute(select(models).order_by(models.c.version)).mappings().all()
        changes = connection.execute(select(model_transitions)).all()
        assert len(changes) == (0 if revision == "0001" else 1)
        for table in (locations, predictions, prediction_inputs):
            assert connection.scalar(select(func.count()).select_from(table)) == 1
        assert connection.scalar(select(predictions.c.method)) == "model"
    assert [dict(row) for row in rows] == [FIRST, SECOND]
    key = inspect(engine).get_pk_constraint("predictions")["constrained_columns"]
    assert key == ["location", "time", "as_of", "model_id"]
    assert inspect(engine).get_indexes("predictions") == []
    # what refers to a model still does: it protects the model, and a wrong id is refused
    with pytest.raises(RowsRefused), engine.begin() as connection:
        connection.execute(delete(models).where(models.c.model_id == FIRST["model_id"]))
    wrong = {"model_id": "f" * 64, "location": "paris", "as_of": START, "inputs": {}}
    with pytest.raises(RowsRefused), engine.begin() as connection:
        connection.execute(insert(prediction_inputs), wrong)


def test_days_that_are_incomplete_already_are_listed(empty: Engine) -> None:
    """A period of which a day has all values, one lacks an hour's rain, one lacks all, one half."""
    engine = empty
    migrate_to(engine, "0006")
    add_places(engine, "brest", "paris")
    now = datetime.now(UTC).replace(microsecond=0)
    until = START + timedelta(days=3, hours=12)
    period = {"location": "paris", "start": START, "end": until, "source": "sample", "rows": 60}
    long_ago = {"location": "brest", "fetched_at": now - timedelta(days=31)}
    hours = [hour for hour in range(84) if not 48 <= hour < 72]
    row = dict.fromkeys(WEATHER_VARIABLES, 7.5) | {"location": "paris", "source": "sample"}
    with engine.begin() as connection:
        connection.execute(
            insert(ingested_periods), [period | {"fetched_at": now}, period | long_ago]
        )
        connection.execute(insert(weather_hourly), [
            row | {"time": START + timedelta(hours=hour), "fetched_at": now,
                   "precipitation": None if hour == 30 else 0.0}
            for hour in hours
        ])  # fmt: skip

    migrate(engine)

    requested = (now, now, now)
    assert dump_tables(engine)["incomplete_days"] == [
        ("paris", START + timedelta(days=1), {"precipitation": 1}, *requested),
        ("paris", START + timedelta(days=2), dict.fromkeys(WEATHER_VARIABLES, 24), *requested),
        ("paris", START + timedelta(days=3), dict.fromkeys(WEATHER_VARIABLES, 12), *requested),
    ]


def version(engine: Engine) -> str:
    with engine.connect() as connection:
        return str(connection.scalar(text("SELECT version_num FROM alembic_version")))


def test_an_upgrade_does_not_wait_long_for_a_table(
    empty_postgresql: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever requests the table meanwhile waits behind it."""
    monkeypatch.setattr(migrate_module, "_LOCK_TIMEOUT", "300ms")
    engine = empty_postgresql
    migrate_to(engine, "0004")
    with engine.begin() as reader:
        reader.execute(text("LOCK TABLE predictions IN ACCESS SHARE MODE"))
        with pytest.raises(DatabaseUnavailable, match=r"lock timeout.*process has locked it"):
            migrate(engine)
    assert version(engine) == "0004"
    migrate(engine)
    check_schema(engine)


def test_an_upgrade_leaves_no_row_that_refers_to_none(sqlite_url: str) -> None:
    """SQLite does not check while a table is created anew."""
    engine = create_engine(sqlite_url)
    migrate_to(engine, "0003")
    fill(engine, "0003")
    with closing(sqlite3.connect(str(engine.url.database))) as other, other:
        other.execute("DELETE FROM models WHERE version = 1")
    found = r"\(1 of model_transitions refer to models; 1 of prediction_inputs refer to models; "
    with pytest.raises(SchemaError, match=f"{found}.*nothing was changed"):
        migrate(engine)
    assert version(engine) == "0003"
    engine.dispose()


def test_the_command_alembic_works_in_the_projects_folder(
    empty: Engine, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("TRIPTYCH_DATABASE_URL", empty.url.render_as_string(hide_password=False))
    with empty.begin() as connection:
        connection.execute(text("CREATE TABLE runs (x INTEGER)"))
    with pytest.raises(SystemExit):
        alembic(["upgrade", "head"])
    assert "holds tables that Triptych did not make: runs" in "".join(capfd.readouterr())
    assert inspect(empty).get_table_names() == ["runs"]
    with empty.begin() as connection:
        connection.execute(text("DROP TABLE runs"))

    for command_line in (["upgrade", "head"], ["current"], ["check"]):
        alembic(command_line)
    check_schema(empty)


def test_a_classifier_has_no_period_and_any_other_model_has(engine: Engine) -> None:
    without = FIRST | {"train_start": None, "train_end": None}
    with engine.begin() as connection:
        connection.execute(insert(models), [without | {"kind": "texts", "locations": []}])

    for wrong in (without, FIRST | {"kind": "sounds"}):
        with pytest.raises(RowsRefused), engine.begin() as connection:
            connection.execute(insert(models), [wrong | {"model_id": "d" * 64, "version": 9}])


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
    with engine.begin() as connection:
        connection.execute(insert(models), [FIRST])
        connection.execute(insert(model_transitions), [PROMOTION])

    with pytest.raises(RowsRefused), engine.begin() as connection:
        connection.execute(insert(model_transitions), [PROMOTION | wrong])

    with engine.connect() as connection:
        (row,) = connection.execute(select(model_transitions)).mappings()
    assert dict(row) == PROMOTION | {"id": 1}
