"""MLflow's model registry as a mirror of the tables: versions, their stage, the two aliases.

The tables are the truth. What MLflow lacks after a crash or a day away is found by comparing, and
put right by the next change of the name, or by `kedro model sync`.
"""

from collections.abc import Callable, Iterator, Mapping
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


class MirrorError(PipelineError):
    """The tables were changed; MLflow could not be told."""


@dataclass(frozen=True)
class Difference:
    """Something that MLflow has otherwise than the tables, and what puts it right."""

    name: str
    text: str
    repair: Callable[[], object]

    def __str__(self) -> str:
        return f"{self.name}: {self.text}"


def check_reachable() -> None:
    """Pass if MLflow's registry answers: asked before a change, so that none is half done.

    Raises:
        PipelineError: it does not.
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
    """What MLflow has otherwise than the tables, for every name."""
    with reading(engine) as connection:
        names = connection.scalars(select(models.c.name).distinct().order_by(models.c.name)).all()
    return [found for name in names for found in _compare_name(engine, name)]


def repair(engine: Engine, name: str) -> list[Difference]:
    """Bring a name in MLflow to what the tables say.

    No lock is held while MLflow is waited for. Who writes looks again afterwards, so that of two
    at once the last one leaves what the tables say by then.

    Returns:
        What was different.

    Raises:
        MirrorError: something could not be put right.
    """
    repaired: list[Difference] = []
    failed: list[str] = []
    for _ in range(_ROUNDS):
        try:
            found = _compare_name(engine, name)
        except _faults() as error:
            raise MirrorError(_untold([f"{name}: {_short(error)}"])) from error
        if not found:
            return repaired
        before, failed = failed, _apply(found)
        if failed and failed == before:
            break
        repaired += found
    raise MirrorError(_untold(failed or [str(difference) for difference in found]))


def _apply(found: list[Difference]) -> list[str]:
    failed = []
    for difference in found:
        try:
            difference.repair()
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
    aliases = {} if registered is None else registered.aliases
    mirrored = _Name(client, name, {model: str(found.version) for model, found in there.items()})
    steps = [
        *_of_name(mirrored, registered),
        *_of_versions(mirrored, rows, there),
        *_of_aliases(mirrored, rows, aliases),
    ]
    return [Difference(name, text, step) for text, step in steps]


@dataclass(frozen=True)
class _Name:
    """A registered model of MLflow, and its version numbers by our model ids."""

    client: "MlflowClient"
    name: str
    numbers: dict[str, str]

    def create(self) -> None:
        self.client.create_registered_model(self.name)

    def add(self, row: Row) -> None:
        version = self.client.create_model_version(
            self.name,
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
        self.numbers[row["model_id"]] = str(version.version)

    def tag(self, row: Row) -> None:
        tag_runs(self.client, row)  # first: the version's tag is what a repair looks at
        number = self.numbers[row["model_id"]]
        self.client.set_model_version_tag(self.name, number, STAGE_TAG, row["stage"])

    def point(self, alias: str, row: Row) -> None:
        number = self.numbers.get(row["model_id"])
        if number is not None:  # else it is said already that MLflow does not have the version
            self.client.set_registered_model_alias(self.name, alias, number)

    def clear(self, alias: str) -> None:
        self.client.delete_registered_model_alias(self.name, alias)


_Steps = Iterator[tuple[str, Callable[[], object]]]


def _of_name(mirrored: _Name, registered: Any) -> _Steps:
    if registered is None:
        yield "MLflow has no registered model of this name", mirrored.create


def _of_versions(mirrored: _Name, rows: list[Row], there: Mapping[str, Any]) -> _Steps:
    for row in rows:
        version, found = row["version"], there.get(row["model_id"])
        if found is None:
            yield f"version {version} is not in MLflow", partial(mirrored.add, row)
        elif found.tags.get(STAGE_TAG) != row["stage"]:
            stage = found.tags.get(STAGE_TAG, "without a stage")
            text = f"version {version} is {row['stage']} in the database, {stage} in MLflow"
            yield text, partial(mirrored.tag, row)


def _of_aliases(mirrored: _Name, rows: list[Row], aliases: Mapping[str, Any]) -> _Steps:
    for alias in ALIASES:
        live = in_stage(rows, alias)
        pointed = str(aliases[alias]) if alias in aliases else None
        there = "not set" if pointed is None else f"at its version {pointed}"
        if live is None and pointed is not None:
            text = f"no version is in {alias} in the database; MLflow's alias {alias} is {there}"
            yield text, partial(mirrored.clear, alias)
        if live is not None and pointed != mirrored.numbers.get(live["model_id"], "none"):
            text = (
                f"version {live['version']} is in {alias} in the database; MLflow's alias {alias} "
                f"is {there}"
            )
            yield text, partial(mirrored.point, alias, live)


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
