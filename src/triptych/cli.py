"""The project's commands, beside Kedro's own: a `run` that ends a user's mistake in one message."""

from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import click
from kedro.framework.cli.project import run as kedro_run
from kedro.framework.cli.utils import CONTEXT_SETTINGS

import triptych.pipelines
from triptych.commands.audit import audit
from triptych.commands.data import data
from triptych.commands.location import location
from triptych.commands.model import model
from triptych.commands.reproduce import reproduce
from triptych.commands.user_errors import user_errors
from triptych.errors import PipelineError


@click.group(context_settings=CONTEXT_SETTINGS, name="triptych")
def cli() -> None:
    """Triptych's commands."""


cli.add_command(data)
cli.add_command(location)
model.add_command(audit)
cli.add_command(model)
cli.add_command(reproduce)


@cli.command(name="run", params=kedro_run.params, help=kedro_run.help)
def run(**options: Any) -> Any:
    """Run pipelines as Kedro does."""
    # `--pipeline NAME` stays welcome here: it reads better for one pipeline than `--pipelines`.
    if options["pipeline"] and not options["pipelines"]:
        options["pipelines"] = [options.pop("pipeline")]
        options["pipeline"] = None
    assert kedro_run.callback is not None  # noqa: S101 (click's type allows a command without one)
    with user_errors():
        _check_names(options)
        return kedro_run.callback(**options)


@cli.command(name="monitor", params=[p for p in kedro_run.params if p.name in {"env", "params"}])
@click.option("--strict", is_flag=True, help="Exit with code 1 if there is anything to warn of.")
@click.pass_context
def monitor(context: click.Context, env: str, params: dict[str, Any], strict: bool) -> None:
    """Judge the forecasts that were issued: kedro run --pipeline monitoring."""
    if strict:
        params = {**params, "monitoring": {**params.get("monitoring", {}), "strict": True}}
    context.invoke(run, pipelines=["monitoring"], env=env, params=params)


def _check_names(options: dict[str, Any]) -> None:
    """Refuse what is misspelt before Kedro looks for it: it would end in a traceback."""
    from kedro.runner import __all__ as runners
    from kedro.utils import find_kedro_project

    project = find_kedro_project(Path.cwd()) or Path.cwd()
    folders = [path for path in (project / "conf").iterdir() if path.is_dir()]
    pipelines = [
        module.name for module in iter_modules(triptych.pipelines.__path__) if module.ispkg
    ]
    runner = options["runner"] or "SequentialRunner"
    for kind, named, known in (
        ("pipeline", options["pipelines"] or [], ["__default__", *pipelines]),
        ("environment", [options["env"] or "local"], ["local", *(path.name for path in folders)]),
        ("runner", [] if "." in runner else [runner], [n for n in runners if "Runner" in n]),
    ):
        for name in named:
            if name not in known:
                raise PipelineError(
                    f"There is no {kind} {name!r}. There are: {', '.join(sorted(set(known)))}. "
                    "Correct the name."
                )
