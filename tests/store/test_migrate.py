"""The schema: made by migrations, equal to the tables in code, safe against others."""

import logging
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from alembic import op
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Engine, Integer, MetaData, String, inspect, text

from tests.store.rows import add_places
from triptych.store import migrate as migrate_module
from triptych.store.engine import create_engine
from triptych.store.errors import SchemaError
from triptych.store.migrate import HEAD, check_revision, check_schema, migrate
from triptych.store.tables import metadata

_TABLES = {
    "forecast_scores",
    "image_predictions",
    "incomplete_days",
    "ingested_periods",
    "locations",
    "model_periods",
    "model_transitions",
    "models",
    "nwp_forecasts",
    "prediction_inputs",
    "predictions",
    "rejected_rows",
    "text_predictions",
    "weather_3h",
    "weather_hourly",
    "weather_recent",
}


def test_makes_every_table(engine: Engine) -> None:
    assert set(inspect(engine).get_table_names()) == {*_TABLES, "alembic_version"}
    check_schema(engine)


def test_head_is_the_newest_migration() -> None:
    scripts = ScriptDirectory(str(Path(migrate_module.__file__).parent / "migrations"))
    assert scripts.get_heads() == [HEAD]


def test_migrations_make_what_the_code_says(engine: Engine) -> None:
    assert _differences(engine, metadata) == []


@pytest.mark.parametrize("plant", ["column", "index", "type", "nullable"])
def test_a_difference_would_be_seen(engine: Engine, plant: str) -> None:
    changed = MetaData(naming_convention=metadata.naming_convention)
    for table in metadata.tables.values():
        table.to_metadata(changed)
    planted = changed.tables["models"]
    if plant == "column":
        planted.append_column(Column("planted", Integer))
    elif plant == "index":
        changed.tables["rejected_rows"].indexes.clear()
    elif plant == "type":
        planted.c.version.type = String(10)
    else:
        planted.c.approved_by.nullable = False
    assert len(_differences(engine, changed)) == 1


def test_every_constraint_has_its_name(engine: Engine) -> None:
    seen = inspect(engine)
    keys = {name: seen.get_pk_constraint(name)["name"] for name in _TABLES}
    assert keys == {name: f"pk_{name}" for name in _TABLES}
    foreign = {key["name"] for name in _TABLES for key in seen.get_foreign_keys(name)}
    assert foreign == {
        "fk_forecast_scores_location",
        "fk_forecast_scores_model_id",
        "fk_image_predictions_model_id",
        "fk_incomplete_days_location",
        "fk_model_periods_location",
        "fk_nwp_forecasts_location",
        "fk_weather_recent_location",
        "fk_ingested_periods_location",
        "fk_model_transitions_model_id",
        "fk_prediction_inputs_location",
        "fk_prediction_inputs_model_id",
        "fk_predictions_location",
        "fk_predictions_model_id",
        "fk_text_predictions_model_id",
        "fk_weather_3h_location",
        "fk_weather_hourly_location",
    }
    assert {key["name"] for key in seen.get_check_constraints("models")} == {
        "ck_models_kind",
        "ck_models_period",
        "ck_models_stage",
    }
    assert {key["name"] for key in seen.get_check_constraints("model_transitions")} == {
        "ck_model_transitions_action",
        "ck_model_transitions_stages",
    }
    assert [key["name"] for key in seen.get_unique_constraints("models")] == [
        "uq_models_name_version"
    ]
    named = {index["name"] for name in _TABLES for index in seen.get_indexes(name)}
    assert named - {"uq_models_name_version"} == {
        "ix_model_transitions_model_id",
        "ix_rejected_rows_location_time",
        "uq_models_live",
    }


def test_is_said_once(database_url: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="triptych")
    engine = create_engine(database_url)
    migrate(engine)
    migrate(engine)
    said = [record.message for record in caplog.records if record.name.startswith("triptych")]
    assert len(said) == 1
    assert said[0].endswith(f"schema none -> {HEAD}")
    engine.dispose()


def test_an_up_to_date_database_needs_no_alembic_and_no_pandas(engine: Engine) -> None:
    code = (
        "import sys; from triptych.store.database import open_database;"
        "from triptych.store.migrate import check_schema; import triptych.store.writes;"
        "check_schema(open_database(sys.argv[1]));"
        "print(sorted({name.split('.')[0] for name in sys.modules}"
        " & {'alembic', 'kedro', 'mlflow', 'numpy', 'pandas'}))"
    )
    url = engine.url.render_as_string(hide_password=False)
    shown = subprocess.run(
        [sys.executable, "-c", code, url], capture_output=True, text=True, check=True
    )
    assert shown.stdout == "[]\n"


def test_two_processes_may_open_a_new_database_at_once(database_url: str) -> None:
    code = (
        "import sys, time, alembic.command; from triptych.store.database import open_database;"
        "time.sleep(max(0, float(sys.argv[2]) - time.time())); open_database(sys.argv[1])"
    )
    start = str(time.time() + 2)
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code, database_url, start], stderr=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    assert [(process.communicate()[1], process.returncode) for process in processes] == [
        ("", 0)
    ] * 3
    engine = create_engine(database_url)
    check_schema(engine)
    engine.dispose()


def test_the_second_to_come_finds_the_work_done(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two saw an empty database; the second gets the lock after the first has made the tables."""
    seen = iter([None, HEAD])
    monkeypatch.setattr(migrate_module, "_revision", lambda _: next(seen))
    migrate(engine)
    assert next(seen, "both looks were taken") == "both looks were taken"


def test_a_newer_schema_is_refused(engine: Engine) -> None:
    add_places(engine, "paris")
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999a'"))
    with pytest.raises(SchemaError) as caught:
        migrate(engine)
    assert f"is at schema 9999a, which this version does not know: its newest is {HEAD}." in str(
        caught.value
    )
    assert "Install that version, or name another database" in str(caught.value)
    with pytest.raises(
        SchemaError, match=f"is at schema 9999a; this version works with schema {HEAD}"
    ):
        check_schema(engine)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM locations")) == 1


@pytest.mark.parametrize(
    ("head", "found", "compatible"),
    [
        ("0006", "0007", True),
        ("0006", "0006", True),
        ("0006", "0005", False),
        ("0006", "0007a", False),
        ("0008a", "0009a", True),
        ("0008a", "0007", False),
        ("0008a", "0009b", False),
        ("0006", "0a8213491aaa", False),
        ("0006", None, False),
    ],
)
def test_a_newer_schema_of_the_same_generation_is_compatible(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch, head: str, found: str | None, compatible: bool
) -> None:
    monkeypatch.setattr(migrate_module, "HEAD", head)
    expected = nullcontext() if compatible else pytest.raises(SchemaError, match="is at schema")
    with expected:
        check_revision(found, create_engine(sqlite_url))


def test_generations_follow_each_other() -> None:
    scripts = ScriptDirectory(str(Path(migrate_module.__file__).parent / "migrations"))
    revisions = [script.revision for script in scripts.walk_revisions()][::-1]

    assert all(re.fullmatch("[0-9]{4}[a-z]?", revision) for revision in revisions)
    assert [int(revision[:4]) for revision in revisions] == [*range(1, len(revisions) + 1)]
    assert [revision[4:] for revision in revisions] == sorted(r[4:] for r in revisions)


def test_tables_of_another_program_are_left_alone(database_url: str) -> None:
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE runs (x INTEGER)"))
    with pytest.raises(SchemaError, match="holds tables that Triptych did not make: runs"):
        migrate(engine)
    assert inspect(engine).get_table_names() == ["runs"]
    engine.dispose()


def test_an_empty_database_is_not_ready(database_url: str) -> None:
    engine = create_engine(database_url)
    with pytest.raises(
        SchemaError, match=f"is at schema none; this version works with schema {HEAD}"
    ):
        check_schema(engine)
    engine.dispose()


@pytest.fixture
def failing_migration(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the migration fail half-way, after several tables."""
    make = op.create_table

    def fail_at_models(name: str, *parts: Any, **options: Any) -> Any:
        if name == "models":
            raise RuntimeError("planted")
        return make(name, *parts, **options)

    monkeypatch.setattr(op, "create_table", fail_at_models)
    yield
    monkeypatch.undo()


@pytest.mark.usefixtures("failing_migration")
def test_a_failed_migration_leaves_nothing(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = create_engine(database_url)
    with pytest.raises(RuntimeError, match="planted"):
        migrate(engine)
    assert inspect(engine).get_table_names() == []
    monkeypatch.undo()
    migrate(engine)
    check_schema(engine)
    engine.dispose()


def _differences(engine: Engine, wanted: MetaData) -> list[Any]:
    with engine.connect() as connection:
        return list(compare_metadata(MigrationContext.configure(connection), wanted))
