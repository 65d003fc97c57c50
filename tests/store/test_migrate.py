"""The schema: made by migrations, equal to the tables in code, safe against others."""

import logging
import re
import subprocess
import sys
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import CheckConstraint, Column, Engine, Integer, MetaData, String, inspect, text

from tests.store.rows import add_places
from triptych.store import migrate as migrate_module
from triptych.store.engine import create_engine
from triptych.store.errors import SchemaError
from triptych.store.migrate import HEAD, check_schema, migrate
from triptych.store.tables import metadata

SCRIPTS = ScriptDirectory(str(Path(migrate_module.__file__).parent / "migrations"))


def test_creates_every_table_and_says_so_once(
    empty: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="triptych")
    migrate(empty)
    migrate(empty)
    check_schema(empty)
    assert set(inspect(empty).get_table_names()) == {*metadata.tables, "alembic_version"}
    said = [record.message for record in caplog.records if record.name.startswith("triptych")]
    assert len(said) == 1
    assert said[0].endswith(f"schema none -> {HEAD}")


def test_head_is_the_newest_migration() -> None:
    assert SCRIPTS.get_heads() == [HEAD]


def test_migrations_make_what_the_code_says(engine: Engine) -> None:
    assert differences(engine, metadata) == []


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
    assert len(differences(engine, changed)) == 1


def test_every_constraint_has_its_name(engine: Engine) -> None:
    """Migrations change constraints by name; Alembic does not compare all of them."""
    seen = inspect(engine)
    for name, table in metadata.tables.items():
        assert seen.get_pk_constraint(name)["name"] == f"pk_{name}"
        foreign = {key["name"] for key in seen.get_foreign_keys(name)}
        assert foreign == {f"fk_{name}_{key.parent.name}" for key in table.foreign_keys}
        checks = {str(c.name) for c in table.constraints if isinstance(c, CheckConstraint)}
        found = {key["name"] for key in seen.get_check_constraints(name)}
        assert found == checks
    assert {key["name"] for key in seen.get_check_constraints("models")} == {
        "ck_models_kind", "ck_models_period", "ck_models_stage",
    }  # fmt: skip
    (unique,) = seen.get_unique_constraints("models")
    assert unique["name"] == "uq_models_name_version"
    indexes = {index["name"] for name in metadata.tables for index in seen.get_indexes(name)}
    assert indexes - {"uq_models_name_version"} == {
        "ix_model_transitions_model_id", "ix_rejected_rows_location_time", "uq_models_live",
    }  # fmt: skip


def test_an_up_to_date_database_needs_no_alembic_and_no_pandas(engine: Engine) -> None:
    code = (
        "import sys; from triptych.store.migrate import open_database;"
        "from triptych.store.migrate import check_schema;"
        "import triptych.store.grants, triptych.store.writes;"
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
        "import sys, time, alembic.command; from triptych.store.migrate import open_database;"
        "time.sleep(max(0, float(sys.argv[2]) - time.time())); open_database(sys.argv[1])"
    )
    start = str(time.time() + 3)
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code, database_url, start], stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    assert [(process.communicate()[1], process.returncode) for process in processes] == [
        ("", 0)
    ] * 2
    engine = create_engine(database_url)
    check_schema(engine)
    engine.dispose()


def test_a_newer_schema_is_refused(engine: Engine) -> None:
    add_places(engine, "paris")
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999a'"))
    message = f"9999a, which this version does not know: its newest is {HEAD}.*Install that version"
    with pytest.raises(SchemaError, match=message):
        migrate(engine)
    with pytest.raises(SchemaError, match=f"at schema 9999a; this version works with .* {HEAD}"):
        check_schema(engine)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM locations")) == 1


@pytest.mark.parametrize(
    ("head", "found", "compatible"),
    [
        ("0006", "0007", True), ("0006", "0006", True), ("0006", "0005", False),
        ("0006", "0007a", False), ("0008a", "0009a", True), ("0008a", "0007", False),
        ("0008a", "0009b", False), ("0006", "0a8213491aaa", False), ("0006", None, False),
    ],
)  # fmt: skip
def test_a_newer_schema_of_the_same_generation_is_compatible(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch, head: str, found: str | None, compatible: bool
) -> None:
    monkeypatch.setattr(migrate_module, "HEAD", head)
    monkeypatch.setattr(migrate_module, "_revision", lambda _: found)
    expected = nullcontext() if compatible else pytest.raises(SchemaError, match="is at schema")
    with expected:
        check_schema(create_engine(sqlite_url))


def test_generations_follow_each_other() -> None:
    revisions = [script.revision for script in SCRIPTS.walk_revisions()][::-1]

    assert all(re.fullmatch("[0-9]{4}[a-z]?", revision) for revision in revisions)
    assert revisions == sorted(revisions)
    assert [revision[4:] for revision in revisions] == sorted(r[4:] for r in revisions)


def test_tables_of_another_program_are_left_alone(empty: Engine) -> None:
    with pytest.raises(SchemaError, match=f"is at schema none; this version works with .* {HEAD}"):
        check_schema(empty)
    with empty.begin() as connection:
        connection.execute(text("CREATE TABLE runs (x INTEGER)"))
    with pytest.raises(SchemaError, match="holds tables that Triptych did not make: runs"):
        migrate(empty)
    assert inspect(empty).get_table_names() == ["runs"]


def test_a_failed_migration_leaves_nothing(empty: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("planted")

    with monkeypatch.context() as failing:
        failing.setattr(MigrationContext, "stamp", fail)
        with pytest.raises(RuntimeError, match="planted"):
            migrate(empty)
    assert inspect(empty).get_table_names() == []
    migrate(empty)
    check_schema(empty)


def differences(engine: Engine, wanted: MetaData) -> list[Any]:
    with engine.connect() as connection:
        return list(compare_metadata(MigrationContext.configure(connection), wanted))
