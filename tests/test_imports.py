"""What is heavy is imported where it is used: commands answer soon, and TensorFlow never comes."""

import ast
import re
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.fixtures.project import ROOT, Project, recording

HEAVY = {
    "mlflow",
    "tensorflow",
    "dask",
    "distributed",
    "keras",
    "torch",
    "lightgbm",
    "sklearn",
    "optuna",
    "pandera",
    "statsmodels",
    "nltk",
    "gensim",
    "lime",
    "skimage",
    "imagehash",
}
# What an environment brings itself, what Pandera takes where it is and does without elsewhere, and
# what measures the tests.
NOT_LOCKED = {"pip", "setuptools", "triptych", "hypothesis", "coverage"}
# MLflow runs these files itself, in a process that has MLflow already.
OF_MLFLOW = {
    f"registry/pyfunc_{what}.py" for what in ("forecaster", "classifier", "photos", "reviews")
}


def at_module_level(source: str) -> set[str]:
    """The packages that a file imports when it is itself imported."""
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
def test_the_check_sees_what_a_module_imports(source: str, found: set[str]) -> None:
    assert at_module_level(source) == found


def test_no_module_imports_anything_heavy_at_its_top() -> None:
    package = ROOT / "src" / "triptych"
    files = {str(file.relative_to(package)): file for file in package.rglob("*.py")}
    assert len(files) > 50

    guilty = {
        name: at_module_level(file.read_text()) & HEAVY
        for name, file in files.items()
        if name not in OF_MLFLOW
    }

    assert {name: found for name, found in guilty.items() if found} == {}


def packages(folder: Path) -> set[str]:
    """The packages that a recorded process had imported at its end."""
    return {name.split(".")[0] for name in (folder / "imported.txt").read_text().split()}


def test_the_main_job_never_imports_a_framework_for_networks(run_project: Project) -> None:
    modules = packages(run_project.path / "record")

    assert {
        "mlflow",
        "lightgbm",
        "sklearn",
        "optuna",
        "pandera",
        "statsmodels",
    } <= modules  # it would be noticed
    assert modules & {"tensorflow", "keras", "torch"} == set()


def lacking(modules: set[str], lock: str) -> set[str]:
    """The distributions that modules came from and that a lock does not have."""
    known = packages_distributions()
    names = {name.lower().replace("_", "-") for module in modules for name in known.get(module, [])}
    locked = set(re.findall(r"(?m)^([a-z0-9.-]+)(?:\[.*\])?==", lock))
    return {name.replace(".", "-") for name in names} - {name.replace(".", "-") for name in locked}


def test_the_image_of_the_batch_has_all_that_the_main_job_imports(run_project: Project) -> None:
    lock = (ROOT / "requirements" / "batch.lock").read_text(encoding="utf-8")
    modules = packages(run_project.path / "record")

    assert lacking(modules, lock) <= NOT_LOCKED
    assert "tensorflow==" not in lock
    assert lacking(modules, lock.replace("\nlightgbm==", "\n# ")) >= {"lightgbm"}


@pytest.mark.parametrize("command", ["registry list", "catalog describe-datasets"])
def test_looking_at_the_project_imports_nothing_heavy(
    project: Project, tmp_path: Path, command: str
) -> None:
    result = project.kedro(*command.split(), **recording(tmp_path / "record"))

    assert result.returncode == 0, result.stdout
    modules = packages(tmp_path / "record")
    assert {"triptych", "kedro"} <= modules
    assert modules & (HEAVY - {"mlflow"}) == set()  # kedro-mlflow's own hooks need MLflow
