"""Run the pipelines and execute the notebooks on their results: python -m notebooks.execute [NAME].

Each run uses a temporary copy of the project and the real data in TRIPTYCH_REAL_DATA, with a local
server in place of the weather archive. `--project FOLDER` uses the results of an existing project.
"""

import argparse
import logging
import os
import re
import shutil
import subprocess
import sys
import tempfile
from base64 import b64decode, b64encode
from io import BytesIO
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode
from PIL import Image
from traitlets.config import Config

from tests.acceptance.conftest import PERIODS
from tests.acceptance.recorded_archive import RecordedArchive
from tests.fixtures.json_server import serve_json
from tests.fixtures.project import Project, make_project

FOLDER = Path(__file__).parent
NOTEBOOK = FOLDER / "time_series.ipynb"
REVIEWS = FOLDER / "nlp.ipynb"
PHOTOS = FOLDER / "vision.ipynb"
MAX_BYTES = 2_000_000
LIVE = "live"  # environment: real data
CELL_SECONDS = 600
COLOURS = 256  # of an image
LOCAL_PATH = re.compile(r"file://|/(work|tmp|home|root|Users)/|site-packages")
METADATA = ("kernelspec", "language_info")

logger = logging.getLogger("notebooks")


class NotebookError(Exception):
    """A notebook that must not be committed."""


def execute(notebook: Path, project: Project, env: str) -> NotebookNode:
    """Execute a copy of `notebook` in a project with results.

    Raises:
        NotebookError: A cell fails or writes to standard error, or the notebook is too large.
    """
    copy = project.path / "notebooks" / notebook.name
    copy.parent.mkdir(exist_ok=True)
    shutil.copy(notebook, copy)
    for module in notebook.parent.glob("*_plots.py"):  # imported by the notebook
        shutil.copy(module, copy.parent)
    book = nbformat.read(copy, as_version=4)
    # a socket file instead of a port, which two kernels starting at once may share
    with tempfile.TemporaryDirectory() as sockets:
        channel = {"transport": "ipc", "ip": f"{sockets}/kernel"}
        client = NotebookClient(
            book,
            timeout=CELL_SECONDS,
            resources={"metadata": {"path": str(copy.parent)}},
            config=Config({"KernelManager": channel}),
        )
        try:
            client.execute(env=project.environment(KEDRO_ENV=env))
        except CellExecutionError as error:
            raise NotebookError(
                f"{notebook.name}: a cell fails with {error.ename}: {error.evalue}\n{error}"
            ) from error
    check(lighten(strip(book)), notebook.name)
    return book


def strip(book: NotebookNode) -> NotebookNode:
    """Remove metadata that differ between executions, and empty outputs."""
    book.metadata = {name: book.metadata[name] for name in METADATA if name in book.metadata}
    book.metadata["language_info"] = {"name": "python"}
    for cell in book.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if not _is_blank(output)]
    return book


def _is_blank(output: NotebookNode) -> bool:
    # rich, which Kedro uses for logging, writes an empty line before each display
    return output.get("data", {}).get("text/plain") == ""


def lighten(book: NotebookNode) -> NotebookNode:
    """Convert images to palettes, which halves their size."""
    for cell in book.cells:
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                image = Image.open(BytesIO(b64decode(output["data"]["image/png"]))).convert("RGB")
                small = BytesIO()
                palette = image.quantize(
                    COLOURS,
                    method=Image.Quantize.MAXCOVERAGE,  # preserves the colour of thin lines
                    dither=Image.Dither.NONE,
                )
                palette.save(small, "png", optimize=True)
                output["data"]["image/png"] = b64encode(small.getvalue()).decode()
    return book


def check(book: NotebookNode, name: str) -> None:
    """Reject output on standard error, local paths and large notebooks."""
    noisy = [
        output["text"]
        for cell in book.cells
        for output in cell.get("outputs", [])
        if output.get("name") == "stderr"
    ]
    if noisy:
        raise NotebookError(f"{name}: a cell writes to standard error: {noisy[0][:500]}")
    if path := LOCAL_PATH.search(text := nbformat.writes(book)):
        context = text[max(path.start() - 400, 0) : path.end() + 200]
        raise NotebookError(f"{name} contains a path of this machine: {context}")
    size = len(text.encode())
    if size > MAX_BYTES:
        raise NotebookError(f"{name}: {size:,} bytes with its outputs, {MAX_BYTES:,} are allowed.")


def run_main_job(folder: Path) -> Project:
    """Run the main job of a new project on real weather."""
    server = serve_json(RecordedArchive(_real_data() / "open_meteo").answer)
    url = f"http://127.0.0.1:{server.server_port}"
    try:
        return _run(folder, "--params", PERIODS, TRIPTYCH_OPEN_METEO_URL=url)
    finally:
        server.shutdown()
        server.server_close()


def run_reviews(folder: Path) -> Project:
    """Run the review study of a new project on the reviews whose licence allows to quote some."""
    return _run(folder, "--pipeline", "nlp", TRIPTYCH_REAL_DATA=str(_real_data()))


def run_photos(folder: Path) -> Project:
    """Run the photo study of a new project on real photos, whose licence allows to show some."""
    return _run(folder, "--pipeline", "vision", TRIPTYCH_REAL_DATA=str(_real_data()))


JOBS = {NOTEBOOK: run_main_job, PHOTOS: run_photos, REVIEWS: run_reviews}


def _real_data() -> Path:
    folder = os.environ.get("TRIPTYCH_REAL_DATA")
    if not folder:
        raise NotebookError(
            "The notebooks need real data. Set TRIPTYCH_REAL_DATA to its folder, or use a project "
            "with results: python -m notebooks.execute NAME --project FOLDER"
        )
    return Path(folder).resolve()


def _run(folder: Path, *arguments: str, **variables: str) -> Project:
    project = make_project(folder)
    command = [str(Path(sys.executable).with_name("kedro")), "run", "--env", LIVE, *arguments]
    logger.info("kedro %s", " ".join(command[1:]))
    environment = project.environment(**variables)
    ran = subprocess.run(command, cwd=folder, env=environment, check=False)  # noqa: S603
    if ran.returncode:
        raise NotebookError("kedro run failed: see its log above.")
    return project


def main() -> int:
    """Execute the notebooks and overwrite each if it is valid."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    logger.setLevel(logging.INFO)
    parser = argparse.ArgumentParser(description=__doc__)
    named = {notebook.stem: notebook for notebook in JOBS}
    parser.add_argument("names", nargs="*", help=f"{', '.join(named)}; default: all")
    parser.add_argument("--project", type=Path, help="project with results")
    parser.add_argument("--env", help="default: live")
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.names) - set(named))
    if unknown or (arguments.project and len(arguments.names) != 1):
        parser.error(f"Available notebooks: {', '.join(named)}. --project needs exactly one.")
    for name in arguments.names or named:
        try:
            _update(named[name], arguments.project, arguments.env)
        except NotebookError as error:
            logger.error("%s", error)
            return 1
    return 0


def _update(notebook: Path, results: Path | None, env: str | None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        project = (
            Project(results.resolve()) if results else JOBS[notebook](Path(folder) / "project")
        )
        book = execute(notebook, project, env or LIVE)
    nbformat.write(book, notebook)
    logger.info("%s: %s bytes", notebook.name, f"{notebook.stat().st_size:,}")


if __name__ == "__main__":
    sys.exit(main())
