"""The SQL table as a Kedro dataset, on both databases."""

import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from kedro.io import DataCatalog, DatasetError
from pandas.testing import assert_frame_equal, assert_series_equal

from tests.fixtures.databases import dump_tables
from tests.store.rows import MODEL, write_model
from triptych.datasets import SqlTableDataset
from triptych.datasets.sql_table import TableReader
from triptych.store.errors import DatabaseUnavailable, RowsRefused, StoreError
from triptych.store.migrate import open_database
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


def dataset(url: str, table: str = "weather_3h") -> SqlTableDataset:
    return SqlTableDataset(table=table, credentials={"url": url})


@pytest.fixture
def filled_url(tables_url: str) -> str:
    """A database with two places and their steps."""
    dataset(tables_url, "locations").save(places())
    dataset(tables_url).save(steps())
    return tables_url


class TestLoad:
    def test_what_was_saved_is_loaded_with_types(self, filled_url: str) -> None:
        loaded = dataset(filled_url).load()
        assert_frame_equal(loaded, steps())
        assert str(loaded["time"].dtype) == "datetime64[us, UTC]"

    def test_a_reader_selects_rows_and_columns(self, filled_url: str) -> None:
        reader = TableReader("weather_3h", filled_url)
        noon, day = _TIMES[0] + pd.Timedelta(hours=6), pd.Timedelta(days=1)
        for filters, kept in (
            ({"location": ["paris"]}, [4, 5, 6, 7]),
            ({"location": ["paris", "brest"], "time": {"ge": noon}}, [2, 3, 6, 7]),
            ({"time": {"gt": _TIMES[1].tz_convert("Europe/Paris"), "le": noon}}, [2, 6]),
            ({"time": {"ge": _TIMES[0], "lt": _TIMES[0] + day}}, list(range(8))),
            ({"temperature_2m": {"lt": 2.5}}, [0, 1, 2]),
        ):
            expected = steps().iloc[kept].reset_index(drop=True)
            assert_frame_equal(reader.read(None, filters), expected)
        none = reader.read(["time", "temperature_2m"], {"location": []})
        assert_frame_equal(none, steps()[["time", "temperature_2m"]].iloc[:0])

    def test_a_reader_pivots_a_column_across_a_part_of_the_key(self, filled_url: str) -> None:
        reader = TableReader("weather_3h", filled_url)
        wide = {"time": _TIMES, "brest": np.arange(4.0), "paris": [np.nan, 5.0, 6.0, 7.0]}
        assert_frame_equal(
            reader.read_wide("temperature_2m", "location", {"time": {"gt": _TIMES[0]}}),
            pd.DataFrame(wide).iloc[1:].reset_index(drop=True),
        )
        assert_frame_equal(reader.read_wide("temperature_2m", "location"), pd.DataFrame(wide))
        none = reader.read_wide("temperature_2m", "location", {"location": []})
        assert_frame_equal(none, steps()[["time"]].iloc[:0])

    def test_preview_is_json(self, filled_url: str) -> None:
        shown = json.loads(json.dumps(dataset(filled_url).preview(nrows=1)))
        assert (shown["columns"], shown["index"]) == (list(steps().columns), [0])
        assert shown["data"][0][:3] == ["brest", "2019-07-14T00:00:00.000Z", 0.0]
        assert shown["data"][0][shown["columns"].index("cloud_cover")] is None

    def test_exists_once_it_has_a_row_and_opens_again_after_release(self, tables_url: str) -> None:
        table = dataset(tables_url, "locations")
        assert not table.exists()
        table.save(places())
        assert table.exists()
        table.release()
        assert open_database(tables_url).pool.checkedout() == 0  # type: ignore[attr-defined]
        assert len(table.load()) == 2


class TestSave:
    def test_many_chunks_are_one_frame_in_the_order_of_the_key(
        self, filled_url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("triptych.datasets.sql_table._READ_CHUNK", 3)
        monkeypatch.setattr("triptych.datasets.sql_table._WRITE_CHUNK", 3)
        colder = steps().assign(temperature_2m=lambda frame: frame["temperature_2m"] - 40)
        dataset(filled_url).save(colder.sample(frac=1, random_state=3))
        assert_frame_equal(dataset(filled_url).load(), colder)

    def test_a_second_save_changes_nothing(
        self, filled_url: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO, logger="triptych.datasets")
        before = dump_tables(open_database(filled_url))
        in_paris = steps()["time"].dt.tz_convert("Europe/Paris")
        for time in (in_paris, steps()["time"].dt.as_unit("ns"), steps()["time"]):
            dataset(filled_url).save(steps().assign(time=time))
        assert dump_tables(open_database(filled_url)) == before
        dataset(filled_url).save(steps().assign(hours_observed=2))
        assert [record.getMessage() for record in caplog.records] == [
            *["weather_3h: 8 rows given, 0 written"] * 3,
            "weather_3h: 8 rows given, 8 written",
        ]

    def test_missing_values_of_every_dtype_are_null(self, tables_url: str) -> None:
        dataset(tables_url, "locations").save(places().astype({"elevation": "Float64"}))
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
        dataset(tables_url, "rejected_rows").save(frame)
        loaded = dataset(tables_url, "rejected_rows").load()
        assert loaded["time"].isna().tolist() == [False, True, True]
        assert loaded["row"].tolist() == [{"v": 1.5}, {"v": None}, {"v": [1, "é"]}]
        assert loaded["reason"].tolist() == ["x", "y", "z"]

    def test_the_time_of_writing_is_added_and_kept(self, filled_url: str) -> None:
        hourly = steps().drop(columns=["hours_observed", "hours_interpolated"])
        hourly["source"] = "sample"
        table = dataset(filled_url, "weather_hourly")
        before = pd.Timestamp.now("UTC").floor("s")
        table.save(hourly)
        first = table.load()["fetched_at"]
        assert first.between(before, pd.Timestamp.now("UTC")).all()
        table.save(hourly.assign(fetched_at=_TIMES[0]))
        assert_series_equal(table.load()["fetched_at"], first)

    def test_a_wrong_frame_is_refused_as_a_whole(self, filled_url: str) -> None:
        before = dump_tables(open_database(filled_url))
        naive = steps()["time"].dt.tz_localize(None)
        planted = steps().assign(temperature_2m=-7.5).astype({"hours_observed": "object"})
        planted.loc[6, "hours_observed"] = "three"
        for frame, message in (
            (planted, r"weather_3h\.hours_observed cannot hold"),
            (steps().assign(location="atlantis").iloc[:1], "does not hold: atlantis"),
            (pd.concat([steps(), steps()]), "repeat the key"),
            (steps().assign(time=naive), "An instant needs its time zone"),
        ):
            with pytest.raises(DatasetError, match=message) as caught:
                dataset(filled_url).save(frame)
            assert isinstance(caught.value.__cause__, RowsRefused)
        assert dump_tables(open_database(filled_url)) == before

    def test_an_empty_frame_is_no_write(
        self, sqlite_url: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO, logger="triptych.datasets")
        dataset(sqlite_url).save(pd.DataFrame())
        dataset(sqlite_url).save(steps().iloc[:0])
        assert caplog.messages == []
        assert not Path(sqlite_url.removeprefix("sqlite:///")).exists()

    def test_a_deleted_file_is_created_again(self, sqlite_url: str) -> None:
        table = dataset(sqlite_url, "locations")
        table.save(places())
        table.release()
        Path(sqlite_url.removeprefix("sqlite:///")).unlink()
        assert len(table.load()) == 0


class TestRetention:
    def forecasts(self, url: str, keep_days: Any = None) -> SqlTableDataset:
        return SqlTableDataset(table="predictions", credentials={"url": url}, keep_days=keep_days)

    def issued(self, day: str) -> pd.DataFrame:
        as_of = pd.Timestamp(day, tz="UTC")
        row = {"model_id": MODEL["model_id"], "location": "paris", "as_of": as_of, "level": 0.9}
        row |= {"temperature_2m": 10.0, "lower": 9.0, "upper": 11.0, "known_until": as_of}
        times = [as_of, as_of + pd.Timedelta(hours=3)]
        return pd.DataFrame({**row, "time": times, "lead": [1, 2], "method": "model"})

    def days(self, url: str) -> list[str]:
        return sorted({f"{as_of:%m-%d}" for as_of in self.forecasts(url).load()["as_of"]})

    def test_a_save_removes_what_is_older_than_the_days_to_keep(self, filled_url: str) -> None:
        write_model(open_database(filled_url))
        for day in ("2024-01-01", "2024-01-02", "2024-01-03"):
            self.forecasts(filled_url).save(self.issued(day))
        assert self.days(filled_url) == ["01-01", "01-02", "01-03"]

        for _ in range(2):
            self.forecasts(filled_url, keep_days=2).save(self.issued("2024-01-04"))
            assert self.days(filled_url) == ["01-03", "01-04"]
        # an older forecast that is issued late removes no newer one
        self.forecasts(filled_url, keep_days=1).save(self.issued("2024-01-02"))
        assert self.days(filled_url) == ["01-02", "01-03", "01-04"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"table": "weather"}, "There is no table 'weather'. The tables are forecast_scores, "),
        ({"credentials": {}}, "The credentials of a table need `url`"),
        ({"credentials": {"url": ""}}, "Set TRIPTYCH_DATABASE_URL"),
        ({"keep_days": 3}, "keep_days of the table weather_3h .* a table that has as_of"),
        *(
            ({"table": "predictions", "keep_days": wrong}, "got .*`retention`")
            for wrong in (0, -1, 1.5, "a week")
        ),
    ],
)
def test_mistakes_in_the_catalog_show_at_the_start(arguments: Any, message: str) -> None:
    right: dict[str, Any] = {"table": "weather_3h", "credentials": {"url": "sqlite:///x/y.db"}}
    with pytest.raises(StoreError, match=message):
        SqlTableDataset(**right | arguments)


def test_the_password_is_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    table = dataset("postgresql://bob:s3cret@127.0.0.1:1/triptych")
    shown = [repr(table), str(table._describe())]
    for use in (table.load, table.exists, lambda: table.save(steps())):
        with pytest.raises(DatasetError) as caught:
            use()
        assert isinstance(caught.value.__cause__, DatabaseUnavailable)
        shown += [str(caught.value), str(caught.value.__cause__)]
    table.release()
    assert "weather_3h" in "".join(shown)
    assert "s3cret" not in "".join([*shown, caplog.text])


def test_a_catalog_makes_it_and_nothing_is_opened_before_its_use(sqlite_url: str) -> None:
    config = {"type": "triptych.datasets.SqlTableDataset", "table": "locations"}
    catalog = DataCatalog.from_config(
        {"places": config | {"credentials": "database"}},
        credentials={"database": {"url": sqlite_url}},
    )
    assert sqlite_url not in repr(catalog["places"])
    assert not Path(sqlite_url.removeprefix("sqlite:///")).exists()
    catalog.save("places", places())
    assert_frame_equal(catalog.load("places"), places())
