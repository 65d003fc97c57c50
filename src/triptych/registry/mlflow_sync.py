"""Synchronization of MLflow's model registry with the tables: versions, stages, aliases.

The tables are authoritative. After a crash or an outage of MLflow, the next change of the name or
`kedro model sync` updates MLflow.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from textwrap import shorten
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, select

from triptych.errors import PipelineError
from triptych.registry.run_tags import STAGE_TAG, tag_runs
from triptych.registry.stages import Row, in_stage, versions_of
from triptych.registry.tracking import MODEL_TAG
from triptych.store.engine import reading
from triptych.store.tables import models

if TYPE_CHECKING:
    from mlflow import MlflowClient

ALIASES = ("staging", "production")
_ROUNDS = 4
VERSION_TAG = "triptych.version"


class SyncError(PipelineError):
    """The tables were changed, but MLflow could not be updated."""


@dataclass(frozen=True)
class Difference:
    """A difference between MLflow and the tables, and the action that resolves it."""

    name: str
    text: str
    resolve: Callable[[], object]

    def __str__(self) -> str:
        return f"{self.name}: {self.text}"


def check_reachable() -> None:
    """Check before a change that MLflow's registry responds.

    Raises:
        PipelineError: it does not respond.
    """
    try:
        _client().search_registered_models(max_results=1)
    except _faults() as error:
        raise PipelineError(
            f"MLflow's registry does not answer, so nothing was changed: {_short(error)}. It is "
            "data/mlflow.db unless MLFLOW_TRACKING_URI names another: bring that one up, then run "
            "again."
        ) from error


def compare(engine: Engine) -> list[Difference]:
    """List the differences between MLflow and the tables, for every name."""
    with reading(engine) as connection:
        names = connection.scalars(select(models.c.name).distinct().order_by(models.c.name)).all()
    return [found for name in names for found in _compare_name(engine, name)]


def sync_name(engine: Engine, name: str) -> list[Difference]:
    """Update a name in MLflow to match the tables.

    No lock is held while MLflow responds. Each writer compares again afterwards, so that the last
    of several concurrent writers leaves MLflow equal to the tables.

    Returns:
        The resolved differences.

    Raises:
        SyncError: a difference could not be resolved.
    """
    repaired: list[Difference] = []
    failed: list[str] = []
    for _ in range(_ROUNDS):
        try:
            found = _compare_name(engine, name)
        except _faults() as error:
            raise SyncError(_untold([f"{name}: {_short(error)}"])) from error
        if not found:
            return repaired
        before, failed = failed, _apply(found)
        if failed and failed == before:
            break
        repaired += found
    raise SyncError(_untold(failed or [str(difference) for difference in found]))


def _apply(found: list[Difference]) -> list[str]:
    failed = []
    for difference in found:
        try:
            difference.resolve()
        except _faults() as error:
            failed.append(f"{difference} ({_short(error)})")
    return failed


def _compare_name(engine: Engine, name: str) -> list[Difference]:
    with reading(engine) as connection:
        rows = versions_of(connection, name)
    return _differences(_client(), name, rows)


def _differences(client: "MlflowClient", name: str, rows: list[Row]) -> list[Difference]:
    registered = _find_registered(client, name)
    there = {} if registered is None else _versions_there(client, name)
    numbers = {model_id: str(found.version) for model_id, found in there.items()}
    found = []
    if registered is None:
        text = "MLflow has no registered model of this name"
        found.append(Difference(name, text, partial(client.create_registered_model, name)))
    for row in rows:
        version, logged = row["version"], there.get(row["model_id"])
        if logged is None:
            text = f"version {version} is not in MLflow"
            found.append(Difference(name, text, partial(_add, client, name, row, numbers)))
        elif logged.tags.get(STAGE_TAG) != row["stage"]:
            stage = logged.tags.get(STAGE_TAG, "without a stage")
            text = f"version {version} is {row['stage']} in the database, {stage} in MLflow"
            found.append(Difference(name, text, partial(_tag, client, name, row, numbers)))
    aliases = {} if registered is None else registered.aliases
    for alias in ALIASES:
        row_in_stage = in_stage(rows, alias)
        pointed = str(aliases[alias]) if alias in aliases else None
        state = "not set" if pointed is None else f"at its version {pointed}"
        if row_in_stage is None and pointed is not None:
            text = f"no version is in {alias} in the database; MLflow's alias {alias} is {state}"
            clear = partial(client.delete_registered_model_alias, name, alias)
            found.append(Difference(name, text, clear))
        elif row_in_stage and pointed != numbers.get(row_in_stage["model_id"], "none"):
            text = (
                f"version {row_in_stage['version']} is in {alias} in the database; MLflow's alias "
                f"{alias} is {state}"
            )
            point = partial(_point, client, name, alias, row_in_stage, numbers)
            found.append(Difference(name, text, point))
    return found


def _add(client: "MlflowClient", name: str, row: Row, numbers: dict[str, str]) -> None:
    version = client.create_model_version(
        name,
        row["model_uri"],
        row["mlflow_run_id"],
        tags={
            MODEL_TAG: row["model_id"],
            VERSION_TAG: str(row["version"]),
            STAGE_TAG: row["stage"],
        },
        model_id=row["model_uri"].removeprefix("models:/"),
        await_creation_for=0,
    )
    numbers[row["model_id"]] = str(version.version)


def _tag(client: "MlflowClient", name: str, row: Row, numbers: Mapping[str, str]) -> None:
    tag_runs(client, row)  # first: synchronization compares the tag of the version
    client.set_model_version_tag(name, numbers[row["model_id"]], STAGE_TAG, row["stage"])


def _point(
    client: "MlflowClient", name: str, alias: str, row: Row, numbers: Mapping[str, str]
) -> None:
    number = numbers.get(row["model_id"])
    if number is not None:  # otherwise the missing version is reported already
        client.set_registered_model_alias(name, alias, number)


def _find_registered(client: "MlflowClient", name: str) -> Any:
    from mlflow.exceptions import MlflowException

    try:
        return client.get_registered_model(name)
    except MlflowException as error:
        if error.error_code == "RESOURCE_DOES_NOT_EXIST":
            return None
        raise


def _versions_there(client: "MlflowClient", name: str) -> dict[str, Any]:
    """MLflow's versions by our model id: it numbers them itself, so the number proves nothing."""
    found: dict[str, Any] = {}
    token: str | None = None
    while token != "":
        page = client.search_model_versions(f"name='{name}'", page_token=token)
        for version in sorted(page, key=lambda version: int(version.version)):
            if MODEL_TAG in version.tags:
                found.setdefault(version.tags[MODEL_TAG], version)
        token = page.token or ""
    return found


def _client() -> "MlflowClient":
    import mlflow

    return mlflow.MlflowClient()


def _faults() -> tuple[type[Exception], ...]:
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import DBAPIError

    return MlflowException, DBAPIError, OSError


def _short(error: BaseException) -> str:
    return shorten(str(error), 300, placeholder=" …").rstrip(".")


def _untold(failed: list[str]) -> str:
    return (
        "The database is changed, and it is what counts; but MLflow's registry could not follow: "
        f"{'; '.join(failed)}. Bring MLflow up, then: kedro model sync"
    )
