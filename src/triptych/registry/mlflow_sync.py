"""Synchronization of MLflow's model registry with the tables: versions, stages, aliases.

The tables are authoritative. After a crash or an outage of MLflow, the next change of the name or
`kedro model sync` updates MLflow.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from textwrap import shorten
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, select

from triptych.errors import PipelineError
from triptych.registry.stages import Row, in_stage, lock_name, versions_of
from triptych.registry.tracking import MODEL_TAG, STAGE_TAG
from triptych.store.engine import reading
from triptych.store.tables import models

if TYPE_CHECKING:
    from mlflow import MlflowClient

_ROUNDS = 4  # versions, aliases, and changes of concurrent writers
_VERSION_TAG = "triptych.version"


class SyncError(PipelineError):
    """The tables were changed, but MLflow could not be updated."""


@contextmanager
def changing(engine: Engine, name: str) -> Iterator[Connection]:
    """Change the stages of a name in one transaction, alone, and then update MLflow.

    PipelineError if MLflow's registry does not respond: nothing is changed. SyncError if it could
    not be updated after the change.
    """
    import mlflow

    try:
        mlflow.MlflowClient().search_registered_models(max_results=1)
    except _faults() as error:
        raise PipelineError(
            f"MLflow's registry does not answer, so nothing was changed: {_short(error)}. It is "
            "data/mlflow.db unless MLFLOW_TRACKING_URI names another: bring that one up, then run "
            "again."
        ) from error
    with engine.begin() as connection:
        lock_name(connection, name)
        yield connection
    sync_name(engine, name)


def compare(engine: Engine) -> list[str]:
    """Describe the differences between MLflow and the tables, for every name."""
    return [text for name in _names(engine) for text in _differences(engine, name)]


def sync(engine: Engine) -> list[str]:
    """Update every name in MLflow; as `sync_name`."""
    return [text for name in _names(engine) for text in sync_name(engine, name)]


def sync_name(engine: Engine, name: str) -> list[str]:
    """Update a name in MLflow to match the tables, and return what differed.

    No lock is held while MLflow responds. Each writer compares again afterwards, so that the last
    of several concurrent writers leaves MLflow equal to the tables; SyncError if it cannot.
    """
    resolved: dict[str, object] = {}
    failed: list[str] = []
    for _ in range(_ROUNDS):
        try:
            found = _differences(engine, name)
        except _faults() as error:
            failed = [f"{name}: {_short(error)}"]
            break
        if not found:
            return list(resolved)
        resolved |= found
        failed = []
        for text, resolve in found.items():
            try:
                resolve()
            except _faults() as error:
                failed.append(f"{text} ({_short(error)})")
    raise SyncError(
        "The database is changed, and it is what counts; but MLflow's registry could not follow: "
        f"{'; '.join(failed or resolved)}. Bring MLflow up, then: kedro model sync"
    )


def _names(engine: Engine) -> list[str]:
    with reading(engine) as connection:
        names = select(models.c.name).distinct().order_by(models.c.name)
        return list(connection.scalars(names))


def _differences(engine: Engine, name: str) -> dict[str, Callable[[], object]]:
    """The differences of a name, each with the action that resolves it."""
    import mlflow

    with reading(engine) as connection:
        rows = versions_of(connection, name)
    client, query = mlflow.MlflowClient(), f"name='{name}'"
    found: dict[str, Callable[[], object]] = {}
    try:
        aliases = client.get_registered_model(name).aliases
        listed = mlflow.search_model_versions(filter_string=query)
    except mlflow.MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        aliases, listed = {}, []
        create = partial(client.create_registered_model, name)
        found["MLflow has no registered model of this name"] = create
    # by our model id: MLflow numbers versions itself
    there = {each.tags[MODEL_TAG]: each for each in listed if MODEL_TAG in each.tags}
    for row in rows:
        version, logged = f"version {row['version']}", there.get(row["model_id"])
        if logged is None:
            found[f"{version} is not in MLflow"] = partial(_add, client, row)
        elif logged.tags.get(STAGE_TAG) != row["stage"]:
            stage = logged.tags.get(STAGE_TAG, "without a stage")
            text = f"{version} is {row['stage']} in the database, {stage} in MLflow"
            found[text] = partial(_tag, client, row, logged.version)
    for alias in ("staging", "production"):
        live = in_stage(rows, alias)
        wanted = there.get(live["model_id"]) if live else None
        pointed = str(aliases[alias]) if alias in aliases else None
        if (pointed is None and live is None) or (wanted and str(wanted.version) == pointed):
            continue
        version = "no version" if live is None else f"version {live['version']}"
        state = "not set" if pointed is None else f"at its version {pointed}"
        text = f"{version} is in {alias} in the database; MLflow's alias {alias} is {state}"
        if wanted:
            point = partial(client.set_registered_model_alias, name, alias, wanted.version)
            found[text] = point
        elif live:  # resolved in the next round, when MLflow has the version
            found[text] = lambda: None
        else:
            found[text] = partial(client.delete_registered_model_alias, name, alias)
    return {f"{name}: {text}": resolve for text, resolve in found.items()}


def _add(client: "MlflowClient", row: Row) -> None:
    client.create_model_version(
        row["name"],
        row["model_uri"],
        row["mlflow_run_id"],
        tags={
            MODEL_TAG: row["model_id"],
            _VERSION_TAG: str(row["version"]),
            STAGE_TAG: row["stage"],
        },
        model_id=row["model_uri"].removeprefix("models:/"),
        await_creation_for=0,
    )


def _tag(client: "MlflowClient", row: Row, version: str) -> None:
    """Tag the runs that trained the model, then the version, which the comparison reads."""
    from mlflow.exceptions import MlflowException

    try:
        experiment = client.get_run(row["mlflow_run_id"]).info.experiment_id
        for run in client.search_runs([experiment], f"tags.`{MODEL_TAG}` = '{row['model_id']}'"):
            client.set_tag(run.info.run_id, STAGE_TAG, row["stage"])
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":  # the run was removed
            raise
    client.set_model_version_tag(row["name"], str(version), STAGE_TAG, row["stage"])


def _faults() -> tuple[type[Exception], ...]:
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import DBAPIError

    return MlflowException, DBAPIError, OSError


def _short(error: BaseException) -> str:
    return shorten(str(error), 300, placeholder=" …").rstrip(".")
