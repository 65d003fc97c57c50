"""`kedro reproduce`: retrain runs and compare the results."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from triptych.commands.error_messages import explain
from triptych.commands.project import project_command
from triptych.execution.progress import track
from triptych.registry.reproduction.reproduce import TrackedRuns, reproduce_and_record

if TYPE_CHECKING:
    from mlflow.entities import Run


@project_command("reproduce")
@click.argument("run_id", required=False)
@click.option(
    "--all", "every", is_flag=True, help="All training runs; prints the share that reproduces."
)
def reproduce(project: Path, run_id: str | None, every: bool, env: str | None) -> None:
    """Retrain RUN_ID (an MLflow run id or its start) and compare the result bit for bit.

    Uses the parameters and rows of the run. Nothing is registered or predicted; the run gets the
    tag triptych.reproduced, used by kedro model audit. Exit code 1 if a model, the rows or a
    metric differ.
    """
    if every == (run_id is not None):
        raise click.UsageError("Pass either a RUN_ID or --all.")
    tracked = TrackedRuns.of(project, env)
    if run_id is None:
        runs = tracked.training()
        same = reproduce_all(project, runs)
        share = f" ({same / len(runs):.0%})" if runs else ""
        click.echo(f"{same} of {len(runs)} training runs reproduce bit for bit{share}.")
        equal = same == len(runs)
    else:
        found = reproduce_and_record(project, tracked.find(run_id))
        click.echo("\n".join(found.lines()))
        equal = found.equal
    if not equal:
        click.get_current_context().exit(1)


def reproduce_all(project: Path, runs: "Sequence[Run]", *, err: bool = False) -> int:
    """Reproduce runs and print a line for each, to stderr if `err`; return how many are equal."""
    equal = 0
    for run in track(runs, "Reproducing"):
        try:
            found = reproduce_and_record(project, run)
        except Exception as error:
            if (message := explain(error)) is None:
                raise
            click.echo(f"{run.info.run_id}  FAILED      {message}", err=err)
            continue
        click.echo(found.summary(), err=err)
        equal += found.equal
    return equal
