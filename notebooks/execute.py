"""Execute notebooks from scratch, on the results of their jobs: python -m notebooks.execute.

A job runs in a throw-away copy of the project, on the recorded data in TRIPTYCH_REAL_DATA; weather
is served as the archive serves it; photos that are shown are the sample's, drawn. `python -m
notebooks.execute vision` executes one of them; with `--project FOLDER` the results are those of
that project.
"""

import argparse
import logging
import os
import re
import shutil
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
LIMIT = 2_000_000  # bytes
LIVE, SAMPLE = "live", "base"  # environments: recorded data, the embedded sample
CELL_SECONDS = 600
COLOURS = 256  # of an image
OF_A_MACHINE = re.compile(r"file://|/(work|tmp|home|root|Users)/|site-packages")
KEPT_METADATA = ("kernelspec", "language_info")

logger = logging.getLogger("notebooks")


class NotebookError(Exception):
    """A notebook that is not fit to be shown."""


def execute(notebook: Path, project: Project, env: str) -> NotebookNode:
    """Execute a copy of `notebook` in a project in which the main job has run.

    NotebookError: a cell fails, writes to standard error, or the whole is too large.
    """
    copy = project.path / "notebooks" / notebook.name
    copy.parent.mkdir(exist_ok=True)
    shutil.copy(notebook, copy)
    for module in notebook.parent.glob("*_plots.py"):  # imported by the notebook
        shutil.copy(module, copy.parent)
    book = nbformat.read(copy, as_version=4)
    # through a file, not a port: two kernels that start at once can be given the same one
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
    """Drop what differs from one execution to the next, and outputs in which nothing stands."""
    book.metadata = {name: book.metadata[name] for name in KEPT_METADATA if name in book.metadata}
    book.metadata["language_info"] = {"name": "python"}
    for cell in book.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if not _is_blank(output)]
    return book


def _is_blank(output: NotebookNode) -> bool:
    # rich, which Kedro logs with, shows an empty line before everything that is displayed
    return output.get("data", {}).get("text/plain") == ""


def lighten(book: NotebookNode) -> NotebookNode:
    """Give images a palette: plots have few colours, and weigh half then."""
    for cell in book.cells:
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                image = Image.open(BytesIO(b64decode(output["data"]["image/png"]))).convert("RGB")
                small = BytesIO()
                palette = image.quantize(
                    COLOURS,
                    method=Image.Quantize.MAXCOVERAGE,  # a thin line keeps its colour
                    dither=Image.Dither.NONE,
                )
                palette.save(small, "png", optimize=True)
                output["data"]["image/png"] = b64encode(small.getvalue()).decode()
    return book


def check(book: NotebookNode, name: str) -> None:
    """Refuse noise, traces of a machine, and weight."""
    noisy = [
        output["text"]
        for cell in book.cells
        for output in cell.get("outputs", [])
        if output.get("name") == "stderr"
    ]
    if noisy:
        raise NotebookError(f"{name}: a cell writes to standard error: {noisy[0][:500]}")
    if trace := OF_A_MACHINE.search(text := nbformat.writes(book)):
        around = text[max(trace.start() - 400, 0) : trace.end() + 200]
        raise NotebookError(f"{name}: a trace of this machine: {around}")
    size = len(text.encode())
    if size > LIMIT:
        raise NotebookError(f"{name}: {size:,} bytes with its outputs, {LIMIT:,} are allowed.")


def run_main_job(folder: Path) -> Project:
    """Run the main job of a new project on the recorded weather."""
    server = serve_json(RecordedArchive(_recorded() / "open_meteo").answer)
    url = f"http://127.0.0.1:{server.server_port}"
    try:
        return _run(folder, "--params", PERIODS, TRIPTYCH_OPEN_METEO_URL=url)
    finally:
        server.shutdown()
        server.server_close()


def run_reviews(folder: Path) -> Project:
    """Run the study of reviews of a new project on the recorded ones."""
    return _run(folder, "--pipeline", "nlp", TRIPTYCH_REAL_DATA=str(_recorded()))


def run_photos(folder: Path) -> Project:
    """Run the study of photos of a new project on the sample: recorded photos are not shown."""
    return _run(folder, "--pipeline", "vision", env=SAMPLE)


JOBS = {NOTEBOOK: run_main_job, PHOTOS: run_photos, REVIEWS: run_reviews}
ENVIRONMENTS = {PHOTOS: SAMPLE}  # of the others: LIVE


def _recorded() -> Path:
    recorded = os.environ.get("TRIPTYCH_REAL_DATA")
    if not recorded:
        raise NotebookError(
            "The notebooks show recorded data: name its folder in TRIPTYCH_REAL_DATA, or a project "
            "in which the job has run: python -m notebooks.execute NAME --project FOLDER"
        )
    return Path(recorded).resolve()


def _run(folder: Path, *arguments: str, env: str = LIVE, **variables: str) -> Project:
    project = make_project(folder)
    logger.info("kedro run %s; it takes about ten minutes …", " ".join(arguments))
    result = project.kedro("run", "--env", env, *arguments, timeout=3600, **variables)
    if result.returncode:
        raise NotebookError(f"The job fails.\n{result.stdout}")
    return project


def main() -> int:
    """Execute, and write a notebook back only if it is fit to be shown."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    logger.setLevel(logging.INFO)
    parser = argparse.ArgumentParser(description=__doc__)
    named = {notebook.stem: notebook for notebook in JOBS}
    parser.add_argument("names", nargs="*", help=f"of {', '.join(named)}; all unless named")
    parser.add_argument("--project", type=Path, help="a project in which the job has run")
    parser.add_argument("--env", help="its environment; base for vision, live for the others")
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.names) - set(named))
    if unknown or (arguments.project and len(arguments.names) != 1):
        parser.error(f"name notebooks of {', '.join(named)}, and one alone with --project")
    for name in arguments.names or named:
        try:
            _renew(named[name], arguments.project, arguments.env)
        except NotebookError as error:
            logger.error("%s", error)
            return 1
    return 0


def _renew(notebook: Path, ran: Path | None, env: str | None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        project = Project(ran.resolve()) if ran else JOBS[notebook](Path(folder) / "project")
        book = execute(notebook, project, env or ENVIRONMENTS.get(notebook, LIVE))
    nbformat.write(book, notebook)
    logger.info("%s: %s bytes", notebook.name, f"{notebook.stat().st_size:,}")


if __name__ == "__main__":
    sys.exit(main())
