"""One engine a process and database, its tables always up to date."""

import os

import pytest

from triptych.store.database import close_database, open_database
from triptych.store.migrate import check_schema


def test_a_process_keeps_one_engine(database_url: str) -> None:
    engine = open_database(database_url)
    check_schema(engine)
    assert open_database(database_url) is engine
    close_database(database_url)
    assert open_database(database_url) is engine


def test_a_forked_process_makes_its_own(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = open_database(database_url)
    with monkeypatch.context() as forked:
        forked.setattr(os, "getpid", lambda: -1)
        child = open_database(database_url)
        close_database(database_url)
    assert child is not engine
