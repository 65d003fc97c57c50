"""Notebooks hold what they show, are light, and can be executed again; a bad one is refused."""

import re
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from notebooks.execute import JOBS, LIMIT, NOTEBOOK, NotebookError, check, execute, strip
from tests.fixtures.project import Project, copy_of

# The structure that the specification of the project asks of a notebook.
SECTIONS = [
    "1. Synthesis of the project and its aims",
    "2. Loading the data",
    "3. Exploratory analysis",
    "4. Separation into training, validation and test sets",
    "5. Preparation of the data",
    "6. Modelling and evaluation of the models",
    "7. Analysis and interpretation of the results",
]
SHOWN = {"text/plain", "text/html", "text/markdown", "image/png"}


def notebook(source: str) -> NotebookNode:
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])


def code_cells(book: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in book.cells if cell.cell_type == "code"]


def outputs(book: NotebookNode) -> list[NotebookNode]:
    return [output for cell in code_cells(book) for output in cell.outputs]


@pytest.fixture(scope="module", params=JOBS, ids=lambda path: path.stem)
def path(request: pytest.FixtureRequest) -> Path:
    found: Path = request.param
    return found


@pytest.fixture(scope="module")
def committed(path: Path) -> NotebookNode:
    return nbformat.read(path, as_version=4)


def test_the_committed_notebook_is_valid_light_and_quiet(
    path: Path, committed: NotebookNode
) -> None:
    nbformat.validate(committed)
    check(committed, path.name)

    assert path.stat().st_size < LIMIT == 2_000_000
    assert "Traceback" not in path.read_text(encoding="utf-8")


def test_it_has_the_structure_that_was_asked_for(committed: NotebookNode) -> None:
    text = "\n".join(cell.source for cell in committed.cells if cell.cell_type == "markdown")

    assert re.findall(r"^## (.*)$", text, flags=re.MULTILINE) == SECTIONS


def test_every_cell_was_executed_in_order_and_leaves_no_trace_of_when(
    committed: NotebookNode,
) -> None:
    counts = [cell.execution_count for cell in code_cells(committed)]

    assert counts == list(range(1, len(counts) + 1))
    assert committed == strip(nbformat.from_dict(committed))
    assert all("execution" not in cell.metadata for cell in committed.cells)


def test_its_images_are_still(committed: NotebookNode) -> None:
    kinds = {kind for output in outputs(committed) for kind in output.get("data", {})}

    assert "image/png" in kinds
    assert kinds <= SHOWN


def test_the_one_of_time_series_can_be_executed_on_the_sample(
    run_project: Project, tmp_path: Path
) -> None:
    committed = nbformat.read(NOTEBOOK, as_version=4)
    book = execute(NOTEBOOK, copy_of(run_project, tmp_path / "project"), "test")

    assert [cell.source for cell in book.cells] == [cell.source for cell in committed.cells]
    written = " ".join(output["data"].get("text/markdown", "") for output in outputs(book)
                       if "data" in output)  # fmt: skip
    assert "Northmere" in written
    assert "Paris" not in written


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("1 / 0", "a cell fails with ZeroDivisionError"),
        ("import sys\nsys.stderr.write('noise')", "writes to standard error: noise"),
        ("print('file:' + '//here')", "a trace of this machine: (?s:.*)file://here"),
    ],
    ids=["a cell that fails", "a cell that is loud", "a cell that says where it ran"],
)
def test_a_bad_notebook_is_refused(
    project: Project, tmp_path: Path, source: str, said: str
) -> None:
    nbformat.write(notebook(source), tmp_path / "planted.ipynb")

    with pytest.raises(NotebookError, match=said):
        execute(tmp_path / "planted.ipynb", project, "test")


def test_a_heavy_notebook_is_refused() -> None:
    book = notebook("")
    book.cells[0].outputs = [nbformat.v4.new_output("stream", text="x" * LIMIT)]

    with pytest.raises(NotebookError, match="2,000,000 are allowed"):
        check(book, "planted.ipynb")
