"""The SQL table as a Kedro dataset, on both databases."""

import json
import logging
import subprocess
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from kedro.io import DataCatalog, DatasetError
from pandas.testing import assert_frame_equal, assert_series_equal

import triptych.datasets
from tests.fixtures.databases import dump_tables
from triptych.datasets import SqlTableDataset
from triptych.store.database import open_database
from triptych.store.errors import CorruptDatabase, DatabaseUnavailable, RowsRefused, StoreError
from triptych.store.tables import WEATHER_VARIABLES

_TIMES = pd.date_range("2019-07-14", periods=4, freq="3h", tz="UTC", unit="us")


def places() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "location": ["brest", "paris"],
            "name": ["Brest", "Paris"],
            "latitude": [48.39, 48.86],
            "longitude": [-4.49, 2.35],
            "elevation": [35.0, 42.0],
            "timezone": "Europe/Paris",
            "source": "sample",
        }
    )


def steps() -> pd.DataFrame:
    """Four steps of two places; the first temperature of Paris is missing, cloud cover always."""
    keys = pd.MultiIndex.from_product([["brest", "paris"], _TIMES], names=["location", "time"])
    frame = keys.to_frame(index=False)
    for n, name in enumerate(WEATHER_VARIABLES):
        frame[name] = np.arange(8.0) + n / 10
    frame.loc[4, "temperature_2m"] = np.nan
    frame["cloud_cover"] = np.nan
    return frame.assign(hours_observed=3, hours_interpolated=0)


def dataset(url: str, table: str = "weather_3h", **load_args: Any) -> SqlTableDataset:
    return SqlTableDataset(table=table, credentials={"url": url}, load_args=load_args)


@pytest.fixture
def filled_url(database_url: str) -> str:
    """A database with two places and their steps."""
    dataset(database_url, "locations").save(places())
    dataset(database_url).save(steps())
    return database_url


def test_what_was_saved_is_loaded(filled_url: str) -> None:
    loaded = dataset(filled_url).load()
    assert_frame_equal(loaded, steps())
    assert str(loaded["time"].dtype) == "datetime64[us, UTC]"
    assert loaded["cloud_cover"].isna().all()


def test_many_chunks_are_one_frame(filled_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("triptych.datasets.sql_frames._READ_CHUNK", 3)
    assert_frame_equal(dataset(filled_url).load(), steps())
    colder = steps().assign(temperature_2m=lambda frame: frame["temperature_2m"] - 40)
    dataset(filled_url).save(colder)
    assert_frame_equal(dataset(filled_url).load(), colder)


def test_an_empty_table_has_the_same_types(filled_url: str) -> None:
    full = dataset(filled_url).load()
    empty = dataset(filled_url, filters={"location": "nowhere"}).load()
    assert len(empty) == 0
    assert_frame_equal(empty, full.iloc[:0].reset_index(drop=True))


def test_rows_come_in_the_order_of_the_key(filled_url: str) -> None:
    shuffled = steps().sample(frac=1, random_state=3)
    dataset(filled_url).save(shuffled)
    assert_frame_equal(dataset(filled_url).load(), steps())


def test_a_second_save_changes_nothing(filled_url: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="triptych.datasets")
    before = dump_tables(open_database(filled_url))
    dataset(filled_url).save(steps())
    dataset(filled_url).save(steps().assign(hours_observed=2))
    assert [record.getMessage() for record in caplog.records] == [
        "weather_3h: 8 rows given, 0 written",
        "weather_3h: 8 rows given, 8 written",
    ]
    dataset(filled_url).save(steps())
    assert dump_tables(open_database(filled_url)) == before


def test_another_zone_is_the_same_instant(filled_url: str) -> None:
    before = dump_tables(open_database(filled_url))
    paris = steps().assign(time=lambda frame: frame["time"].dt.tz_convert("Europe/Paris"))
    dataset(filled_url).save(paris)
    nanoseconds = steps().assign(time=lambda frame: frame["time"].dt.as_unit("ns"))
    dataset(filled_url).save(nanoseconds)
    assert dump_tables(open_database(filled_url)) == before


def test_missing_values_of_every_dtype_are_null(database_url: str) -> None:
    dataset(database_url, "locations").save(places())
    frame = pd.DataFrame(
        {
            "id": ["a", "b", "c"],
            "location": "paris",
            "time": pd.Series([pd.Timestamp("2019-07-14", tz="UTC"), pd.NaT, None]),
            "source": "sample",
            "reason": pd.Series(["x", "y", "z"], dtype="category"),
            "row": [{"v": 1.5}, {"v": float("nan")}, {"v": [1, "é"]}],
            "rejected_at": pd.Timestamp("2019-07-20", tz="UTC"),
        }
    )
    dataset(database_url, "rejected_rows").save(frame)
    loaded = dataset(database_url, "rejected_rows").load()
    assert loaded["time"].isna().tolist() == [False, True, True]
    assert loaded["row"].tolist() == [{"v": 1.5}, {"v": None}, {"v": [1, "é"]}]
    assert loaded["reason"].tolist() == ["x", "y", "z"]
    nullable = places().astype({"elevation": "Float64"})
    dataset(database_url, "locations").save(nullable)


@pytest.mark.parametrize(
    ("filters", "kept"),
    [
        ({"location": "paris"}, [4, 5, 6, 7]),
        ({"location": ["paris"], "time": "2019-07-14T03:00:00Z"}, [5]),
        ({"location": ["paris", "brest"], "time": {"ge": "2019-07-14 06:00"}}, [2, 3, 6, 7]),
        ({"time": {"gt": "2019-07-14T05:00:00+02:00", "le": datetime(2019, 7, 14, 6)}}, [2, 6]),
        ({"time": {"ge": date(2019, 7, 14), "lt": date(2019, 7, 15)}}, list(range(8))),
        ({"temperature_2m": {"lt": 2.5}}, [0, 1, 2]),
        ({"location": []}, []),
    ],
)
def test_filters_restrict_the_rows(filled_url: str, filters: Any, kept: list[int]) -> None:
    expected = steps().iloc[kept].reset_index(drop=True)
    assert_frame_equal(dataset(filled_url, filters=filters).load(), expected)


def test_columns_may_be_chosen(filled_url: str) -> None:
    loaded = dataset(filled_url, columns=["time", "temperature_2m"]).load()
    assert_frame_equal(loaded, steps()[["time", "temperature_2m"]])


def test_a_failure_in_the_middle_rolls_back(filled_url: str) -> None:
    before = dump_tables(open_database(filled_url))
    planted = steps().assign(temperature_2m=-7.5)
    planted["hours_observed"] = planted["hours_observed"].astype("object")
    planted.loc[6, "hours_observed"] = "three"
    with pytest.raises(DatasetError, match=r"weather_3h\.hours_observed cannot hold") as caught:
        dataset(filled_url).save(planted)
    assert isinstance(caught.value.__cause__, RowsRefused)
    assert dump_tables(open_database(filled_url)) == before


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda frame: frame.assign(tempe=1.0), "The table weather_3h has no column tempe."),
        (lambda frame: frame.drop(columns="time"), "A row of weather_3h needs time;"),
        (lambda frame: frame.assign(location="atlantis").iloc[:1], "does not hold: atlantis"),
        (lambda frame: pd.concat([frame, frame]), "repeat the key"),
        (
            lambda frame: frame.assign(time=frame["time"].dt.tz_localize(None)),
            "An instant needs its time zone",
        ),
    ],
)
def test_wrong_frames_are_refused(filled_url: str, change: Any, message: str) -> None:
    with pytest.raises(DatasetError, match=message) as caught:
        dataset(filled_url).save(change(steps()))
    assert isinstance(caught.value.__cause__, StoreError)


def test_an_empty_frame_is_no_write(sqlite_url: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="triptych.datasets")
    dataset(sqlite_url).save(pd.DataFrame())
    dataset(sqlite_url).save(steps().iloc[:0])
    assert caplog.messages == []
    assert not Path(sqlite_url.removeprefix("sqlite:///")).exists()


def test_the_time_of_writing_is_added_and_kept(filled_url: str) -> None:
    hourly = steps().drop(columns=["hours_observed", "hours_interpolated"]).assign(source="sample")
    before = pd.Timestamp.now("UTC").floor("s")
    dataset(filled_url, "weather_hourly").save(hourly)
    first = dataset(filled_url, "weather_hourly").load()["fetched_at"]
    assert first.between(before, pd.Timestamp.now("UTC")).all()
    dataset(filled_url, "weather_hourly").save(hourly.assign(fetched_at=_TIMES[0]))
    assert_series_equal(dataset(filled_url, "weather_hourly").load()["fetched_at"], first)


def test_exists_once_it_has_a_row(database_url: str) -> None:
    table = dataset(database_url, "locations")
    assert not table.exists()
    table.save(places())
    assert table.exists()


def test_release_closes_and_the_next_use_opens(filled_url: str) -> None:
    table = dataset(filled_url)
    table.release()
    assert open_database(filled_url).pool.checkedout() == 0  # type: ignore[attr-defined]
    assert len(table.load()) == 8


def test_a_deleted_file_is_made_anew(sqlite_url: str) -> None:
    table = dataset(sqlite_url, "locations")
    table.save(places())
    table.release()
    Path(sqlite_url.removeprefix("sqlite:///")).unlink()
    assert len(table.load()) == 0


def test_preview_is_json(filled_url: str) -> None:
    shown = dataset(filled_url, columns=["location", "time", "cloud_cover"]).preview(nrows=1)
    assert json.loads(json.dumps(shown)) == {
        "columns": ["location", "time", "cloud_cover"],
        "index": [0],
        "data": [["brest", "2019-07-14T00:00:00.000Z", None]],
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"table": "weather"}, "There is no table 'weather'. The tables are forecast_scores, "),
        ({"credentials": {}}, "The credentials of a table need `url`"),
        ({"credentials": {"url": ""}}, "Set TRIPTYCH_DATABASE_URL"),
        ({"load_args": {"where": "1"}}, "are columns and filters; got where"),
        ({"load_args": {"columns": ["x"]}}, "weather_3h has no column x to load"),
        ({"load_args": {"filters": {"x": 1}}}, "weather_3h has no column x to filter on"),
        ({"load_args": {"filters": {"time": {"since": 1}}}}, "compares with ge, gt, le, lt; got"),
        ({"load_args": {"filters": {"time": "soon"}}}, "needs an instant such as .*; got 'soon'"),
    ],
)
def test_mistakes_in_the_catalog_show_at_the_start(arguments: Any, message: str) -> None:
    right: dict[str, Any] = {"table": "weather_3h", "credentials": {"url": "sqlite:///x/y.db"}}
    with pytest.raises(StoreError, match=message):
        SqlTableDataset(**right | arguments)


def test_nothing_is_opened_before_it_is_used(tmp_path: Path) -> None:
    dataset(f"sqlite:///{tmp_path}/data/triptych.db")
    assert list(tmp_path.iterdir()) == []


def test_the_password_is_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    table = dataset("postgresql://bob:s3cret@127.0.0.1:1/triptych", filters={"location": "paris"})
    shown = [repr(table), str(table._describe())]
    for use in (table.load, table.exists, lambda: table.save(steps())):
        with pytest.raises(DatasetError) as caught:
            use()
        assert isinstance(caught.value.__cause__, DatabaseUnavailable)
        shown += [str(caught.value), str(caught.value.__cause__)]
    table.release()
    assert "weather_3h" in "".join(shown)
    assert "s3cret" not in "".join([*shown, caplog.text])


def test_a_corrupt_file_is_said(tmp_path: Path) -> None:
    file = tmp_path / "triptych.db"
    file.write_bytes(b"no database " * 400)
    with pytest.raises(DatasetError, match="not a whole SQLite database") as caught:
        dataset(f"sqlite:///{file}").load()
    assert isinstance(caught.value.__cause__, CorruptDatabase)


def test_a_catalog_makes_it(sqlite_url: str) -> None:
    catalog = DataCatalog.from_config(
        {
            "places": {
                "type": "triptych.datasets.SqlTableDataset",
                "table": "locations",
                "credentials": "database",
            }
        },
        credentials={"database": {"url": sqlite_url}},
    )
    catalog.save("places", places())
    assert_frame_equal(catalog.load("places"), places())
    assert sqlite_url not in repr(catalog["places"])


def test_the_example_of_its_docstring_runs(tmp_path: Path) -> None:
    code = (
        "import doctest, pathlib, sys; from triptych.datasets import sql_table;"
        "failed, ran = doctest.testmod("
        "sql_table, extraglobs={'tmp_path': pathlib.Path(sys.argv[1])});"
        "assert ran > 3 and not failed"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)


def test_another_name_is_no_dataset() -> None:
    assert not hasattr(triptych.datasets, "CsvTableDataset")


def test_the_module_imports_nothing_slow() -> None:
    code = (
        "import sys; import triptych.datasets.sql_table;"
        "print(sorted({'alembic', 'matplotlib', 'mlflow', 'sklearn', 'tensorflow'}"
        " & set(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout == "[]\n"
