"""The dashboard: how it is served, that it loads nothing from other hosts, and in Chromium."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from matplotlib.image import imread

from api.routes.service import STATIC
from tests.api.browser import OPTIONS, chromium_environment, open_tab
from tests.api.conftest import open_client
from tests.api.tables import SOURCES, create_filled
from tests.api.test_api_surface import check_problem
from tests.fixtures.serving import Process, serving

CHROMIUM = shutil.which("chromium")
IN_BROWSER = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the PATH")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'"
)
TYPES = {
    "/": "text/html; charset=utf-8",
    "/dashboard/api.js": "text/javascript; charset=utf-8",
    "/dashboard/chart.js": "text/javascript; charset=utf-8",
    "/dashboard/classes.js": "text/javascript; charset=utf-8",
    "/dashboard/elements.js": "text/javascript; charset=utf-8",
    "/dashboard/icon.svg": "image/svg+xml",
    "/dashboard/page.css": "text/css; charset=utf-8",
    "/dashboard/page.js": "text/javascript; charset=utf-8",
    "/dashboard/format.js": "text/javascript; charset=utf-8",
    "/dashboard/temperature.js": "text/javascript; charset=utf-8",
}
FILES = sorted(file for file in STATIC.rglob("*") if file.is_file())
NAMESPACE = "http://www.w3.org/2000/svg"  # a name, which nobody fetches
ELSEWHERE = re.compile(r"""\b(?:https?|wss?):|["'(=`]\s*//|@import""", re.IGNORECASE)
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

    def test_read_only_and_files_without_parameters(self, client: Any, path: str) -> None:
        plain = {"Accept-Encoding": "identity"}
        headed, got = client.head(path, headers=plain), client.get(path, headers=plain)
        assert headed.headers["content-length"] == str(len(got.content))
        check_problem(client.post(path), 405, path)
        parameter = client.get(path, params={"x": "1"})
        if path == "/":  # as programs add to a shared link
            assert parameter.content == got.content
        else:
            check_problem(parameter, 422, path)


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
    command = [CHROMIUM, *OPTIONS, "--hide-scrollbars", f"--user-data-dir={profile}"]
    command += ["--virtual-time-budget=10000", *options, address]
    with chromium_environment() as env:
        done = subprocess.run(command, capture_output=True, check=True, timeout=120, env=env)
    return done.stdout.decode()


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
    create_filled(url)
    with serving(url, folder / "log") as (address, _):
        yield address


@IN_BROWSER
class TestInChromium:
    def test_a_day(self, address: str, tmp_path: Path) -> None:
        hash_of_day = "/#location=paris&date=2019-07-12&tz=utc"
        document = browse(address + hash_of_day, tmp_path, "--dump-dom")
        text = read_text(document)

        # B says 21, 22, … 28; observed is 22.0, a missing value at 18:00, nothing at 21:00
        for said in (
            "Paris, Friday, 12 July 2019",
            "Predicted between 21.0 °C and 28.0 °C; observed in 6 of 8 steps",
            "mean absolute error 1.83 °C",
            "12 Jul 00:00 - 03:00 21.0 19.5 22.5 22.0 -1.0",
            "12 Jul 21:00 - 00:00 28.0 26.5 29.5 - -",
            "the day after 29.0 to 36.0 °C",
            "ridge, version 2 (ridge), production",
            "issued 12 Jul 2019, 00:00 UTC",
            "data until 12 Jul 2019, 00:00 UTC, 0 h before",
            f"sources {'; '.join(SOURCES)}",
            "Root mean square error by lead, data 0 h old, 30 days until 12 Jul 2019",
            "today 0 30 1.60 2.13 3.20 - +0.10 90 %",
            "Figures: data 0 h old, 14 observed steps. data 12 h old: mean absolute",
            "data from 1 Jan 2010 until 1 Jan 2019",
        ):
            assert said in text
        assert len(re.findall(r'class="dot-observed"', document)) == 22
        assert len(re.findall(r"<svg[^>]*aria-labelledby", document)) == 3
        assert document.count("<desc") == 3

    @pytest.mark.parametrize(
        ("hash_of_day", "said"),
        [
            (
                "#location=paris&date=2019-07-12&tz=local",
                ["02:00 - 05:00 21.0", "local time (Europe/Paris)"],
            ),
            (  # at first, the day of the last issue
                "",
                [
                    "Brest, Thursday, 11 July 2019", "not observed yet",
                    "Nothing of these weeks is both forecast and observed yet",
                ],
            ),
            (
                "#location=paris&date=2020-01-01&tz=utc",
                ["There is: 2019-07-10 to 2019-07-16.", "Go to Tuesday, 16 July 2019"],
            ),
            (
                "#view=photos",
                [
                    "Photos: images-field, version 1 (cnn), production. 1 of 2 photos correct",
                    "Chao 1 0 100 % Milho 1 0 0 % precision 50 % -",
                    "Teste/Milho/2.jpg Milho Chao 60 %",
                ],
            ),
            (
                "#view=reviews",
                ["2 of 3 reviews correct", "negative 1 1 50 % positive 0 1 100 %", "accuracy 67 %"],
            ),
        ],
    )  # fmt: skip
    def test_other_days(
        self, address: str, tmp_path: Path, hash_of_day: str, said: list[str]
    ) -> None:
        text = read_text(browse(f"{address}/{hash_of_day}", tmp_path, "--dump-dom"))

        assert [each for each in said if each not in text] == []

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

    @pytest.mark.parametrize(
        ("name", "key", "said"),
        [
            ("empty", "", ["There is no location and no forecast yet. Run the", "Try again"]),
            ("away", "", ["The database does not answer. Try again later", "Try again"]),
            (
                "filled", "k",
                ["This service asks for its key", "The figures need the key of this service."],
            ),
        ],
    )  # fmt: skip
    def test_without_data(self, tmp_path: Path, name: str, key: str, said: list[str]) -> None:
        url = f"sqlite:///{tmp_path / name}.db"
        if name != "away":
            create_filled(url, empty=name == "empty")
        with serving(url, tmp_path / "log", TRIPTYCH_API_KEY=key) as (address, _):
            text = read_text(browse(f"{address}/", tmp_path, "--dump-dom"))

        assert [each for each in said if each not in text] == []


THE_11TH = "Paris, Thursday, 11 July 2019"
THE_12TH = "Paris, Friday, 12 July 2019"


@IN_BROWSER
def test_days_and_places_are_chosen(served: tuple[str, Process], tmp_path: Path) -> None:
    assert CHROMIUM
    address, _ = served
    with open_tab(CHROMIUM, tmp_path) as tab:
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

    assert address_kept == "#view=temperature&location=paris&date=2019-07-12&tz=utc"
    assert widths == "360 of 360"
    assert tab.faults == []


@IN_BROWSER
def test_search_lines_and_download(address: str, tmp_path: Path) -> None:
    assert CHROMIUM
    search = "Object.assign(document.getElementById('location'), {value: 'quim'})"
    change = f"{search}.dispatchEvent(new Event('change'))"
    with open_tab(CHROMIUM, tmp_path) as tab:
        tab.call("Page.navigate", url=f"{address}/#location=paris&date=2019-07-12&tz=utc")
        tab.wait_for(THE_12TH)
        tab.asked.clear()
        tab.evaluate("document.getElementById('before').click()")
        tab.wait_for(THE_11TH)
        asked = sorted(url.removeprefix(address).split("?")[0] for url in tab.asked)
        tab.evaluate("document.getElementById('seasonal_naive').click()")
        tab.evaluate("document.getElementById('after').click()")
        tab.wait_for(THE_12TH)
        lines = tab.evaluate("document.querySelectorAll('polyline.seasonal_naive').length")
        fragment = tab.evaluate("location.hash")
        tab.evaluate("document.getElementById('forecast-csv').click()")
        tab.evaluate(change)
        tab.wait_for("No forecast issued by the start of the day covers 2019-07-12 for 'quimper'")
        tab.evaluate("document.getElementById('view-photos').click()")
        tab.wait_for("1 of 2 photos correct")
        left = tab.evaluate("location.hash")

    assert asked == ["/predictions", "/predictions/observed"]
    assert lines > 0
    assert fragment.endswith("&lines=seasonal_naive")
    assert "view=photos" in left
    assert tab.faults == []


@IN_BROWSER
def test_chromium_leaves_nothing_in_the_temporary_folder(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert CHROMIUM
    with TemporaryDirectory() as folder:
        monkeypatch.setenv("TMPDIR", folder)
        browse(f"{address}/", tmp_path, "--dump-dom")
        with open_tab(CHROMIUM, tmp_path) as tab:
            tab.call("Page.navigate", url=f"{address}/")

        assert list(Path(folder).iterdir()) == []


def test_the_dashboard_is_small() -> None:
    assert sum(file.stat().st_size for file in FILES) < 100_000


@IN_BROWSER
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
