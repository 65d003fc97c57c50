"""A person changes a stage: MLflow must answer, the database decides, MLflow is told.

Each change is one transaction on the tables. It says what it was decided on, so that of two at
once the second is refused instead of overruling what it has not seen.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Engine

from triptych.errors import PipelineError
from triptych.registry import mlflow_sync, stages
from triptych.registry.stages import Approval, Row, version_title


def find_version(rows: list[Row], model: str, version: int | None) -> Row:
    """Find a version by its name and number, or by the start of its id.

    Args:
        rows: of `models`.
        model: a name, or with no `version` the first characters of a model's id.
        version: the number.

    Raises:
        PipelineError: there is none, or several.
    """
    named = [row for row in rows if row["name"] == model]
    if version is not None:
        named = [row for row in named if row["version"] == version]
    found = named or [
        row for row in rows if version is None and row["model_id"].startswith(model.lower())
    ]
    if len(found) == 1:
        return found[0]
    asked = model if version is None else f"{model} version {version}"
    known = ", ".join(f"{row['name']} {row['version']}" for row in (found or rows)[:20])
    fault = "is more than one version" if found else "is no version"
    raise PipelineError(
        f"{asked!r} {fault} of a model. Name one by name and number, or by the start of its id; "
        f"there are: {known or 'none yet, train one with kedro run'}."
    )


def check_name(rows: list[Row], name: str) -> None:
    """Pass if there is a version of the name.

    Raises:
        PipelineError: there is none; the message says which names there are.
    """
    known = sorted({row["name"] for row in rows})
    if name not in known:
        raise PipelineError(
            f"There is no model {name!r}. There is: "
            f"{', '.join(known) or 'none yet, train one with kedro run'}."
        )


def promote_version(
    engine: Engine, row: Row, to_stage: str, approval: Approval, production: Row | None
) -> None:
    """Put a version in staging or production.

    Args:
        engine: the database.
        row: the version.
        to_stage: `staging` or `production`.
        approval: who, why, and whether it was forced.
        production: the version in production that it was compared with, None if there was none.

    Raises:
        PipelineError: it is there already, or another was promoted meanwhile.
        SyncError: it is promoted, but MLflow could not be told.
    """

    def change(connection: Connection) -> None:
        now = _reread(connection, row)
        if now["stage"] == to_stage:
            raise PipelineError(
                f"{version_title(now)} is in {to_stage} already: nothing to change."
            )
        if now["stage"] == "production":
            raise PipelineError(
                f"{version_title(now)} is in production. Promote another version, or go back to "
                f"the one before: kedro model rollback {now['name']}"
            )
        if to_stage == "production":
            _check_unmoved(connection, row["name"], production)
        stages.promote(connection, now, to_stage, approval)

    _change(engine, row["name"], change)


def reject_version(engine: Engine, row: Row, approval: Approval) -> None:
    """Archive a version, whatever its stage.

    Raises:
        PipelineError: it is archived already.
        SyncError: it is archived, but MLflow could not be told.
    """

    def change(connection: Connection) -> None:
        now = _reread(connection, row)
        if now["stage"] == "archived":
            raise PipelineError(f"{version_title(now)} is archived already: nothing to change.")
        stages.reject(connection, now, approval)

    _change(engine, row["name"], change)


def roll_back_name(engine: Engine, name: str, approval: Approval, production: Row | None) -> Row:
    """Put the version in production again that was so before the one that is now.

    Args:
        engine: the database.
        name: what the model forecasts.
        approval: who and why.
        production: the version in production when this was decided, None if there was none.

    Returns:
        The row of the version that is in production now.

    Raises:
        PipelineError: there was none before, or another was promoted meanwhile.
        SyncError: it is in production, but MLflow could not be told.
    """

    def change(connection: Connection) -> Row:
        _check_unmoved(connection, name, production)
        return stages.roll_back(connection, name, approval)

    back: Row = _change(engine, name, change)
    return back


def _change(engine: Engine, name: str, change: Callable[[Connection], Any]) -> Any:
    mlflow_sync.check_reachable()
    with engine.begin() as connection:
        stages.lock_name(connection, name)
        result = change(connection)
    mlflow_sync.sync_name(engine, name)
    return result


def _reread(connection: Connection, row: Row) -> Row:
    """Read a version anew, now that nobody else can change it."""
    rows = stages.versions_of(connection, row["name"])
    return next(each for each in rows if each["model_id"] == row["model_id"])


def _check_unmoved(connection: Connection, name: str, production: Row | None) -> None:
    now = stages.in_stage(stages.versions_of(connection, name), "production")
    if (now and now["model_id"]) == (production and production["model_id"]):
        return
    seen = "none" if production is None else f"version {production['version']}"
    is_now = (
        "none is"
        if now is None
        else f"version {now['version']} is, approved by {now['approved_by']}"
    )
    raise PipelineError(
        f"Somebody else changed what is in production for {name} at the same time: it was {seen} "
        f"when this was decided, and {is_now}. Nothing was changed here. Look at `kedro model list`"
        ", then run the command again if it is still wanted."
    )
