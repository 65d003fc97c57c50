"""Heavy packages are imported where they are used, and TensorFlow only by vision and nlp."""

import ast
import re
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.fixtures.project import ROOT, Project, recording
from tests.test_conventions import locked_versions, read_lock

HEAVY = {
    "mlflow", "tensorflow", "dask", "distributed", "keras", "torch", "lightgbm", "sklearn",
    "optuna", "pandera", "statsmodels", "nltk", "gensim", "lime", "skimage", "imagehash",
}  # fmt: skip
# The environment's own packages, an optional dependency of Pandera, and the coverage measurement.
NOT_LOCKED = {"pip", "setuptools", "triptych", "hypothesis", "coverage"}
# MLflow runs this file itself, in a process that has already imported it.
PYFUNCS = {"registry/pyfunc_model.py"}


def at_module_level(source: str) -> set[str]:
    """Return the packages that are imported when a file is imported."""
    found: set[str] = set()
    todo: list[ast.AST] = list(ast.parse(source).body)
    while todo:
        node = todo.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            todo += node.orelse
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        if isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add(str(node.module).split(".")[0])
        todo += ast.iter_child_nodes(node)
    return found


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import mlflow.pyfunc", {"mlflow"}),
        ("from sklearn.linear_model import Ridge", {"sklearn"}),
        ("try:\n    import torch\nexcept ImportError:\n    pass", {"torch"}),
        ("class A:\n    import keras", {"keras"}),
        ("def f():\n    import mlflow", set()),
        ("if TYPE_CHECKING:\n    import mlflow\nelse:\n    import os", {"os"}),
    ],
)
def test_imports_at_module_level_are_detected(source: str, found: set[str]) -> None:
    assert at_module_level(source) == found


def test_no_module_imports_heavy_packages_at_module_level() -> None:
    package = ROOT / "src" / "triptych"
    files = {str(file.relative_to(package)): file for file in package.rglob("*.py")}
    found = {name: at_module_level(file.read_text()) & HEAVY for name, file in files.items()}

    assert len(files) > 50
    assert {name for name in files if found[name] and name not in PYFUNCS} == set()


def imported(folder: Path) -> set[str]:
    """Return the packages that a recorded process imported."""
    return {name.split(".")[0] for name in (folder / "imported.txt").read_text().split()}


def not_locked(modules: set[str], lock: str) -> set[str]:
    """Return the distributions of modules that are not in a lock."""
    known = packages_distributions()
    names = {name for module in modules for name in known.get(module, [])}
    return {normalise(name) for name in names} - set(map(normalise, locked_versions(lock)))


def normalise(name: str) -> str:
    return re.sub("[_.]", "-", name.lower())


def test_the_main_job_imports_only_packages_of_the_batch_lock(run_project: Project) -> None:
    lock = read_lock("batch")
    modules = imported(run_project.path / "record")

    assert {"mlflow", "lightgbm", "sklearn", "optuna", "pandera", "statsmodels"} <= modules
    assert modules & {"tensorflow", "keras", "torch"} == set()
    assert not_locked(modules, lock) <= NOT_LOCKED
    assert not_locked(modules, lock.replace("\nlightgbm==", "\n# ")) >= {"lightgbm"}


def test_a_short_command_imports_no_heavy_packages(project: Project, tmp_path: Path) -> None:
    command = ("catalog", "describe-datasets")
    project.output(*command, forked=False, **recording(tmp_path / "record"))
    modules = imported(tmp_path / "record")
    assert {"triptych", "kedro"} <= modules
    assert modules & (HEAVY - {"mlflow"}) == set()  # kedro-mlflow's own hooks need MLflow
