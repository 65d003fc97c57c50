"""What the project promises of itself, each with a planted violation that shows it can fail."""

import importlib
import inspect
import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from kedro.config import OmegaConfigLoader
from kedro.io import AbstractDataset, DataCatalog
from kedro.pipeline import Node, Pipeline

from tests.fixtures.project import ROOT
from triptych.parameters.resolvers import RESOLVERS

PIPELINES = (
    "batch_inference",
    "ingestion",
    "monitoring",
    "nlp",
    "preprocessing",
    "ts_evaluation",
    "ts_ml",
    "ts_statistical",
    "vision",
)
# Reports that nodes other than plots read too; everything else in between is declared.
READ_AS_CSV = {"monitoring_scores", "input_drift"}
REPORTS = "{subject}_{content}"  # the factory


def pipelines() -> dict[str, Pipeline]:
    return {
        name: importlib.import_module(f"triptych.pipelines.{name}").create_pipeline()
        for name in PIPELINES
    }


def catalog(env: str, monkeypatch: pytest.MonkeyPatch) -> DataCatalog:
    monkeypatch.chdir(ROOT)
    loader = OmegaConfigLoader(
        str(ROOT / "conf"), env=env, base_env="base", default_run_env="local",
        custom_resolvers=RESOLVERS,
    )  # fmt: skip
    return DataCatalog.from_config(loader["catalog"], loader["credentials"])


def interpolated(text: str, kind: str) -> set[str]:
    """The names that a configuration file takes from `globals` or from `runtime_params`."""
    return set(re.findall(rf"\$\{{{kind}:\s*([\w.]+)", text))


def two_truths(catalogs: str, parameters: str) -> set[str]:
    """What catalogs take past the parameters that nodes go by."""
    doubled = interpolated(catalogs, "globals") & interpolated(parameters, "globals")
    return interpolated(catalogs, "runtime_params") | doubled


def test_no_catalog_reads_a_setting_past_the_parameters() -> None:
    catalogs, parameters = (
        "".join(file.read_text() for file in (ROOT / "conf").rglob(f"{name}*.yml"))
        for name in ("catalog", "parameters")
    )

    assert two_truths(catalogs, parameters) == set()
    assert two_truths("seed: ${runtime_params:seed,20}", parameters) == {"seed"}
    assert two_truths("kind: ${globals:source}", "source: ${globals:source}") == {"source"}


def undeclared(pipeline: Pipeline, known: DataCatalog) -> set[str]:
    """The datasets without an entry that are no reports: made by no node, or read by one.

    Plots read reports; what another node reads passes a CSV file only where that is meant.
    """
    resolver = known.config_resolver
    made = {name for node in pipeline.nodes for name in node.outputs}
    plots = [node for node in pipeline.nodes if node.short_name.startswith("plot_")]
    read = set().union(*(node.inputs for node in {*pipeline.nodes} - {*plots}))
    names = pipeline.datasets() - {*known.keys()}
    names = {name for name in names if not name.startswith("params:")}
    matches = {name: resolver.match_dataset_pattern(name) for name in names}
    reports = {name for name in made - read if matches.get(name) == REPORTS}
    return {name for name in names if matches[name] in {None, REPORTS}} - reports


def misnamed(nodes: Iterable[Node]) -> list[str]:
    """Nodes whose name is not their function's, or that is not verb_noun.

    Of a function that serves every family, such as `fit_family`, the name ends with the family's.
    """
    return [
        node.short_name
        for node in nodes
        if not _named_after(node.short_name, node.func.__name__)
        or not re.fullmatch(r"[a-z]+(_[a-z0-9]+)+", node.short_name)
    ]


def _named_after(name: str, function: str) -> bool:
    verb = function.removesuffix("family")
    families = {f"{verb}learned", f"{verb}statistical"} if verb != function else set()
    return name in {function, *families}


def undocumented(nodes: Iterable[Node]) -> list[str]:
    return [
        node.name
        for node in nodes
        if not inspect.getdoc(node.func) or "return" not in node.func.__annotations__
    ]


def double_it(value: int) -> int:
    """Double."""
    return 2 * value


def test_every_folder_of_pipelines_is_looked_at() -> None:
    folders = {path.parent.name for path in (ROOT / "src/triptych/pipelines").glob("*/pipeline.py")}

    assert folders == set(PIPELINES)


@pytest.mark.parametrize("env", ["base", "live", "test"])
def test_every_dataset_resolves_in_every_environment(
    env: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = catalog(env, monkeypatch)

    for pipeline in pipelines().values():
        for name in pipeline.datasets():
            if name in known:
                assert isinstance(known.get(name), AbstractDataset), name


def test_the_factory_of_reports_takes_reports_only(monkeypatch: pytest.MonkeyPatch) -> None:
    known = catalog("base", monkeypatch)
    every: Pipeline = sum(pipelines().values(), start=Pipeline([]))

    assert undeclared(every, known) == READ_AS_CSV
    planted = Pipeline(
        [
            Node(double_it, "weather_3hh", "some_steps", name="double_it"),
            Node(double_it, "some_steps", "some_report", name="double_again"),
            Node(double_it, "some_report", "seen_plot", name="plot_it"),
            Node(double_it, "history", "forgotten", name="double_history"),
        ]
    )
    assert undeclared(planted, known) == {"weather_3hh", "some_steps", "forgotten"}


def test_every_entry_of_the_catalog_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    used = set().union(*(pipeline.datasets() for pipeline in pipelines().values()))

    assert set(catalog("base", monkeypatch).keys()) - used == set()


def test_nodes_are_named_after_their_functions() -> None:
    nodes = [node for pipeline in pipelines().values() for node in pipeline.nodes]

    assert len(nodes) > 15
    assert misnamed(nodes) == []
    planted = [
        Node(double_it, "a", "b", name="twice_it"),
        Node(len, "a", "c", name="len"),
        Node(double_it, "a", "d", name="double_it"),
    ]
    assert misnamed(planted) == ["twice_it", "len"]


def test_node_functions_say_what_they_do_and_give() -> None:
    nodes = [node for pipeline in pipelines().values() for node in pipeline.nodes]

    assert undocumented(nodes) == []

    def mute(value: int) -> int:
        return value

    def vague(value):  # type: ignore[no-untyped-def]
        """Say nothing of what it gives."""
        return value

    planted = [Node(mute, "a", "b", name="mute"), Node(vague, "a", "c", name="vague")]
    assert undocumented(planted) == ["mute", "vague"]


def sources() -> list[Path]:
    folders = ("src", "api", "tests", "bench")
    return [file for folder in folders for file in (ROOT / folder).rglob("*.py")]


def appending(text: str) -> bool:
    """Tell whether a program writes tables without a key."""
    return re.search(r"\.to_sql\(|\bif_exists\s*[=:]", text) is not None


def test_no_table_is_written_without_a_key() -> None:
    here = Path(__file__)
    files = [file for file in sources() if file != here] + list((ROOT / "conf").rglob("*.yml"))

    assert len(files) > 100
    assert [str(file) for file in files if appending(file.read_text())] == []
    assert appending('frame.to_sql("weather", engine)')
    assert appending("save_args:\n  if_exists: append")


def requirements(text: str) -> dict[str, tuple[str, int]]:
    """Version and number of hashes by package, of a lock."""
    found: dict[str, tuple[str, int]] = {}
    for part in re.split(r"\n(?=[a-zA-Z0-9])", text):
        named = re.match(r"([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;\\]+)", part)
        if named:
            found[named[1].lower()] = (named[2], part.count("--hash=sha256:"))
    return found


def faults(text: str) -> list[str]:
    """What a lock must not have: a host, a package without hash, a line that is no requirement."""
    locked = requirements(text)
    lines = [line for line in text.splitlines() if re.match(r"[A-Za-z0-9]", line)]
    return [
        *(line for line in lines if "==" not in line),
        *(line for line in text.splitlines() if "://" in line),
        *(name for name, (_, hashes) in locked.items() if hashes == 0),
    ]


def test_locks_name_versions_and_hashes_and_no_host() -> None:
    everything, api = (
        (ROOT / "requirements" / f"{name}.lock").read_text() for name in ("all", "api")
    )

    assert faults(everything) == []
    assert faults(api) == []
    assert len(requirements(everything)) > 100
    planted = "kedro==1.7.0\nmlflow @ https://example.org/mlflow.whl\n"
    assert faults(planted) == [
        "mlflow @ https://example.org/mlflow.whl",
        "mlflow @ https://example.org/mlflow.whl",
        "kedro",
    ]


def test_the_lock_of_the_api_is_a_small_part_of_the_other() -> None:
    everything, api = (
        requirements((ROOT / "requirements" / f"{name}.lock").read_text())
        for name in ("all", "api")
    )

    assert {"fastapi", "uvicorn", "sqlalchemy", "alembic", "psycopg"} <= set(api)
    heavy = {"pandas", "numpy", "kedro", "mlflow", "tensorflow", "scikit-learn", "lightgbm"}
    assert set(api) & heavy == set()
    assert heavy - {"tensorflow"} <= set(everything)  # they would be found by these names
    assert {name: version for name, (version, _) in api.items()} == {
        name: everything[name][0] for name in api
    }


def test_the_lock_of_dvc_adds_to_the_other_and_changes_nothing() -> None:
    text = (ROOT / "requirements" / "dvc.lock").read_text()
    everything = requirements((ROOT / "requirements" / "all.lock").read_text())

    assert faults(text) == []
    locked = requirements(text)
    assert "dvc" in locked
    assert "dvc" not in everything
    common = set(locked) & set(everything)
    assert {name: locked[name][0] for name in common} == {
        name: everything[name][0] for name in common
    }


def make_targets(text: str) -> set[str]:
    return set(re.findall(r"^([a-z][a-z-]*):(?!=)", text, flags=re.MULTILINE))


def test_the_commands_that_the_readme_names_are_there() -> None:
    targets = make_targets((ROOT / "Makefile").read_text())
    named = set(re.findall(r"(?m)(?:^|`)make ([a-z-]+)", (ROOT / "README.md").read_text()))

    assert {"run", "test"} <= named
    assert named - targets == set()
    assert make_targets("run: x\n\techo\nBIN := y\nall-of-it:\n") == {"run", "all-of-it"}
