"""Importing the API loads no package of the pipelines, which its image does not hold."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FORBIDDEN = {"pandas", "numpy", "kedro", "mlflow", "sklearn", "matplotlib", "tensorflow", "httpx"}
ALLOWED_OF_TRIPTYCH = {"triptych", "triptych.store"}


def find_loaded(code: str) -> set[str]:
    """Run code in a fresh interpreter and give the names of the modules it loaded."""
    shown = f"import sys; {code}; sys.stdout.write(' '.join(sys.modules))"
    run = subprocess.run(
        [sys.executable, "-c", shown], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(run.stdout.split())


def check_light(loaded: set[str]) -> None:
    assert not FORBIDDEN & {name.split(".")[0] for name in loaded}
    ours = {".".join(name.split(".")[:2]) for name in loaded if name.split(".")[0] == "triptych"}
    assert ours <= ALLOWED_OF_TRIPTYCH


def test_importing_the_api_loads_no_pipeline() -> None:
    loaded = find_loaded("import api.app")
    assert "fastapi" in loaded
    assert "triptych.store" in loaded
    check_light(loaded)


@pytest.mark.parametrize("heavy", ["import numpy", "import triptych.weather"])
def test_a_heavy_import_would_be_caught(heavy: str) -> None:
    with pytest.raises(AssertionError):
        check_light(find_loaded(f"import api.app; {heavy}"))
