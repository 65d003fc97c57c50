"""`kedro model`: list, promote, roll back and verify model versions."""

import logging
from collections.abc import Callable
from functools import update_wrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from kedro.framework.startup import ProjectMetadata

from triptych.commands.user_errors import user_errors

if TYPE_CHECKING:
    from triptych.registry.classifier_comparison import ClassifierComparison
    from triptych.registry.models import ModelRegistry
    from triptych.registry.stages import Row
    from triptych.registry.version_comparison import Comparison

_LONGEST_NAME = 200  # the column model_transitions.who
_COMPARISON_FIRST = (
    "Nothing was changed. Train a better model (kedro run), or override with --force, which is "
    "recorded with the reason."
)


@click.group()
def model() -> None:
    """Manage model versions."""


def _command(*names: str) -> Callable[[Callable[..., None]], click.Command]:
    """Register a command with the option --env, the project path and error messages."""

    def decorate(function: Callable[..., None]) -> click.Command:
        def guarded(metadata: ProjectMetadata, /, **options: Any) -> None:
            # only print the command's own output
            logging.getLogger("triptych").setLevel(logging.WARNING)
            logging.getLogger("urllib3").setLevel(
                logging.ERROR
            )  # hide retries; the final error is reported
            with user_errors():
                function(Path(metadata.project_path), **options)

        with_env = click.option("--env", "-e", help="Environment of conf/, as for kedro run.")
        return model.command(*names)(with_env(update_wrapper(click.pass_obj(guarded), function)))

    return decorate


def _version(function: Callable[..., None]) -> Callable[..., None]:
    function = click.argument("version", type=int, required=False)(function)
    return click.argument("name")(function)


def _approved(function: Callable[..., None]) -> Callable[..., None]:
    function = click.option(
        "--reason", required=True, callback=_said, help="Reason for the change."
    )(function)
    return click.option("--by", required=True, callback=_said, help="Name of the approver.")(
        function
    )


def _said(_: click.Context, parameter: click.Parameter, value: str) -> str:
    if not value.strip():
        raise click.BadParameter("must not be empty, because it is recorded.")
    if parameter.name == "by" and len(value) > _LONGEST_NAME:
        raise click.BadParameter(f"at most {_LONGEST_NAME} characters.")
    return value.strip()


@_command("list")
@click.argument("name", required=False)
def list_command(project: Path, name: str | None, env: str | None) -> None:
    """List versions, optionally only those of NAME."""
    from triptych.commands.model_tables import list_lines
    from triptych.commands.project import open_registry

    rows = open_registry(project, env).list_models()
    for line in list_lines([row for row in rows if name in (None, row["name"])]):
        click.echo(line)


@_command("show")
@_version
def show_command(project: Path, name: str, version: int | None, env: str | None) -> None:
    """Show a version and its history: NAME VERSION, or the start of its model id."""
    from triptych.commands.model_tables import show_lines

    registry, row = _find(project, env, name, version)
    for line in show_lines(row, registry.history(row["name"])):
        click.echo(line)


@_command("promote")
@_version
@click.option(
    "--to",
    "to_stage",
    type=click.Choice(["staging", "production"]),
    default="production",
    show_default=True,
)
@_approved
@click.option("--force", is_flag=True, help="Skip the comparison; recorded.")
def promote_command(
    project: Path,
    name: str,
    version: int | None,
    to_stage: str,
    by: str,
    reason: str,
    force: bool,
    env: str | None,
) -> None:
    """Promote a version: NAME VERSION, or the start of its model id.

    It must be significantly better than the production version: on enough days that neither was
    trained on or, for photos and reviews, on the items that both predicted.
    """
    from triptych.registry.stages import Approval
    from triptych.registry.transitions import promote_version

    registry, row = _find(project, env, name, version)
    production = _in_production(registry, row["name"])
    registry.load(row)  # a version that cannot be loaded must not be promoted
    if (
        to_stage == "production"
        and production is not None
        and production["model_id"] != row["model_id"]
    ):
        _compare(registry, project, env, row, production, force)
    promote_version(registry.engine, row, to_stage, Approval(by, reason, force), production)
    click.echo(f"{row['name']} version {row['version']} is in {to_stage}, approved by {by}.")


@_command("reject")
@_version
@_approved
def reject_command(
    project: Path, name: str, version: int | None, by: str, reason: str, env: str | None
) -> None:
    """Archive a version: NAME VERSION, or the start of its model id."""
    from triptych.registry.stages import Approval
    from triptych.registry.transitions import reject_version

    registry, row = _find(project, env, name, version)
    reject_version(registry.engine, row, Approval(by, reason))
    click.echo(f"{row['name']} version {row['version']} is archived.")
    if _in_production(registry, row["name"]) is None:
        click.echo(
            f"No version of {row['name']} is in production now. Use kedro model rollback or "
            "promote."
        )


@_command("rollback")
@click.argument("name")
@_approved
def rollback_command(project: Path, name: str, by: str, reason: str, env: str | None) -> None:
    """Restore the previous production version of NAME."""
    from triptych.commands.project import open_registry
    from triptych.registry.stages import Approval
    from triptych.registry.transitions import check_name, roll_back_name

    registry = open_registry(project, env)
    check_name(registry.list_models(), name)
    production = _in_production(registry, name)
    back = roll_back_name(registry.engine, name, Approval(by, reason), production)
    click.echo(f"{name} version {back['version']} is in production again, approved by {by}.")


@_command("check")
def check_command(project: Path, env: str | None) -> None:
    """Compare MLflow's registry with the database, and verify the files of every version.

    Exit code 1 if they differ or if files are missing or changed.
    """
    from triptych.commands.project import open_registry
    from triptych.registry.mlflow_sync import compare

    registry = open_registry(project, env)
    differences, broken = compare(registry.engine), registry.broken_files()
    for message in (*differences, *broken):
        click.echo(str(message))
    if differences or broken:
        raise click.ClickException(" ".join([*_differing(len(differences)), *_broken(broken)]))
    click.echo("MLflow's registry matches the database; the files of all versions are intact.")


@_command("sync")
def sync_command(project: Path, env: str | None) -> None:
    """Update MLflow's registry to match the database."""
    from triptych.commands.project import open_registry
    from triptych.registry import mlflow_sync

    engine = open_registry(project, env).engine
    differences = mlflow_sync.compare(engine)
    for difference in differences:
        click.echo(str(difference))
    for name in dict.fromkeys(difference.name for difference in differences):
        mlflow_sync.sync_name(engine, name)
    click.echo(f"MLflow's registry matches the database. Differences fixed: {len(differences)}.")


def _differing(count: int) -> list[str]:
    return [f"{count} differences. Update MLflow with: kedro model sync."] if count else []


def _broken(broken: list[str]) -> list[str]:
    if not broken:
        return []
    return [
        f"The files of {len(broken)} versions are missing or changed. Restore data/mlflow.db and "
        "data/mlartifacts from the same backup (docs/operations.md)."
    ]


def _find(
    project: Path, env: str | None, name: str, version: int | None
) -> "tuple[ModelRegistry, Row]":
    from triptych.commands.project import open_registry
    from triptych.registry.transitions import find_version

    registry = open_registry(project, env)
    return registry, find_version(registry.list_models(), name, version)


def _in_production(registry: "ModelRegistry", name: str) -> "Row | None":
    from triptych.registry.stages import in_stage

    return in_stage((row for row in registry.list_models() if row["name"] == name), "production")


def _compare(
    registry: "ModelRegistry",
    project: Path,
    env: str | None,
    row: "Row",
    production: "Row",
    force: bool,
) -> None:
    """Compare both on the same targets; raise unless the candidate is better or forced."""
    from triptych.commands.project import preprocessing_parameters, registry_parameters
    from triptych.errors import PipelineError
    from triptych.forecasting.errors import ForecastingError
    from triptych.registry.classifier_comparison import PREDICTIONS, compare_classifiers
    from triptych.registry.version_comparison import compare_versions

    found: Comparison | ClassifierComparison
    rule = registry_parameters(project, env)
    try:
        if row["kind"] in PREDICTIONS:
            found = compare_classifiers(registry.engine, row, production, rule)
        else:
            treated = preprocessing_parameters(project, env)
            found = compare_versions(registry, row, production, treated, rule)
        said, objection = f"{found}.", found.objection and f" {found.objection}."
    except (PipelineError, ForecastingError) as error:
        said, objection = f"{str(error).rstrip('.')}.", ""
    if objection is not None and not force:
        raise PipelineError(
            f"{row['name']} version {row['version']} is not promoted: {said}{objection} "
            f"{_COMPARISON_FIRST}"
        )
    click.echo(f"{said[0].upper()}{said[1:]}{objection or ''}")
