"""`kedro reproduce`: train a run again, and see whether it comes out the same."""

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
@click.option("--all", "every", is_flag=True, help="Every run that trained; prints the share.")
@click.option("--env", "-e", help="Environment of conf/ that names MLflow's store.")
@click.pass_obj
def reproduce(metadata: ProjectMetadata, run_id: str | None, every: bool, env: str | None) -> None:
    """Train RUN_ID (an MLflow run, or the start of its id) again and compare every bit.

    It takes the run's own parameters and rows. Nothing is registered or predicted; the run gets a
    tag, triptych.reproduced, for kedro model audit. Exit code 1 if a model, the rows or a metric
    differ.
    """
    if every == (run_id is not None):
        raise click.UsageError("Name one RUN_ID, or --all.")
    for name in ("kedro.runner", "triptych"):  # the command speaks for itself
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
    from triptych.registry.reproduction.status import try_again

    found = try_again(project, tracked, tracked.find(run_id))
    for line in lines(found):
        click.echo(line)
    return found.equal


def _all(project: Path, tracked: "Tracked") -> bool:
    from triptych.errors import PipelineError
    from triptych.registry.reproduction.report import summary
    from triptych.registry.reproduction.status import try_again

    runs = tracked.training()
    same = 0
    for run in runs:
        try:
            found = try_again(project, tracked, run)
        except PipelineError as error:
            click.echo(f"{run.info.run_id}  FAILED      {error}")
            continue
        same += found.equal
        click.echo(summary(found))
    share = f" ({same / len(runs):.0%})" if runs else ""
    click.echo(f"{same} of {len(runs)} training runs reproduce bit for bit{share}.")
    return same == len(runs)
