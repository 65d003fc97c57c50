"""Rows kept for good: the same bits back, shared years stored once, damage noticed."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.pipelines.hand_made import history
from triptych.registry.snapshots import SnapshotError, SnapshotStore

BOTH = ("northmere", "westhaven")


@pytest.fixture
def store(tmp_path: Path) -> SnapshotStore:
    return SnapshotStore(tmp_path / "snapshots")


def files(store: SnapshotStore) -> dict[str, tuple[int, bytes]]:
    """Every file with its time of writing and its bytes."""
    found = (path for path in store.folder.rglob("*") if path.is_file())
    return {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in found}


def test_the_same_rows_come_back_bit_for_bit(store: SnapshotStore) -> None:
    rows = history("2016-12-01", "2018-02-01", BOTH)
    rows.loc[[3, 50], "temperature_2m"] = np.nan
    rows.loc[4, "temperature_2m"] = 0.1 + 0.2

    back = store.load(store.store(rows))

    pd.testing.assert_frame_equal(back, rows.astype({"location": "str"}), check_exact=True)


def test_a_chunk_is_a_year_of_a_location(store: SnapshotStore) -> None:
    sha256 = store.store(history("2016-12-01", "2018-02-01", BOTH))

    chunks = store.chunks(sha256)

    assert [(c.location, c.year, c.rows) for c in chunks] == [
        (slug, year, days * 8)
        for slug in BOTH
        for year, days in ((2016, 31), (2017, 365), (2018, 31))
    ]
    assert {store.path(c).name for c in chunks} | {f"{sha256}.json"} == set(files(store))


def test_what_is_stored_already_is_not_stored_again(store: SnapshotStore) -> None:
    first = store.store(history("2016-01-01", "2018-02-01"))
    before = files(store)

    assert store.store(history("2016-01-01", "2018-02-01")) == first
    assert files(store) == before
    later = store.store(history("2016-01-01", "2018-02-01").iloc[:-8])

    after = files(store)
    assert later != first
    assert {name: after[name] for name in before} == before
    assert len(after) == len(before) + 2  # the last year of a day less, and its manifest


def test_a_correction_makes_a_second_snapshot_beside_the_first(store: SnapshotStore) -> None:
    rows = history("2016-01-01", "2018-01-01", BOTH)
    corrected = rows.assign(temperature_2m=rows["temperature_2m"].where(rows.index != 7, 3.5))

    old, new = store.store(rows), store.store(corrected)

    assert store.load(old)["temperature_2m"].tolist() == rows["temperature_2m"].tolist()
    assert store.load(new)["temperature_2m"].tolist() == corrected["temperature_2m"].tolist()
    differing = set(store.chunks(old)) ^ set(store.chunks(new))
    assert {(c.location, c.year) for c in differing} == {("northmere", 2016)}


def test_damage_is_noticed_and_named(store: SnapshotStore) -> None:
    rows = history("2016-01-01", "2018-01-01")
    sha256 = store.store(rows)
    one, other = (store.path(chunk) for chunk in store.chunks(sha256))
    changed = pd.read_parquet(other)
    changed.loc[100, "temperature_2m"] += 1e-12
    changed.to_parquet(other)
    with pytest.raises(SnapshotError, match=f"Data changed: .*{other.name}.* northmere 2017 now"):
        store.load(sha256)
    other.write_bytes(other.read_bytes()[:1000])
    with pytest.raises(SnapshotError, match=f"Data changed: .*{other.name}.*cannot be read"):
        store.load(sha256)
    one.unlink()
    with pytest.raises(SnapshotError, match=f"Data missing: .*{one.name}.*dvc pull"):
        store.load(sha256)
    other.unlink()
    assert store.store(rows) == sha256  # the same rows mend it
    assert len(store.load(sha256)) == len(rows)
    path = store.folder / "manifests" / f"{sha256}.json"
    path.write_text(path.read_text().replace("2016", "2015"))
    with pytest.raises(SnapshotError, match="does not give the digest in its name"):
        store.load(sha256)
    with pytest.raises(SnapshotError, match="Data missing"):
        store.load("0" * 64)


def test_nothing_is_left_of_a_write_that_fails(
    store: SnapshotStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_parquet", full)

    with pytest.raises(OSError, match="No space"):
        store.store(history("2016-01-01", "2017-01-01"))
    assert files(store) == {}
