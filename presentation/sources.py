"""Quotations of the slides: results, outputs of executed notebooks, sections of documents.

Missing sources are reported on the slide and listed in `missing`.
"""

import json
import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent

Cell = dict[str, Any]


class Sources:
    """Reads the quoted folders.

    Args:
        root: project folder with docs/results, notebooks and docs.
    """

    def __init__(self, root: Path = ROOT) -> None:
        self._root = root
        self.missing: list[str] = []

    @cached_property
    def _notebooks(self) -> dict[str, list[Cell]]:
        folder = self._root / "notebooks"
        return {
            file.stem: json.loads(file.read_text(encoding="utf-8"))["cells"]
            for file in sorted(folder.glob("*.ipynb"))
        }

    def results(self, name: str) -> dict[str, Any] | None:
        """Return a file of docs/results, or None."""
        file = self._root / "docs" / "results" / f"{name}.json"
        if not file.exists():
            self._note(f"docs/results/{name}.json")
            return None
        found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return found

    def picture(self, notebook: str, begins: str) -> str:
        """Return the picture of the cell whose first comment starts with `begins`."""
        return "".join(map(_show, self._outputs(notebook, begins, "image/png")[:1])) or self._lack(
            f"notebooks/{notebook}.ipynb, the picture of “{begins}”"
        )

    def says(self, notebook: str, begins: str) -> str:
        """Return the text output of the cell whose first comment starts with `begins`."""
        return "\n\n".join(self._outputs(notebook, begins, "text/markdown")) or self._lack(
            f"notebooks/{notebook}.ipynb, the text of “{begins}”"
        )

    def prose(self, notebook: str, heading: str) -> str:
        """Return the text under a heading, up to the next one."""
        for cell in self._notebooks.get(notebook, []):
            found = re.search(_under(heading), _source(cell), re.M | re.S)
            if cell["cell_type"] == "markdown" and found:
                return found[1].strip()
        return self._lack(f"notebooks/{notebook}.ipynb, “{heading}”")

    def section(self, notebook: str, number: int, pictures: int = 0, texts: int = 0) -> str:
        """Return the first pictures and text outputs of a numbered section, in order."""
        left = {"image/png": pictures, "text/markdown": texts}
        quoted = []
        for kind, value in self._of_section(notebook, number):
            if left.get(kind, 0) > 0:
                left[kind] -= 1
                quoted.append(_show(value) if kind == "image/png" else value)
        return "\n\n".join(quoted) or self._lack(f"notebooks/{notebook}.ipynb, section {number}")

    def document(self, name: str, heading: str) -> str:
        """Return the first table under a heading of a document."""
        text = (self._root / "docs" / name).read_text(encoding="utf-8")
        found = re.search(_under(heading), text, re.M | re.S)
        table = re.search(r"(?:^\|.*\n)+", found[1], re.M) if found else None
        return table[0] if table else self._lack(f"docs/{name}, “{heading}”")

    def _outputs(self, notebook: str, begins: str, kind: str) -> list[str]:
        for cell in self._notebooks.get(notebook, []):
            if cell["cell_type"] == "code" and _source(cell).startswith(f"# {begins}"):
                return [value for each, value in _shown(cell) if each == kind]
        return []

    def _of_section(self, notebook: str, number: int) -> Iterator[tuple[str, str]]:
        inside = False
        for cell in self._notebooks.get(notebook, []):
            begun = re.findall(r"^## (\d+)", _source(cell), re.M)
            if cell["cell_type"] == "markdown" and begun:
                inside = begun[0] == str(number)
            elif inside and cell["cell_type"] == "code":
                yield from _shown(cell)

    def _lack(self, what: str) -> str:
        self._note(what)
        return f"*Not available: {what}.*"

    def _note(self, what: str) -> None:
        if what not in self.missing:
            self.missing.append(what)


def _under(heading: str) -> str:
    return rf"^#+ (?:\d+\. )?{re.escape(heading)}\n(.*?)(?=^#+ |\Z)"


def _source(cell: Cell) -> str:
    return "".join(cell["source"])


def _shown(cell: Cell) -> Iterator[tuple[str, str]]:
    for output in cell["outputs"]:
        for kind, value in output.get("data", {}).items():
            if kind in {"image/png", "text/markdown"}:
                yield kind, "".join(value).strip()


def _show(png: str) -> str:
    data = png.replace("\n", "")
    return f'\n<img alt="a figure of the notebook" src="data:image/png;base64,{data}">\n'
