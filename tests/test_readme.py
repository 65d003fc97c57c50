"""Documents quote generated results and name existing tables, files and links."""

import json
import re
from pathlib import Path

import pytest

from bench.results import FOLDER
from bench.scale import PAGE, with_table
from tests.acceptance.readme import MARKS, README, replace_between, results_table
from tests.acceptance.results import FILE, RESULTS, with_results
from tests.fixtures.project import ROOT
from triptych.store.tables import metadata


def test_the_results_table_matches_the_results_file() -> None:
    table = json.loads(FILE.read_text(encoding="utf-8"))
    page = RESULTS.read_text(encoding="utf-8")
    key = ("1-8", "climatology", "paris")
    row = next(r for r in table["rows"] if (r["lead"], r["model"], r["location"]) == key)
    modified = page.replace(f"{row['rmse']:.2f}", "0.01")

    assert page == with_results(page, table)
    assert modified != with_results(modified, table)


def test_the_readme_shows_the_results_files() -> None:
    page = README.read_text(encoding="utf-8")
    modified = page.replace("°C", "K")

    assert page == replace_between(page, *MARKS, results_table())
    assert modified != replace_between(modified, *MARKS, results_table())


def test_the_table_of_scale_matches_its_results_file() -> None:
    rows = json.loads((FOLDER / "bench_scale.json").read_text(encoding="utf-8"))["rows"]
    page = PAGE.read_text(encoding="utf-8")
    modified = page.replace("10,000 cities |", "10,001 cities |")

    assert page == with_table(page, rows)
    assert modified != with_table(modified, rows)


def find_long_cells(text: str) -> list[str]:
    """Return the table cells of more than 12 words."""
    rows = (line for line in text.splitlines() if line.startswith("|"))
    return [cell.strip() for row in rows for cell in row.split("|") if len(cell.split()) > 12]


def test_the_readme_is_short() -> None:
    readme = README.read_text(encoding="utf-8")

    assert len(readme.splitlines()) <= 120
    assert find_long_cells(readme) == []
    assert find_long_cells("| a | " + "b " * 13 + "|") == ["b " * 12 + "b"]


def begins_with_commands(page: str) -> bool:
    """Whether the first block of code has shell commands and begins in the first 8 lines."""
    fences = [line for line in page.splitlines()[:8] if line.startswith("```")]
    return fences[:1] in (["```"], ["```sh"], ["```bash"])


def test_every_page_begins_with_its_commands() -> None:
    pages = {file.name: file.read_text(encoding="utf-8") for file in (ROOT / "docs").glob("*.md")}
    planted = pages["api.md"].replace("# API\n", "# API\n" + "\nBackground.\n" * 4)

    assert len(pages) > 10
    assert [name for name, page in pages.items() if not begins_with_commands(page)] == []
    assert not begins_with_commands(planted)


def test_the_architecture_lists_every_table() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")

    assert [name for name in metadata.tables if f"`{name}`" not in text] == []


DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
FOLDERS = ("src", "api", "tests", "bench", "conf", "docs", "notebooks", "presentation")
NAMED = re.compile(rf"(?<![\w/.-])(?:{'|'.join(FOLDERS)})/[\w./-]+\.\w+")
NOT_IN_GIT = {"conf/local/parameters.yml", "conf/local/locations.yml"}


def broken_links(text: str, folder: Path) -> list[str]:
    """Return the broken relative links and images of a document in `folder`."""
    targets = re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", text)
    return [target for target in targets if not (folder / target).exists()]


def stale_paths(text: str) -> list[str]:
    """Return the project files that a text names and that do not exist."""
    return [p for p in NAMED.findall(text) if p not in NOT_IN_GIT and not (ROOT / p).exists()]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_of_documents_exist(document: Path) -> None:
    assert broken_links(document.read_text(encoding="utf-8"), document.parent) == []


def test_paths_in_documents_and_comments_exist() -> None:
    files = [*DOCUMENTS, *(ROOT / name for name in ("Makefile", "pyproject.toml", "compose.yaml"))]
    patterns = {"conf": "*.yml", ".github": "*.yml", "src": "*.py", "api": "*.py"}
    for folder, pattern in patterns.items():
        files += (ROOT / folder).rglob(pattern)
    stale = {str(file): stale_paths(file.read_text(encoding="utf-8")) for file in files}

    assert {file: paths for file, paths in stale.items() if paths} == {}


def test_broken_links_and_stale_paths_are_detected() -> None:
    assert broken_links("[gone](docs/gone.md)", ROOT) == ["docs/gone.md"]
    assert stale_paths("See `src/triptych/study.py`, README.md.") == ["src/triptych/study.py"]
