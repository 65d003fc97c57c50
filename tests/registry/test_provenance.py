"""Which rows a model was trained on, by which code and in which environment."""

from importlib.metadata import version
from pathlib import Path

import pandas as pd
import pytest

from tests.fixtures.commands import git
from tests.fixtures.project import ROOT
from triptych.registry.provenance import describe_environment, frame_sha256, git_commit


def frame() -> pd.DataFrame:
    times = pd.date_range("2019-07-14", periods=4, freq="3h", tz="UTC", unit="us")
    return pd.DataFrame(
        {"location": ["brest", "brest", "paris", "paris"], "time": times, "value": [1.0, 2, 3, 4]}
    ).astype({"location": "str"})


def test_the_digest_is_of_the_rows_not_of_the_file_they_came_from(tmp_path: Path) -> None:
    frame().to_parquet(tmp_path / "one.parquet", compression="snappy")
    frame().to_parquet(tmp_path / "two.parquet", compression="gzip")
    one, two = (pd.read_parquet(tmp_path / f"{name}.parquet") for name in ("one", "two"))

    assert (tmp_path / "one.parquet").read_bytes() != (tmp_path / "two.parquet").read_bytes()
    assert frame_sha256(one) == frame_sha256(two) == frame_sha256(frame())
    assert frame_sha256(frame().set_axis([9, 8, 7, 6])) == frame_sha256(frame())
    assert len(frame_sha256(frame())) == 64


@pytest.mark.parametrize(
    "changed",
    [
        frame().assign(value=[1.0, 2, 3, 4.000001]),
        frame().assign(value=[1.0, 2, 3, float("nan")]),
        frame().assign(location=["brest", "brest", "paris", "lyon"]),
        frame().assign(time=frame()["time"] + pd.Timedelta(hours=3)),
        frame().iloc[::-1],
        frame().head(3),
        frame().rename(columns={"value": "worth"}),
        frame()[["location", "value", "time"]],
        frame().astype({"value": "float32"}),
        frame().astype({"value": "int64"}),
    ],
    ids=["value", "missing", "text", "time", "order", "fewer", "name", "columns", "f32", "int"],
)
def test_the_digest_changes_with_anything_in_the_rows(changed: pd.DataFrame) -> None:
    assert frame_sha256(changed) != frame_sha256(frame())


def test_the_commit_names_the_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRIPTYCH_VERSION", raising=False)
    assert git_commit(tmp_path) == "unknown"
    git(tmp_path, "init", "--quiet")
    (tmp_path / "code.py").write_text("one\n")
    git(tmp_path, "add", "code.py")
    git(tmp_path, "commit", "--quiet", "--no-gpg-sign", "-m", "one")
    commit = git(tmp_path, "rev-parse", "HEAD")

    (tmp_path / "notes.txt").write_text("not code\n")
    assert git_commit(tmp_path) == commit
    assert len(commit) == 40
    (tmp_path / "code.py").write_text("two\n")
    assert git_commit(tmp_path) == f"{commit}+changes"
    monkeypatch.setenv("TRIPTYCH_VERSION", "0123abc")
    monkeypatch.setenv("PATH", str(tmp_path))  # without git
    assert git_commit(tmp_path) == "0123abc"


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
