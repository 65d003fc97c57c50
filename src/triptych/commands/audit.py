"""`kedro model audit`: lineage, reproducibility, storage and latency of tracked runs."""

import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING

import click
from kedro.framework.startup import ProjectMetadata

from triptych.commands.user_errors import user_errors

if TYPE_CHECKING:
    from triptych.registry.reproduction.reproduce import Tracked


@click.command()
@click.option("--reproduce", "again", is_flag=True, help="Retrain runs that were never reproduced.")
@click.option("--json", "as_json", is_flag=True, help="Print all figures per run as JSON.")
@click.option("--env", "-e", help="Environment of conf/, as for kedro run.")
@click.pass_obj
def audit(metadata: ProjectMetadata, again: bool, as_json: bool, env: str | None) -> None:
    """Report which runs are traceable to code, data and parameters, and which reproduce."""
    for name in ("kedro.runner", "triptych", "urllib3"):  # only print the report
        logging.getLogger(name).setLevel(logging.ERROR)
    project = Path(metadata.project_path)
    with user_errors():
        from triptych.commands.project import open_registry, read_configuration
        from triptych.registry.audit.metrics import gather
        from triptych.registry.audit.report import lines
        from triptych.registry.reproduction.reproduce import Tracked

        tracked = Tracked.of(read_configuration(project, env))
        registry = open_registry(project, env)
        if again:
            _reproduce(project, tracked)
        found = gather(project, tracked, registry)
    if as_json:
        click.echo(json.dumps(found.as_json(), indent=2))
        return
    for line in lines(found):
        click.echo(line)


def _reproduce(project: Path, tracked: "Tracked") -> None:
    """Reproduce runs that were never tried; the result is stored as a tag of the run."""
    from triptych.errors import PipelineError
    from triptych.registry.reproduction.report import summary
    from triptych.registry.reproduction.status import read_status, reproduce_and_record

    for run in tracked.training():
        if read_status(run.data.tags) is not None:
            continue
        try:
            said = summary(reproduce_and_record(project, tracked, run))
        except PipelineError as error:
            said = f"{run.info.run_id}  FAILED      {error}"
        click.echo(said, err=True)
