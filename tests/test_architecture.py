"""The structure of the code, each rule with a planted violation that shows it can fail."""

import shutil
import subprocess
import sys
from collections.abc import Iterable
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp
import pytest

from tests.fixtures.project import ROOT

LONGEST_FILE = 300
# Former names of modules, by package: the standard terms that replaced them are used instead.
RETIRED = {
    "api": """kept answers leave door refusals handlers absences label_absences access documentation
        logs versions sharing files prepared days periods zones local tabular assets pages paging
        page""",
    "triptych/store": "access faults checks conversions reading",
    "triptych/forecasting": """metric estimates joined orders references catalogue checks gradient
        forest kernel standard weights alarms paired""",
    "triptych/weather": "sun grid source archive_answer spans anomalies",
    "triptych/nlp": """checking judging effects experiments lstm_study mistakes hypotheses
        preparation settings nb_weights word_weights explanations curves models""",
    "triptych/vision": """checking judging effects experiments mistakes hypotheses preparation
        settings feeding explaining colour turns drawing""",
    "triptych/classification": "drawing pairs rates keras_start",
    "triptych/registry": """again verdicts rows changes surroundings kinds mirror serving record
        traces access figures""",
    "triptych/datasets": "run_report nested_runs sql_reader",
    "triptych/commands": "tables explanations",
    "triptych/hooks": "run_page run_page_hook provenance_hook experiment_hook summary",
}  # fmt: skip


def sources(root: Path = ROOT) -> list[Path]:
    return [file for folder in ("src", "api") for file in (root / folder).rglob("*.py")]


def import_cycle(*packages: str) -> list[str]:
    """The modules of a cycle of imports, those under TYPE_CHECKING included; empty without one."""
    graph = grimp.build_graph(*packages, exclude_type_checking_imports=False, cache_dir=None)
    try:
        TopologicalSorter(
            {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
        ).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_imports_have_no_cycle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert import_cycle("triptych", "api") == []

    planted = tmp_path / "planted_cycle"
    planted.mkdir()
    (planted / "__init__.py").touch()
    (planted / "model.py").write_text("def save():\n    import planted_cycle.storage\n")
    (planted / "storage.py").write_text(
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import planted_cycle.model\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    assert set(import_cycle("planted_cycle")) == {"planted_cycle.model", "planted_cycle.storage"}


def retired(files: Iterable[str]) -> list[str]:
    """Modules whose name was replaced by a standard one."""
    return [
        file
        for file in files
        for package, names in RETIRED.items()
        if file.startswith(f"{package}/") and Path(file).stem in names.split()
    ]


def test_no_module_has_a_retired_name() -> None:
    files = [str(file.relative_to(ROOT)).removeprefix("src/") for file in sources()]

    assert retired(files) == []
    assert retired(
        ["api/kept.py", "triptych/nlp/lstm.py", "triptych/registry/audit/figures.py"]
    ) == [
        "api/kept.py",
        "triptych/registry/audit/figures.py",
    ]


def too_long(files: Iterable[Path]) -> list[str]:
    return [file.name for file in files if len(file.read_text().splitlines()) > LONGEST_FILE]


def test_no_file_is_long(tmp_path: Path) -> None:
    assert too_long([*sources(), *(ROOT / "bench").rglob("*.py")]) == []
    (tmp_path / "long.py").write_text("pass\n" * 301)
    (tmp_path / "just.py").write_text("pass\n" * 300)
    assert too_long(tmp_path.iterdir()) == ["long.py"]


def undocumented(code: str) -> bool:
    """Tell whether ruff, as the project sets it up, misses a docstring in a module of src."""
    result = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--stdin-filename", "src/triptych/new.py", "-"],
        cwd=ROOT, input=code, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return result.returncode == 1 and "Missing docstring in public" in result.stdout


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ('"""A module."""\n\n\ndef _private() -> None:\n    return\n', False),
        ("X = 1\n", True),
        ('"""A module."""\n\n\ndef public() -> None:\n    return\n', True),
        ('"""A module."""\n\n\nclass Public:\n    x = 1\n', True),
    ],
    ids=["documented", "module", "function", "class"],
)
def test_ruff_requires_docstrings_of_public_names(code: str, expected: bool) -> None:
    assert undocumented(code) == expected


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    """Check the contracts of a copy of the project."""
    code = (
        f"import sys; sys.path[:0] = [{str(folder / 'src')!r}, {str(folder)!r}]; "
        "from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    )
    return subprocess.run(
        [sys.executable, "-P", "-c", code], cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("file", "planted", "broken"),
    [
        (None, "", ""),
        (
            "src/triptych/forecasting/models/ridge.py",
            "import sqlalchemy",
            "forecasting is independent",
        ),
        (
            "src/triptych/pipelines/ingestion/nodes.py",
            "import triptych.datasets",
            "Pipelines access data through the catalog only",
        ),
        ("src/triptych/nlp/sample.py", "import sqlalchemy", "nlp is independent"),
        ("src/triptych/vision/sample.py", "import kedro", "vision is independent"),
        ("api/queries.py", "import triptych.weather", "The API imports only triptych.store"),
    ],
    ids=["as it is", "forecasting", "pipelines", "nlp", "vision", "api"],
)
def test_imports_point_one_way(tmp_path: Path, file: str | None, planted: str, broken: str) -> None:
    leave = shutil.ignore_patterns("__pycache__")
    for folder in ("src", "api"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=leave)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    if file is not None:
        text = (tmp_path / file).read_text()
        (tmp_path / file).write_text(f"{text}\n{planted}\n")

    result = lint_imports(tmp_path)

    assert result.returncode == (0 if file is None else 1), result.stdout + result.stderr
    assert (f"{broken}" in result.stdout and "BROKEN" in result.stdout) == (file is not None)
