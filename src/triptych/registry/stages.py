"""Stages of model versions in the tables, which are authoritative (see mlflow_sync)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert, select, text, update

from triptych.errors import PipelineError
from triptych.store.tables import model_transitions, models

Row = dict[str, Any]
# The stage of a version whose place another takes
_REPLACED = {"production": "archived", "staging": "candidate"}


@dataclass(frozen=True)
class Approval:
    """Who approved a change, and why; `forced` if the comparison was overridden."""

    who: str
    why: str
    forced: bool = False


def lock_name(connection: Connection, name: str) -> None:
    """Let one process at a time change the versions of a name, until the transaction ends.

    On SQLite a transaction that writes is alone anyway.
    """
    if connection.dialect.name == "postgresql":
        key = text("SELECT pg_advisory_xact_lock(hashtext(:name))")
        connection.execute(key, {"name": f"triptych.models.{name}"})


def versions_of(connection: Connection, name: str) -> list[Row]:
    """The rows of `models` of a name, by version."""
    query = select(models).where(models.c.name == name).order_by(models.c.version)
    return [dict(row) for row in connection.execute(query).mappings()]


def transitions_of(connection: Connection, name: str) -> list[Row]:
    """The history of a name: rows of `model_transitions` with `version`, oldest first."""
    query = (
        select(model_transitions, models.c.version)
        .join_from(model_transitions, models)
        .where(models.c.name == name)
        .order_by(model_transitions.c.id)
    )
    return [dict(row) for row in connection.execute(query).mappings()]


def version_title(row: Row) -> str:
    """Name a version in messages."""
    return f"{row['name']} version {row['version']}"


def in_stage(rows: Iterable[Row], stage: str) -> Row | None:
    """The version that is in `staging` or `production`; at most one is."""
    return next((row for row in rows if row["stage"] == stage), None)


def promote(connection: Connection, row: Row, to_stage: str, approval: Approval) -> None:
    """Put a version in staging or production; PipelineError if it is there, or in production.

    The one that was there leaves it: from production to archived, from staging to candidate.
    """
    rows, now = _reread(connection, row)
    if now["stage"] == to_stage:
        raise PipelineError(f"{version_title(now)} is in {to_stage} already: nothing to change.")
    if now["stage"] == "production":
        raise PipelineError(
            f"{version_title(now)} is in production. Promote another version, or go back to "
            f"the one before: kedro model rollback {now['name']}"
        )
    occupant = in_stage(rows, to_stage)
    if occupant is not None:
        moved = Approval(approval.who, f"replaced by version {row['version']}: {approval.why}")
        _move(connection, occupant, "replace", _REPLACED[to_stage], moved)
    _move(connection, now, "promote", to_stage, approval)


def reject(connection: Connection, row: Row, approval: Approval) -> None:
    """Archive a version, which no rollback brings back; PipelineError if it is archived already."""
    _, now = _reread(connection, row)
    if now["stage"] == "archived":
        raise PipelineError(f"{version_title(now)} is archived already: nothing to change.")
    _move(connection, now, "reject", "archived", approval)


def roll_back(connection: Connection, name: str, approval: Approval) -> Row:
    """Undo the latest promotion that still stands, and return the version before it.

    What was rolled back from or rejected does not come back by itself. PipelineError if nothing was
    in production before.
    """
    rows = versions_of(connection, name)
    production = in_stage(rows, "production")
    now = None if production is None else production["model_id"]
    target = previous_production(transitions_of(connection, name), now)
    if target is None:
        before = "now" if production is None else f"version {production['version']}"
        raise PipelineError(
            f"No version of {name} was in production before {before}, so there is nothing to go "
            "back to. `kedro model list` shows what can be promoted; `kedro model reject` takes a "
            "version out of use."
        )
    back = next(row for row in rows if row["model_id"] == target)
    if production is not None:
        _move(connection, production, "rollback", "archived", approval)
    _move(connection, back, "rollback", "production", approval)
    return back


def check_production(connection: Connection, name: str, seen: Row | None) -> None:
    """Raise PipelineError if another production version than `seen` replaced it meanwhile."""
    now = in_stage(versions_of(connection, name), "production")
    if (now and now["model_id"]) == (seen and seen["model_id"]):
        return
    was = f"version {seen['version']}" if seen else "none"
    is_now = f"version {now['version']} is, approved by {now['approved_by']}" if now else "none is"
    raise PipelineError(
        f"Somebody else changed what is in production for {name} at the same time: it was {was} "
        f"when this was decided, and {is_now}. Nothing was changed here. Look at `kedro model list`"
        ", then run the command again if it is still wanted."
    )


def previous_production(
    transitions: Sequence[Mapping[str, Any]], production: str | None
) -> str | None:
    """The model that a rollback puts in production, from the transitions, oldest first."""
    standing: list[str] = []
    for row in transitions:
        if row["action"] == "reject":
            standing = [model for model in standing if model != row["model_id"]]
        elif row["to_stage"] == "production" and row["action"] == "promote":
            standing.append(row["model_id"])
        elif row["to_stage"] == "production":
            while standing and standing[-1] != row["model_id"]:
                standing.pop()
    while standing and standing[-1] == production:
        standing.pop()
    return standing[-1] if standing else None


def _reread(connection: Connection, row: Row) -> tuple[list[Row], Row]:
    """Read a name's versions and the one of `row`, now that nobody else can change them."""
    rows = versions_of(connection, row["name"])
    return rows, next(each for each in rows if each["model_id"] == row["model_id"])


def _move(connection: Connection, row: Row, action: str, to_stage: str, approval: Approval) -> None:
    now = datetime.now(UTC)
    changes: Row = {"stage": to_stage}
    if to_stage == "production" or action == "promote":
        changes |= {"approved_by": approval.who, "approved_at": now}
    connection.execute(update(models).where(models.c.model_id == row["model_id"]).values(**changes))
    connection.execute(
        insert(model_transitions).values(
            model_id=row["model_id"],
            action=action,
            from_stage=row["stage"],
            to_stage=to_stage,
            who=approval.who,
            why=approval.why,
            forced=approval.forced,
            at=now,
        )
    )
