"""A database that an earlier version made and filled comes up to date with its rows."""

from datetime import UTC, datetime, timedelta

import pytest
from alembic.config import main as alembic
from sqlalchemy import Engine, delete, insert, inspect, select, text

from tests.fixtures.databases import dump_tables
from tests.fixtures.project import ROOT
from tests.store.rows import MODEL, START, add_places
from tests.store.test_migrate import differences
from triptych.store import migrate as migrate_module
from triptych.store.errors import DatabaseUnavailable, RowsRefused
from triptych.store.migrate import check_schema, migrate
from triptych.store.tables import (
    ingested_periods,
    metadata,
    model_transitions,
    models,
    prediction_inputs,
    predictions,
)

DAY = timedelta(days=1)
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
LATER_TABLES = ("incomplete_days", "weather_recent", "nwp_forecasts", "model_periods")
LATER_COLUMNS = {
    "models": ["evaluated_train_end"],
    "rejected_rows": ["variable"],
    "predictions": ["method", "sources", "climatology", "nwp_mean"],
}


def make_version_0_1(engine: Engine) -> None:
    """Create tables at the schema of version 0.1, with two models, a promotion and a forecast."""
    migrate(engine)
    with engine.begin() as connection:
        for table in LATER_TABLES:
            connection.execute(text(f"DROP TABLE {table}"))
        for table, columns in LATER_COLUMNS.items():
            for column in columns:
                connection.execute(text(f"ALTER TABLE {table} DROP COLUMN {column}"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0005'"))
    add_places(engine, "paris")
    rows = [{k: v for k, v in row.items() if k != "evaluated_train_end"} for row in (FIRST, SECOND)]
    forecast = {"model_id": FIRST["model_id"], "location": "paris", "as_of": START}
    degrees = {"temperature_2m": 20.0, "lower": 18.0, "upper": 22.0, "level": 0.9}
    made = {"time": START, "lead": 1, "known_until": START, "created_at": START}
    with engine.begin() as connection:
        connection.execute(insert(models), rows)
        connection.execute(insert(model_transitions), PROMOTION)
        connection.execute(insert(prediction_inputs), forecast | {"inputs": {"lag_1": 19.0}})
        connection.execute(insert(predictions), forecast | degrees | made)


def test_version_0_1_is_upgraded_with_its_rows(empty: Engine) -> None:
    """Periods that were fetched lately are requested again: they may have gaps to fill."""
    engine = empty
    make_version_0_1(engine)
    now = datetime.now(UTC).replace(microsecond=0)
    period = {"location": "paris", "end": now, "source": "sample", "rows": 60}
    with engine.begin() as connection:
        connection.execute(
            insert(ingested_periods),
            [
                period | {"start": START + age * DAY, "fetched_at": now - age * DAY}
                for age in (1, 29, 31)
            ],
        )

    migrate(engine)

    check_schema(engine)
    assert differences(engine, metadata) == []
    found = dump_tables(engine)
    assert [row[-1] for row in found["ingested_periods"]] == [now - 31 * DAY]
    with engine.connect() as connection:
        rows = connection.execute(select(models).order_by(models.c.version)).mappings().all()
        assert connection.scalar(select(predictions.c.method)) == "model"
    assert [dict(row) for row in rows] == [FIRST, SECOND]
    for table in ("locations", "model_transitions", "predictions", "prediction_inputs"):
        assert len(found[table]) == 1
    # what refers to a model still does: it protects the model, and a wrong id is refused
    with pytest.raises(RowsRefused), engine.begin() as connection:
        connection.execute(delete(models).where(models.c.model_id == FIRST["model_id"]))
    wrong = {"model_id": "f" * 64, "location": "paris", "as_of": START, "inputs": {}}
    with pytest.raises(RowsRefused), engine.begin() as connection:
        connection.execute(insert(prediction_inputs), wrong)


@pytest.mark.parametrize("between", ["0006", "0007", "0008", "0009"])
def test_a_schema_between_versions_is_upgraded(
    empty: Engine, between: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_version_0_1(empty)
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("TRIPTYCH_DATABASE_URL", empty.url.render_as_string(hide_password=False))
    alembic(["upgrade", between])
    assert version(empty) == between

    migrate(empty)

    check_schema(empty)
    assert differences(empty, metadata) == []
    assert len(dump_tables(empty)["predictions"]) == 1


def version(engine: Engine) -> str:
    with engine.connect() as connection:
        return str(connection.scalar(text("SELECT version_num FROM alembic_version")))


def test_an_upgrade_does_not_wait_long_for_a_table(
    empty_postgresql: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever requests the table meanwhile waits behind it."""
    monkeypatch.setattr(migrate_module, "_LOCK_TIMEOUT", "300ms")
    engine = empty_postgresql
    make_version_0_1(engine)
    with engine.begin() as reader:
        reader.execute(text("LOCK TABLE predictions IN ACCESS SHARE MODE"))
        with pytest.raises(DatabaseUnavailable, match=r"lock timeout.*process has locked it"):
            migrate(engine)
    assert version(engine) == "0005"
    migrate(engine)
    check_schema(engine)


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

    alembic(["current"])
    assert inspect(empty).get_table_names() == []
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
