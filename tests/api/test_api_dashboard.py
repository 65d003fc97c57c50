"""The dashboard: how it is served, that it loads nothing from elsewhere, and in Chromium."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from matplotlib.image import imread

from api.routes.service import STATIC
from tests.api.conftest import open_client
from tests.api.tables import fill
from tests.api.test_api_surface import check_problem
from tests.fixtures.serving import serving
from triptych.store.engine import create_engine
from triptych.store.migrate import migrate

CHROMIUM = shutil.which("chromium")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'"
)
TYPES = {
    "/": "text/html; charset=utf-8",
    "/dashboard/api.js": "text/javascript; charset=utf-8",
    "/dashboard/chart.js": "text/javascript; charset=utf-8",
    "/dashboard/icon.svg": "image/svg+xml",
    "/dashboard/page.css": "text/css; charset=utf-8",
    "/dashboard/page.js": "text/javascript; charset=utf-8",
    "/dashboard/format.js": "text/javascript; charset=utf-8",
}
FILES = sorted(file for file in STATIC.rglob("*") if file.is_file())
NAMESPACE = "http://www.w3.org/2000/svg"  # a name, which nobody fetches
ELSEWHERE = re.compile(r"""https?:|wss?:|["'(=`]\s*//|@import""", re.IGNORECASE)
INLINE = re.compile(
    r"""<style|\sstyle\s*=|\son\w+\s*=\s*["']|<script(?![^>]*\ssrc=)|innerHTML|eval\("""
)


def check_own(text: str) -> None:
    """Nothing of another host, and nothing that the policy would have to make an exception for."""
    text = text.replace(NAMESPACE, "")
    assert not ELSEWHERE.search(text)
    assert not INLINE.search(text)


@pytest.mark.parametrize("path", TYPES)
class TestServed:
    def test_with_its_type_and_policy(self, client: Any, path: str) -> None:
        response = client.get(path)

        assert response.status_code == 200
        assert response.headers["content-type"] == TYPES[path]
        assert response.headers["content-security-policy"] == POLICY
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.content == (STATIC / (path[1:] or "index.html")).read_bytes()

    def test_once_for_each_client(self, client: Any, path: str) -> None:
        first = client.get(path)
        again = client.get(path, headers={"If-None-Match": first.headers["etag"]})
        other = client.get(path, headers={"If-None-Match": '"other"'})

        assert first.headers["cache-control"] == "no-cache"
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
        assert other.status_code == 200

    def test_read_only_and_without_parameters(self, client: Any, path: str) -> None:
        plain = {"Accept-Encoding": "identity"}
        headed, got = client.head(path, headers=plain), client.get(path, headers=plain)
        assert headed.headers["content-length"] == str(len(got.content))
        check_problem(client.post(path), 405, path)
        check_problem(client.get(path, params={"x": "1"}), 422, path)


def test_no_other_file_is_served(client: Any) -> None:
    assert {f"/{file.relative_to(STATIC)}" for file in FILES} == {*TYPES, "/index.html"} - {"/"}
    for name in ("index.html", "nope.js", "..%2fmain.py", "%2fetc%2fpasswd"):
        assert client.get(f"/dashboard/{name}").status_code == 404


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_file_takes_nothing_from_elsewhere(file: Path) -> None:
    check_own(file.read_text())


@pytest.mark.parametrize(
    "planted",
    [
        '<script src="https://cdn.example/plot.js"></script>',
        '<link rel="stylesheet" href="//fonts.example/a.css">',
        "@import url(a.css)",
        "body { background: url(//example.org/a.png) }",
        '<p style="color: red">',
        '<button onclick="go()">',
        "<script>go()</script>",
        "box.innerHTML = answer",
    ],
)
def test_a_file_that_did_would_be_caught(planted: str) -> None:
    with pytest.raises(AssertionError):
        check_own(planted)


def test_it_is_there_while_the_database_is_away(tmp_path: Path) -> None:
    with open_client(f"sqlite:///{tmp_path / 'away.db'}") as client:
        for path in TYPES:
            assert client.get(path).status_code == 200


def browse(address: str, profile: Path, *options: str) -> str:
    """Open an address in Chromium; give the document once the page came to rest."""
    assert CHROMIUM
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    command += [f"--user-data-dir={profile}", "--virtual-time-budget=10000", *options, address]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout


def read_text(document: str) -> str:
    """What is shown: without tags, and without what is hidden; every dash as a hyphen."""
    shown = re.sub(
        r"<(section|form|p)\b[^>]*\shidden(?:=\"\")?>.*?</\1>", " ", document, flags=re.S
    )
    plain = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", shown))
    return plain.replace("\N{EN DASH}", "-").replace("\N{MINUS SIGN}", "-")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the address of an API on a filled SQLite file."""
    folder = tmp_path_factory.mktemp("page")
    url = f"sqlite:///{folder / 'triptych.db'}"
    engine = create_engine(url)
    migrate(engine)
    fill(engine)
    engine.dispose()
    with serving(url, folder / "log") as (address, _):
        yield address


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the PATH")
class TestInChromium:
    def test_a_day(self, address: str, tmp_path: Path) -> None:
        hash_of_day = "/#location=paris&date=2019-07-12&tz=utc"
        document = browse(address + hash_of_day, tmp_path, "--dump-dom")
        text = read_text(document)

        # B says 21, 22, … 28; observed is 22.0, a missing value at 18:00, nothing at 21:00
        assert "Paris, Friday, 12 July 2019" in text
        assert "Predicted between 21.0 °C and 28.0 °C; observed in 6 of 8 steps" in text
        assert "mean absolute error 1.83 °C" in text
        assert "00:00 - 03:00 21.0 19.5 22.5 22.0 -1.0" in text
        assert "21:00 - 00:00 28.0 26.5 29.5 - -" in text
        assert "ridge, version 2 (ridge), production" in text
        assert "issued 12 Jul 2019, 00:00 UTC" in text
        assert "data until 12 Jul 2019, 00:00 UTC, 0 h before" in text
        assert "Figures: data 0 h old, 14 observed steps. data 12 h old: mean absolute" in text
        assert "data from 1 Jan 2010 until 1 Jan 2019" in text
        assert len(re.findall(r'class="dot"', document)) == 8
        assert len(re.findall(r'class="dot-observed"', document)) == 6
        assert len(re.findall(r"<svg[^>]*aria-labelledby", document)) == 2
        assert document.count("<desc") == 2

    def test_a_day_of_the_location(self, address: str, tmp_path: Path) -> None:
        hash_of_day = "/#location=paris&date=2019-07-12&tz=local"
        text = read_text(browse(address + hash_of_day, tmp_path, "--dump-dom"))

        assert "02:00 - 05:00 21.0" in text
        assert "local time, Europe/Paris" in text

    def test_at_first_the_last_day_there_is(self, address: str, tmp_path: Path) -> None:
        text = read_text(browse(f"{address}/", tmp_path, "--dump-dom"))

        assert "Brest, Friday, 12 July 2019" in text
        assert "not observed yet" in text
        assert "Nothing of these weeks is both forecast and observed yet" in text

    def test_a_day_without_forecast_says_which_there_are(
        self, address: str, tmp_path: Path
    ) -> None:
        hash_of_day = "/#location=paris&date=2020-01-01&tz=utc"
        text = read_text(browse(address + hash_of_day, tmp_path, "--dump-dom"))

        assert "There is: 2019-07-10 to 2019-07-16." in text
        assert "Go to Tuesday, 16 July 2019" in text

    def test_light_and_dark(self, address: str, tmp_path: Path) -> None:
        brightness = []
        for scheme in (1, 0):
            file = tmp_path / f"{scheme}.png"
            scheme_asked = f"--blink-settings=preferredColorScheme={scheme}"
            browse(f"{address}/", tmp_path, scheme_asked, f"--screenshot={file}")
            brightness.append(float(imread(file)[0, 0, :3].mean()))

        light, dark = brightness
        assert light > 0.9
        assert dark < 0.15

    def test_no_data(self, tmp_path: Path) -> None:
        url = f"sqlite:///{tmp_path / 'empty.db'}"
        engine = create_engine(url)
        migrate(engine)
        engine.dispose()
        with serving(url, tmp_path / "log") as (address, _):
            text = read_text(browse(f"{address}/", tmp_path, "--dump-dom"))

        assert "There is no location and no forecast yet. Run the pipelines" in text
        assert "Try again" in text

    def test_the_database_away(self, tmp_path: Path) -> None:
        with serving(f"sqlite:///{tmp_path / 'away.db'}", tmp_path / "log") as (address, _):
            text = read_text(browse(f"{address}/", tmp_path, "--dump-dom"))

        assert "The database does not answer. Try again later" in text
        assert "Try again" in text

    def test_the_key_is_asked_for(self, sqlite_file: Path, tmp_path: Path) -> None:
        url = f"sqlite:///{sqlite_file}"
        with serving(url, tmp_path / "log", TRIPTYCH_API_KEY="k") as (address, _):
            text = read_text(browse(f"{address}/", tmp_path, "--dump-dom"))

        assert "This service asks for its key" in text
        assert "The figures need the key of this service." in text
