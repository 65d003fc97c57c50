"""`kedro reproduce`: retrain a run and compare the result."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING

import click
from kedro.framework.startup import ProjectMetadata

from triptych.commands.user_errors import user_errors

if TYPE_CHECKING:
    from triptych.registry.reproduction.reproduce import Tracked


@click.command()
@click.argument("run_id", required=False)
@click.option(
    "--all", "every", is_flag=True, help="All training runs; prints the share that reproduces."
)
@click.option("--env", "-e", help="Environment of conf/, as for kedro run.")
@click.pass_obj
def reproduce(metadata: ProjectMetadata, run_id: str | None, every: bool, env: str | None) -> None:
    """Retrain RUN_ID (an MLflow run id or its start) and compare the result bit for bit.

    Uses the parameters and rows of the run. Nothing is registered or predicted; the run gets the
    tag triptych.reproduced, used by kedro model audit. Exit code 1 if a model, the rows or a
    metric differ.
    """
    if every == (run_id is not None):
        raise click.UsageError("Pass either a RUN_ID or --all.")
    for name in ("kedro.runner", "triptych"):  # only print the result
        logging.getLogger(name).setLevel(logging.WARNING)
    project = Path(metadata.project_path)
    with user_errors():
        from triptych.commands.project import read_configuration
        from triptych.registry.reproduction.reproduce import Tracked

        tracked = Tracked.of(read_configuration(project, env))
        same = _all(project, tracked) if run_id is None else _one(project, tracked, run_id)
    if not same:
        click.get_current_context().exit(1)


def _one(project: Path, tracked: "Tracked", run_id: str) -> bool:
    from triptych.registry.reproduction.report import lines
    from triptych.registry.reproduction.status import reproduce_and_record

    found = reproduce_and_record(project, tracked, tracked.find(run_id))
    for line in lines(found):
        click.echo(line)
    return found.equal


def _all(project: Path, tracked: "Tracked") -> bool:
    from triptych.errors import PipelineError
    from triptych.registry.reproduction.report import summary
    from triptych.registry.reproduction.status import reproduce_and_record

    runs = tracked.training()
    same = 0
    for run in runs:
        try:
            found = reproduce_and_record(project, tracked, run)
        except PipelineError as error:
            click.echo(f"{run.info.run_id}  FAILED      {error}")
            continue
        same += found.equal
        click.echo(summary(found))
    share = f" ({same / len(runs):.0%})" if runs else ""
    click.echo(f"{same} of {len(runs)} training runs reproduce bit for bit{share}.")
    return same == len(runs)
