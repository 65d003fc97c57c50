"""`kedro model`: list, promote, roll back, verify and audit model versions."""

import json
import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path

import click

from triptych.commands.model_tables import list_lines, show_lines
from triptych.commands.project import open_registry, project_command, read_configuration
from triptych.commands.reproduce import reproduce_all
from triptych.errors import PipelineError
from triptych.forecasting.errors import ForecastingError
from triptych.parameters.forecasting import PreprocessingParameters, RegistryParameters
from triptych.registry import mlflow_sync, stages
from triptych.registry.audit import format_report, gather
from triptych.registry.comparison import PREDICTIONS, compare_classifiers, compare_forecasters
from triptych.registry.models import ModelRegistry
from triptych.registry.reproduction.reproduce import REPRODUCED_TAG, TrackedRuns
from triptych.registry.stages import Approval, Row, version_title

_LONGEST_NAME = 200  # the column model_transitions.who


@click.group()
def model() -> None:
    """Manage model versions."""


_command = partial(project_command, group=model)


def _version(function: Callable[..., None]) -> Callable[..., None]:
    function = click.argument("version", type=int, required=False)(function)
    return click.argument("name")(function)


def _approved(function: Callable[..., None]) -> Callable[..., None]:
    reason = click.option(
        "--reason", required=True, callback=_not_empty, help="Reason for the change."
    )
    by = click.option("--by", required=True, callback=_not_empty, help="Name of the approver.")
    return by(reason(function))


def _not_empty(_: click.Context, parameter: click.Parameter, value: str) -> str:
    if not value.strip():
        raise click.BadParameter("must not be empty, because it is recorded.")
    if parameter.name == "by" and len(value) > _LONGEST_NAME:
        raise click.BadParameter(f"at most {_LONGEST_NAME} characters.")
    return value.strip()


@_command("list")
@click.argument("name", required=False)
def list_command(project: Path, name: str | None, env: str | None) -> None:
    """List versions, optionally only those of NAME."""
    rows = open_registry(project, env).list_models()
    click.echo("\n".join(list_lines([row for row in rows if name in (None, row["name"])])))


@_command("show")
@_version
def show_command(project: Path, name: str, version: int | None, env: str | None) -> None:
    """Show a version and its history: NAME VERSION, or the start of its model id."""
    registry = open_registry(project, env)
    row = registry.find(name, version)
    click.echo("\n".join(show_lines(row, registry.history(row["name"]))))


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
    registry = open_registry(project, env)
    row = registry.find(name, version)
    production = registry.in_production(row["name"])
    registry.load(row)  # a version that cannot be loaded must not be promoted
    if to_stage == "production" and production and production["model_id"] != row["model_id"]:
        _compare(registry, project, env, row, production, force)
    with mlflow_sync.changing(registry.engine, row["name"]) as connection:
        if to_stage == "production":
            stages.check_production(connection, row["name"], production)
        stages.promote(connection, row, to_stage, Approval(by, reason, force))
    click.echo(f"{version_title(row)} is in {to_stage}, approved by {by}.")


def _compare(
    registry: ModelRegistry, project: Path, env: str | None, row: Row, production: Row, force: bool
) -> None:
    """Compare both versions; PipelineError unless the candidate is better or it is forced."""
    parameters = read_configuration(project, env)["parameters"]
    rule = RegistryParameters.model_validate(parameters["registry"])
    try:
        if row["kind"] in PREDICTIONS:
            found = compare_classifiers(registry.engine, row, production, rule)
        else:
            preprocessing = PreprocessingParameters.model_validate(parameters["preprocessing"])
            found = compare_forecasters(registry, row, production, preprocessing, rule)
        text, objection = f"{found.text}.", found.objection and f" {found.objection}."
    except (PipelineError, ForecastingError) as error:
        text, objection = f"{str(error).rstrip('.')}.", ""
    if objection is not None and not force:
        raise PipelineError(
            f"{version_title(row)} is not promoted: {text}{objection} Nothing was changed. Train a "
            "better model (kedro run), or override with --force, which is recorded with the reason."
        )
    click.echo(f"{text[0].upper()}{text[1:]}{objection or ''}")


@_command("reject")
@_version
@_approved
def reject_command(
    project: Path, name: str, version: int | None, by: str, reason: str, env: str | None
) -> None:
    """Archive a version: NAME VERSION, or the start of its model id."""
    registry = open_registry(project, env)
    row = registry.find(name, version)
    with mlflow_sync.changing(registry.engine, row["name"]) as connection:
        stages.reject(connection, row, Approval(by, reason))
    click.echo(f"{version_title(row)} is archived.")
    if registry.in_production(row["name"]) is None:
        click.echo(
            f"No version of {row['name']} is in production now. Use kedro model rollback or "
            "promote."
        )


@_command("rollback")
@click.argument("name")
@_approved
def rollback_command(project: Path, name: str, by: str, reason: str, env: str | None) -> None:
    """Restore the previous production version of NAME."""
    registry = open_registry(project, env)
    names = sorted({row["name"] for row in registry.list_models()})
    if name not in names:
        known = ", ".join(names) or "none yet, train one with kedro run"
        raise PipelineError(f"There is no model {name!r}. There is: {known}.")
    production = registry.in_production(name)
    with mlflow_sync.changing(registry.engine, name) as connection:
        stages.check_production(connection, name, production)
        back = stages.roll_back(connection, name, Approval(by, reason))
    click.echo(f"{name} version {back['version']} is in production again, approved by {by}.")


@_command("check")
def check_command(project: Path, env: str | None) -> None:
    """Compare MLflow's registry with the database, and verify the files of every version.

    Exit code 1 if they differ or if files are missing or changed.
    """
    registry = open_registry(project, env)
    differences, broken = mlflow_sync.compare(registry.engine), registry.broken_files()
    for message in (*differences, *broken):
        click.echo(message)
    advice = []
    if differences:
        advice.append(f"{len(differences)} differences. Update MLflow with: kedro model sync.")
    if broken:
        advice.append(
            f"The files of {len(broken)} versions are missing or changed. Restore data/mlflow.db "
            "and data/mlartifacts from the same backup (docs/operations.md)."
        )
    if advice:
        raise click.ClickException(" ".join(advice))
    click.echo("MLflow's registry matches the database; the files of all versions are intact.")


@_command("sync")
def sync_command(project: Path, env: str | None) -> None:
    """Update MLflow's registry to match the database."""
    fixed = mlflow_sync.sync(open_registry(project, env).engine)
    for difference in fixed:
        click.echo(difference)
    click.echo(f"MLflow's registry matches the database. Differences fixed: {len(fixed)}.")


@_command("audit")
@click.option("--reproduce", "retry", is_flag=True, help="Retrain runs that were never reproduced.")
@click.option("--json", "as_json", is_flag=True, help="Print all figures per run as JSON.")
def audit_command(project: Path, retry: bool, as_json: bool, env: str | None) -> None:
    """Report which runs are traceable to code, data and parameters, and which reproduce."""
    logging.getLogger("triptych").setLevel(logging.ERROR)  # only print the report
    registry = open_registry(project, env)
    tracked = TrackedRuns.of(project, env)
    if retry:
        untried = [run for run in tracked.training() if REPRODUCED_TAG not in run.data.tags]
        reproduce_all(project, untried, err=True)
    report = gather(project, tracked, registry)
    click.echo(json.dumps(report, indent=2) if as_json else format_report(report))
