"""The project's commands; `run` extends Kedro's with messages for user errors."""

import re
from copy import copy
from pathlib import Path
from typing import Any

import click
from kedro.framework.cli.project import run as kedro_run
from kedro.framework.cli.utils import CONTEXT_SETTINGS, LazyGroup
from kedro.framework.project import pipelines
from kedro.pipeline import Pipeline
from kedro.utils import find_kedro_project
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from triptych.commands.error_messages import user_errors
from triptych.errors import PipelineError
from triptych.pipeline_registry import PIPELINES
from triptych.pipelines.namespaces import full_names


def read_params(context: click.Context, option: click.Parameter, value: Any) -> Any:
    """Parse --params as Kedro does, but do not split within [ ]; BadParameter if it is no YAML."""
    parts = re.split(r",(?![^\[]*\])", value) if isinstance(value, str) else []
    lists = [part.strip() for part in parts if "=[" in part]
    others = ",".join(part for part in parts if "=[" not in part) if lists else value
    try:
        read = _KEDRO_PARAMS.callback(context, option, others)  # type: ignore[misc]
        return OmegaConf.to_container(OmegaConf.merge(read, OmegaConf.from_dotlist(lists)))
    except (OmegaConfBaseException, YAMLError) as error:
        raise click.BadParameter(" ".join(str(error).split()), context, option) from error


_KEDRO_PARAMS = next(option for option in kedro_run.params if option.name == "params")
_PARAMS = copy(_KEDRO_PARAMS)
_PARAMS.callback = read_params
_OPTIONS = [_PARAMS if option is _KEDRO_PARAMS else option for option in kedro_run.params]


_RUNNERS = ("ParallelRunner", "SequentialRunner", "ThreadRunner")
_NAMES = ("location", "model", "reproduce")
_COMMANDS = {name: f"triptych.commands.{name}.{name}" for name in _NAMES}


@click.group(
    context_settings=CONTEXT_SETTINGS, name="triptych", cls=LazyGroup, lazy_subcommands=_COMMANDS
)
def cli() -> None:
    """Triptych's commands."""


@cli.command(name="run", params=_OPTIONS, help=kedro_run.help)
def run(**options: Any) -> Any:
    """Run pipelines as Kedro does."""
    # `--pipeline NAME` remains supported as a shorthand for `--pipelines` with one name.
    if options["pipeline"] and not options["pipelines"]:
        options["pipelines"] = [options.pop("pipeline")]
        options["pipeline"] = None
    assert kedro_run.callback is not None  # noqa: S101 (click's type allows a command without one)
    with user_errors():
        _check_names(options)
        if options["is_async"] or (options["runner_params"] or {}).get("is_async"):
            raise PipelineError(
                "--async loads and saves in threads, but ingestion must save each response before "
                "it requests the next. Omit --async, or use --runner ThreadRunner."
            )
        _resolve_nodes(options)
        try:
            return kedro_run.callback(**options)
        except BaseException:
            import mlflow

            mlflow.end_run("KILLED")  # if it is open: at exit MLflow would call it finished
            raise


@cli.command(name="monitor", params=[p for p in _OPTIONS if p.name in {"env", "params"}])
@click.option("--strict", is_flag=True, help="Exit with code 1 if there are warnings.")
@click.pass_context
def monitor(context: click.Context, env: str, params: dict[str, Any], strict: bool) -> None:
    """Evaluate issued forecasts: kedro run --pipeline monitoring."""
    own = params.get("monitoring", {})
    if strict and isinstance(own, dict):  # the run rejects anything else
        params = {**params, "monitoring": {**own, "strict": True}}
    context.invoke(run, pipelines=["monitoring"], env=env, params=params)


def _resolve_nodes(options: dict[str, Any]) -> None:
    """Let nodes be named without their namespace, which Kedro requires."""
    for option in ("node_names", "from_nodes", "to_nodes"):
        if options[option]:
            selected = options["pipelines"] or ["__default__"]
            whole = sum((pipelines[name] for name in selected), start=Pipeline([]))
            options[option] = full_names(whole, options[option])


def _check_names(options: dict[str, Any]) -> None:
    """Reject unknown names, for which Kedro would raise a traceback."""
    project = find_kedro_project(Path.cwd()) or Path.cwd()
    conf = Path(options["conf_source"] or project / "conf")  # or an archive, which Kedro reads
    folders = [path.name for path in conf.iterdir() if path.is_dir()] if conf.is_dir() else []
    env = options["env"] if folders else None
    runner = options["runner"] or "SequentialRunner"
    for kind, named, known in (
        ("pipeline", options["pipelines"] or [], ["__default__", *PIPELINES]),
        ("environment", [env or "local"], ["local", *folders]),
        ("runner", [] if "." in runner else [runner], _RUNNERS),
    ):
        for name in named:
            if name not in known:
                raise PipelineError(
                    f"Unknown {kind} {name!r}. Available: {', '.join(sorted(set(known)))}."
                )
