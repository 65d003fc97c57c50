"""Notebooks are executed, small and reproducible; others are rejected."""

import re
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from nbformat import NotebookNode

from notebooks.execute import JOBS, MAX_BYTES, NOTEBOOK, NotebookError, check, execute, strip
from tests.fixtures.project import Project, copy_of

# The structure required by the specification.
SECTIONS = [
    "1. Synthesis of the project and its aims",
    "2. Loading the data",
    "3. Exploratory analysis",
    "4. Separation into training, validation and test sets",
    "5. Preparation of the data",
    "6. Modelling and evaluation of the models",
    "7. Analysis and interpretation of the results",
]


def notebook(source: str) -> NotebookNode:
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])


def outputs(book: NotebookNode) -> list[NotebookNode]:
    return [output for cell in book.cells for output in cell.get("outputs", [])]


@pytest.fixture(scope="module", params=JOBS, ids=lambda path: path.stem)
def committed(request: pytest.FixtureRequest) -> NotebookNode:
    return nbformat.read(request.param, as_version=4)


def test_committed_notebooks_are_valid_and_have_the_required_structure(
    committed: NotebookNode,
) -> None:
    text = "\n".join(cell.source for cell in committed.cells if cell.cell_type == "markdown")
    kinds = {kind for output in outputs(committed) for kind in output.get("data", {})}

    nbformat.validate(committed)
    check(committed, "committed")
    assert MAX_BYTES == 2_000_000
    assert "Traceback" not in nbformat.writes(committed)
    assert re.findall(r"^## (.*)$", text, flags=re.MULTILINE) == SECTIONS
    assert {"image/png"} <= kinds <= {"text/plain", "text/html", "text/markdown", "image/png"}


def test_all_cells_were_executed_in_order_without_timestamps(committed: NotebookNode) -> None:
    counts = [cell.execution_count for cell in committed.cells if cell.cell_type == "code"]

    assert counts == list(range(1, len(counts) + 1))
    assert committed == strip(nbformat.from_dict(committed))
    assert all("execution" not in cell.metadata for cell in committed.cells)


def test_the_time_series_notebook_can_be_executed_on_the_sample(
    run_project: Project, tmp_path: Path
) -> None:
    committed = nbformat.read(NOTEBOOK, as_version=4)
    book = execute(NOTEBOOK, copy_of(run_project, tmp_path / "project"), "test")
    text = " ".join(output.get("data", {}).get("text/markdown", "") for output in outputs(book))

    assert [cell.source for cell in book.cells] == [cell.source for cell in committed.cells]
    assert "Northmere" in text
    assert "Paris" not in text


def test_kedro_jupyter_opens_a_notebook_with_the_data(
    run_project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`kedro jupyter lab` installs the same kernel as `setup`, and makes it the default."""
    project = copy_of(run_project, tmp_path / "project")
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))
    project.output("jupyter", "setup")
    book = notebook("print(len(catalog['history'].load()), context.env, *sorted(pipelines)[:2])")
    book.metadata["kernelspec"] = {"name": "kedro_triptych", "display_name": "Kedro (triptych)"}
    nbformat.write(book, tmp_path / "new.ipynb")

    (output,) = outputs(execute(tmp_path / "new.ipynb", project, "test"))

    rows = len(pd.read_parquet(project.path / "data" / "05_model_input" / "history.parquet"))
    assert output["text"].split() == [str(rows), "test", "__default__", "batch_inference"]


def test_a_failing_notebook_is_rejected(project: Project, tmp_path: Path) -> None:
    nbformat.write(notebook("1 / 0"), tmp_path / "planted.ipynb")

    with pytest.raises(NotebookError, match="a cell fails with ZeroDivisionError"):
        execute(tmp_path / "planted.ipynb", project, "test")


@pytest.mark.parametrize(
    ("stream", "text", "message"),
    [
        ("stderr", "noise", "writes to standard error: noise"),
        ("stdout", "file:" + "//here", "contains a path of this machine: (?s:.*)file://here"),
        ("stdout", MAX_BYTES * "x", "2,000,000 are allowed"),
    ],
    ids=["standard error", "path", "size"],
)
def test_invalid_output_is_rejected(stream: str, text: str, message: str) -> None:
    book = notebook("")
    book.cells[0].outputs = [nbformat.v4.new_output("stream", name=stream, text=text)]

    with pytest.raises(NotebookError, match=message):
        check(book, "planted.ipynb")
