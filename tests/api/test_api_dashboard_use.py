"""Using the dashboard: keys, controls and the API key; in Chromium."""

import shutil
from pathlib import Path

import pytest

from tests.api.browser import open_tab
from tests.fixtures.serving import serving

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the PATH")
THE_11TH = "Paris, Thursday, 11 July 2019"
THE_12TH = "Paris, Friday, 12 July 2019"


def test_days_and_places_are_chosen(sqlite_file: Path, tmp_path: Path) -> None:
    assert CHROMIUM
    with (
        serving(f"sqlite:///{sqlite_file}", tmp_path / "log") as (address, _),
        open_tab(CHROMIUM, tmp_path) as tab,
    ):
        tab.call("Page.navigate", url=f"{address}/#location=paris&date=2019-07-11&tz=utc")
        tab.wait_for(THE_11TH)
        tab.press("ArrowRight", 39)
        tab.wait_for(THE_12TH)
        tab.press("ArrowLeft", 37)
        tab.wait_for(THE_11TH)
        tab.evaluate("document.getElementById('after').click()")
        tab.wait_for(THE_12TH)
        address_kept = tab.evaluate("location.hash")
        tab.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))")
        widths = tab.evaluate("`${document.documentElement.scrollWidth} of ${innerWidth}`")
        tab.evaluate("location.hash = 'location=paris&date=2020-05-05&tz=utc'")
        tab.wait_for("There is: 2019-07-10 to 2019-07-16.")
        tab.evaluate("document.getElementById('last').click()")
        tab.wait_for("Paris, Tuesday, 16 July 2019")

    assert address_kept == "#location=paris&date=2019-07-12&tz=utc"
    assert widths == "360 of 360"
    assert tab.faults == []


def test_the_key_is_taken_and_kept(sqlite_file: Path, tmp_path: Path) -> None:
    assert CHROMIUM
    give = "document.getElementById('key').value = '{}'; document.forms[0].requestSubmit()"
    url = f"sqlite:///{sqlite_file}"
    with (
        serving(url, tmp_path / "log", TRIPTYCH_API_KEY="kö") as (address, _),
        open_tab(CHROMIUM, tmp_path) as tab,
    ):
        tab.call("Page.navigate", url=f"{address}/#location=paris&date=2019-07-11&tz=utc")
        tab.wait_for("The figures need the key of this service.")
        tab.evaluate(give.format("wrong"))
        tab.wait_for("The service did not take this key.")
        tab.evaluate(give.format("kö"))
        tab.wait_for(THE_11TH)
        tab.call("Page.reload")
        tab.wait_for(THE_11TH)
        hidden = tab.evaluate("document.getElementById('key-form').hidden")

    assert hidden is True
    assert tab.faults == []
