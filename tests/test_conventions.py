"""Conventions of nodes, catalog, tables and locks, each with a planted violation."""

import importlib
import inspect
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path

import pytest
from kedro.config import OmegaConfigLoader
from kedro.io import AbstractDataset, DataCatalog, MemoryDataset
from kedro.pipeline import Node, Pipeline

from tests.fixtures.project import ROOT
from triptych.parameters.resolvers import RESOLVERS

FOLDERS = sorted((ROOT / "src" / "triptych" / "pipelines").glob("*/pipeline.py"))
# Reports that nodes other than plots read as well; all other intermediate datasets are declared.
READ_AS_CSV = {"monitoring_scores", "input_drift"}
REPORTS = "{subject}_{content}"  # the dataset factory
HEAVY = {"pandas", "numpy", "kedro", "mlflow", "scikit-learn", "lightgbm"}


def pipelines() -> dict[str, Pipeline]:
    """Create each pipeline, by name."""
    names = [file.parent.name for file in FOLDERS]
    modules = {name: importlib.import_module(f"triptych.pipelines.{name}") for name in names}
    return {name: module.create_pipeline() for name, module in modules.items()}


def whole_project() -> Pipeline:
    """Create the sum of all pipelines."""
    return sum(pipelines().values(), start=Pipeline([]))


def catalog(env: str, monkeypatch: pytest.MonkeyPatch) -> DataCatalog:
    """Create the catalog of an environment."""
    monkeypatch.chdir(ROOT)
    loader = OmegaConfigLoader(
        str(ROOT / "conf"), env=env, base_env="base", default_run_env="local",
        custom_resolvers=RESOLVERS,
    )  # fmt: skip
    return DataCatalog.from_config(loader["catalog"], loader["credentials"])


def duplicate_settings(catalogs: str, parameters: str) -> set[str]:
    """Return settings that catalogs interpolate instead of reading the nodes' parameters."""

    def interpolated(text: str, kind: str) -> set[str]:
        return set(re.findall(rf"\$\{{{kind}:\s*([\w.]+)", text))

    shared = interpolated(catalogs, "globals") & interpolated(parameters, "globals")
    return interpolated(catalogs, "runtime_params") | shared


def test_catalog_and_nodes_use_the_same_settings() -> None:
    catalogs, parameters = (
        "".join(file.read_text() for file in (ROOT / "conf").rglob(f"{name}*.yml"))
        for name in ("catalog", "parameters")
    )

    assert duplicate_settings(catalogs, parameters) == set()
    assert duplicate_settings("seed: ${runtime_params:seed,20}", parameters) == {"seed"}
    assert duplicate_settings("a: ${globals:source}", "b: ${globals:source}") == {"source"}


def undeclared(pipeline: Pipeline, known: DataCatalog) -> set[str]:
    """Return undeclared datasets that are not reports: not written, or read by another node.

    Only plots read reports; data for other nodes pass through a CSV file only if READ_AS_CSV.
    """
    written = {name for node in pipeline.nodes for name in node.outputs}
    readers = (node for node in pipeline.nodes if not node.short_name.startswith("plot_"))
    read = {name for node in readers for name in node.inputs}
    names = pipeline.datasets() - {*known.keys()}
    matches = {
        name: known.config_resolver.match_dataset_pattern(name)
        for name in names
        if not name.startswith("params:")
    }
    reports = {name for name in written - read if matches.get(name) == REPORTS}
    return {name for name, match in matches.items() if match in {None, REPORTS}} - reports


def double_it(value: int) -> int:
    """Double."""
    return 2 * value


def test_the_report_factory_matches_reports_only(monkeypatch: pytest.MonkeyPatch) -> None:
    known = catalog("base", monkeypatch)
    planted = [
        Node(double_it, "weather_3hh", "some_steps", name="double_it"),
        Node(double_it, "some_steps", "some_report", name="double_again"),
        Node(double_it, "some_report", "seen_plot", name="plot_it"),
        Node(double_it, "history", "forgotten", name="double_history"),
    ]

    assert undeclared(whole_project(), known) == READ_AS_CSV
    assert undeclared(Pipeline(planted), known) == {"weather_3hh", "some_steps", "forgotten"}


@pytest.mark.parametrize("env", ["base", "live", "test"])
def test_every_dataset_resolves(env: str, monkeypatch: pytest.MonkeyPatch) -> None:
    known = catalog(env, monkeypatch)

    for name in whole_project().datasets():
        if name in known:
            assert isinstance(known.get(name), AbstractDataset), name


def test_every_catalog_entry_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    assert {*catalog("base", monkeypatch).keys()} <= whole_project().datasets()


def exchanged(parts: dict[str, Pipeline]) -> set[str]:
    """Return datasets that one pipeline writes and another reads."""
    return {
        dataset
        for reader, part in parts.items()
        for writer, other in parts.items()
        if writer != reader
        for dataset in part.inputs() & other.all_outputs()
    }


def lost(parts: dict[str, Pipeline], known: DataCatalog) -> set[str]:
    """Return exchanged datasets that do not outlive a process."""
    return {
        name
        for name in exchanged(parts)
        if name not in known or isinstance(known.get(name), MemoryDataset)
    }


@pytest.mark.parametrize("env", ["base", "live"])
def test_pipelines_exchange_no_data_in_memory(env: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each can therefore be a task of a scheduler (docs/scale.md)."""
    known = catalog(env, monkeypatch)
    planted = {
        name: Pipeline([Node(double_it, read, written, name="double_it")])
        for name, read, written in (
            ("first", "history", "fitted_models"),
            ("second", "fitted_models", "doubled"),
            ("third", "doubled", "end"),
        )
    }

    assert exchanged(pipelines()) >= {"history", "ingested_periods", "predictions"}
    assert lost(pipelines(), known) == set()
    assert lost(planted, known) == {"fitted_models", "doubled"}


def misnamed(nodes: Iterable[Node]) -> list[str]:
    """Return nodes whose name is not verb_noun or not that of their function.

    In names of functions that serve both model families, the family's name replaces `family`.
    """
    return [
        node.short_name
        for node in nodes
        if not re.fullmatch(r"[a-z]+(_[a-z0-9]+)+", node.short_name)
        or node.func.__name__
        not in {node.short_name, re.sub("(learned|statistical)$", "family", node.short_name)}
    ]


def test_nodes_are_named_after_their_functions() -> None:
    names = {"twice_it": double_it, "len": len, "double_it": double_it}
    planted = [Node(func, "a", name, name=name) for name, func in names.items()]

    assert misnamed(whole_project().nodes) == []
    assert misnamed(planted) == ["twice_it", "len"]


def undocumented(nodes: Iterable[Node]) -> list[str]:
    return [
        node.name
        for node in nodes
        if not inspect.getdoc(node.func) or "return" not in node.func.__annotations__
    ]


def test_node_functions_have_docstrings_and_return_types() -> None:
    def no_docstring(value: int) -> int:
        return value

    def no_type(value):  # type: ignore[no-untyped-def]
        """Return the value."""
        return value

    planted = [Node(func, "a", func.__name__, name="n") for func in (no_docstring, no_type)]

    assert undocumented(whole_project().nodes) == []
    assert undocumented(planted) == ["n", "n"]


def appends(text: str) -> bool:
    """Tell whether a program writes tables without a key."""
    return re.search(r"\.to_sql\(|\bif_exists\s*[=:]", text) is not None


def test_tables_are_only_written_with_a_key() -> None:
    folders = ("src", "api", "tests", "bench")
    files = [file for folder in folders for file in (ROOT / folder).rglob("*.py")]
    files = [file for file in files if file != Path(__file__)]
    files += (ROOT / "conf").rglob("*.yml")

    assert len(files) > 100
    assert [str(file) for file in files if appends(file.read_text())] == []
    assert appends('frame.to_sql("weather", engine)')
    assert appends("save_args:\n  if_exists: append")


def read_lock(name: str) -> str:
    return (ROOT / "requirements" / f"{name}.lock").read_text(encoding="utf-8")


def locked_versions(text: str) -> dict[str, str]:
    """Return the version of each package in a lock."""
    found = re.findall(r"(?m)^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;\\]+)", text)
    return {name.lower(): version for name, version in found}


def lock_violations(text: str) -> list[str]:
    """Return lines of a lock that name a host, no version, or a package without hash."""
    found = [line for line in text.splitlines() if "://" in line]
    for part in re.split(r"\n(?=[a-zA-Z0-9])", text):
        line = part.splitlines()[0]
        if line[:1].isalnum() and ("==" not in line or "--hash=sha256:" not in part):
            found.append(line)
    return found


@pytest.mark.parametrize("name", ["api", "batch", "dvc", "installer"])
def test_locks_have_hashes_and_the_same_versions(name: str) -> None:
    text, everything = read_lock(name), locked_versions(read_lock("all"))
    locked = locked_versions(text)

    assert lock_violations(text) == lock_violations(read_lock("all")) == []
    assert {package: locked[package] for package in locked.keys() & everything} == {
        package: everything[package] for package in locked.keys() & everything
    }
    assert lock_violations("kedro==1.7.0\nmlflow @ https://example.org/mlflow.whl\n") == [
        "mlflow @ https://example.org/mlflow.whl",
        "kedro==1.7.0",
        "mlflow @ https://example.org/mlflow.whl",
    ]


def test_locks_have_what_they_are_for() -> None:
    everything, api, batch, dvc = map(
        locked_versions, map(read_lock, ("all", "api", "batch", "dvc"))
    )

    assert len(everything) > 100
    assert {"fastapi", "uvicorn", "sqlalchemy", "alembic", "psycopg"} <= set(api) < set(everything)
    assert HEAVY <= set(batch) < set(everything)
    assert set(api) & HEAVY == set()
    assert "tensorflow" in everything
    assert "tensorflow" not in batch
    assert "dvc" in dvc
    assert "dvc" not in everything


def test_the_api_lock_has_all_requirements() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    required = project["dependencies"] + project["optional-dependencies"]["api"]

    names = {re.split(r"[^A-Za-z0-9._-]", requirement)[0] for requirement in required}

    assert len(names) > 5
    assert names <= locked_versions(read_lock("api")).keys()


def make_targets(text: str) -> set[str]:
    """Return the targets of a Makefile."""
    return set(re.findall(r"^([a-z][a-z-]*):(?!=)", text, flags=re.MULTILINE))


def test_documented_make_targets_exist() -> None:
    targets = make_targets((ROOT / "Makefile").read_text())
    documents = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    named = {
        name
        for file in documents
        for name in re.findall(r"(?m)(?:^|^\$ |`)make ([a-z-]+)", file.read_text(encoding="utf-8"))
    }

    assert {"run", "test"} <= named <= targets
    assert make_targets("run: x\n\techo\nBIN := y\nall-of-it:\n") == {"run", "all-of-it"}
