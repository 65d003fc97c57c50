"""Rules of the code structure, each with a planted violation."""

import shutil
import subprocess
import sys
from collections.abc import Iterable
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp
import pytest

from tests.fixtures.project import ROOT

SOURCES = [file for folder in ("src", "api") for file in (ROOT / folder).rglob("*.py")]
MAX_LINES = 300
# Former module names, by package; standard terms have replaced them.
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


def import_cycle(*packages: str) -> list[str]:
    """Return the modules of an import cycle, also under TYPE_CHECKING."""
    graph = grimp.build_graph(*packages, exclude_type_checking_imports=False, cache_dir=None)
    imports = {name: graph.find_modules_directly_imported_by(name) for name in graph.modules}
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_imports_have_no_cycle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    planted = tmp_path / "planted_cycle"
    planted.mkdir()
    (planted / "__init__.py").touch()
    (planted / "model.py").write_text("def save():\n    import planted_cycle.storage\n")
    (planted / "storage.py").write_text(
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import planted_cycle.model\n"
    )
    monkeypatch.syspath_prepend(tmp_path)

    assert import_cycle("triptych", "api") == []
    assert set(import_cycle("planted_cycle")) == {"planted_cycle.model", "planted_cycle.storage"}


def retired(files: Iterable[str]) -> list[str]:
    """Return modules with a former name."""
    return [
        file
        for file in files
        for package, names in RETIRED.items()
        if file.startswith(f"{package}/") and Path(file).stem in names.split()
    ]


def test_no_module_has_a_retired_name() -> None:
    files = [str(file.relative_to(ROOT)).removeprefix("src/") for file in SOURCES]
    planted = ["api/kept.py", "triptych/registry/audit/figures.py"]

    assert retired(files) == []
    assert retired([*planted, "triptych/nlp/lstm.py"]) == planted


def too_long(files: Iterable[Path]) -> list[str]:
    return [file.name for file in files if len(file.read_text().splitlines()) > MAX_LINES]


def test_no_file_is_too_long(tmp_path: Path) -> None:
    (tmp_path / "long.py").write_text("pass\n" * 301)
    (tmp_path / "short.py").write_text("pass\n" * 300)

    assert too_long([*SOURCES, *(ROOT / "bench").rglob("*.py")]) == []
    assert too_long(tmp_path.iterdir()) == ["long.py"]


@pytest.mark.parametrize(
    ("code", "missing"),
    [
        ('"""A module."""\n\n\ndef _private() -> None:\n    return\n', False),
        ("X = 1\n", True),
        ('"""A module."""\n\n\ndef public() -> None:\n    return\n', True),
        ('"""A module."""\n\n\nclass Public:\n    x = 1\n', True),
    ],
    ids=["documented", "module", "function", "class"],
)
def test_ruff_requires_docstrings_of_public_names(code: str, missing: bool) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--stdin-filename", "src/triptych/new.py", "-"],
        cwd=ROOT, input=code, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert ("Missing docstring in public" in result.stdout) == missing == result.returncode


PLANTED = {  # by file: an import, and the contract that it breaks
    "src/triptych/forecasting/models/ridge.py": ("sqlalchemy", "forecasting is independent"),
    "src/triptych/pipelines/ingestion/nodes.py": ("triptych.datasets", "Pipelines access data"),
    "src/triptych/nlp/sample.py": ("sqlalchemy", "nlp is independent"),
    "src/triptych/vision/sample.py": ("kedro", "vision is independent"),
    "api/queries.py": ("triptych.weather", "The API imports only triptych.store"),
}


def broken_contracts(folder: Path) -> list[str]:
    """Return the broken import contracts of a copy of the project."""
    code = (
        f"import sys; sys.path[:0] = [{str(folder / 'src')!r}, {str(folder)!r}]; "
        "from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    )
    command = [sys.executable, "-P", "-c", code]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert "Contracts: " in result.stdout, result.stderr
    return [line for line in result.stdout.splitlines() if line.endswith("BROKEN")]


def test_imports_point_one_way(tmp_path: Path) -> None:
    for folder in ("src", "api"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)

    assert broken_contracts(tmp_path) == []
    for file, (module, _) in PLANTED.items():
        with (tmp_path / file).open("a") as opened:
            opened.write(f"\nimport {module}\n")
    broken = "\n".join(broken_contracts(tmp_path))
    assert [contract for _, contract in PLANTED.values() if contract not in broken] == []
