"""Every documented kedro command is accepted by its parser and the parameter validation."""

import re
import shlex
import warnings
from collections.abc import Iterator
from functools import cache
from typing import Any

import click
import pytest
from kedro.config import OmegaConfigLoader
from kedro.framework.cli.cli import KedroCLI
from kedro.framework.project import pipelines, settings

from tests.fixtures.project import ROOT
from triptych.cli import _check_names
from triptych.errors import ParameterError, PipelineError
from triptych.parameters.run import check_parameters

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
NOT_INSTALLED = {"airflow"}  # a plugin
PLACEHOLDERS = {"VERSION": "1", "…": "1"}


def commands(text: str) -> Iterator[str]:
    """Yield commands of code blocks and of inline `code`, and `--params …` as part of a run."""
    block = re.compile(r"^(?:    )?(?:\w+=\S+ )*(?:\S*/)?(kedro .*)$", re.MULTILINE)
    for found in block.finditer(text):
        yield from re.findall(r"kedro [^&]*", found[1])
    for found in re.finditer(r"`((?:kedro|--params) [^`]*)`", text):
        code = " ".join(found[1].split())
        yield code if code.startswith("kedro") else f"kedro run {code}"


@cache
def kedro() -> click.Command:
    """Return Kedro's commands, with those of the project."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # raised by plugins
        return KedroCLI(ROOT)


def parse(command: str) -> tuple[str, dict[str, Any]]:
    """Return the command's name and options; click.UsageError if they are invalid."""
    words = shlex.split(re.sub(r"\$\(.*\)", "2024-01-01", command), comments=True)[1:]
    rest = [PLACEHOLDERS.get(word, word) for word in words]
    found: click.Command = kedro()
    context = click.Context(found)
    name = ""
    while isinstance(found, click.Group) and rest:
        named, child, rest = found.resolve_command(context, rest)
        assert child is not None
        assert named is not None
        found, name = child, named
        context = click.Context(found, parent=context, info_name=name, obj=context.obj)
    # without arguments, as in `kedro model promote`, only the command itself is checked
    made = found.make_context(name, list(rest), resilient_parsing=not rest)
    return name, made.params


def check(command: str) -> None:
    """Raise the error that the command would raise before its first node."""
    name, options = parse(command)
    if name not in {"run", "monitor"}:
        return
    if name == "run":
        named = options["pipelines"] or [options["pipeline"] or "__default__"]
        _check_names({**options, "pipelines": named})
        nodes = {node.short_name for pipeline in pipelines.values() for node in pipeline.nodes}
        kinds = ("node_names", "from_nodes", "to_nodes")
        assert {node for kind in kinds for node in options[kind] or []} <= nodes
    loader = OmegaConfigLoader(
        str(ROOT / "conf"), env=options["env"] or "local", runtime_params=options["params"] or {},
        **settings.CONFIG_LOADER_ARGS,
    )  # fmt: skip
    check_parameters(loader["parameters"])


def documented() -> list[str]:
    texts = [file.read_text(encoding="utf-8") for file in DOCUMENTS]
    found = dict.fromkeys(command for text in texts for command in commands(text))
    assert len(found) > 40
    assert any("nlp.curve_sizes=[1000,10000]" in command for command in found)
    return [c for c in found if c.split()[1:2] and c.split()[1] not in NOT_INSTALLED]


@pytest.mark.parametrize("command", documented())
def test_a_documented_command_is_accepted(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    check(command)


@pytest.mark.parametrize(
    ("command", "error"),
    [
        ("kedro run --params nlp.curve_size=[1000,10000]", ParameterError),
        ("kedro run --params nlp.curve_sizes=[1000,ten]", ParameterError),
        ("kedro run --environment live", click.UsageError),
        ("kedro run --pipeline nonsense", PipelineError),
        ("kedro run --params seed", click.UsageError),
        ("kedro run --params nlp.curve_sizes=[1000,10000", click.UsageError),
        ("kedro model promote NAME 1 --by YOU", click.UsageError),
        ("kedro modle list", click.UsageError),
    ],
)
def test_an_invalid_command_is_detected(
    command: str, error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    with pytest.raises(error):
        check(command)
