"""What a run stands on: every file of the code, every package, the machine."""

from importlib.metadata import version
from pathlib import Path

from tests.fixtures.project import ROOT
from triptych.registry.environment import describe_environment


def test_code_packages_and_machine_are_named(tmp_path: Path) -> None:
    found = describe_environment(tmp_path)

    package = ROOT / "src" / "triptych"
    assert set(found["code"]) == {
        path.relative_to(package).as_posix() for path in package.rglob("*.py")
    }
    assert len(set(found["code"].values())) > 100
    packages = found["packages"]
    assert {"python", "numpy", "scipy", "pandas", "scikit-learn", "kedro-datasets"} <= set(packages)
    assert packages["lightgbm"] == version("lightgbm")
    assert "pytest" not in packages  # of the extra `dev`: no run stands on it
    assert found["machine"].keys() == {"platform", "processor", "blas"}
    assert "openblas" in found["machine"]["blas"]
