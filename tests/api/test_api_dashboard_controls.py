"""Controls of the dashboard in Chromium, with thousands of locations and two photo models."""

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.api.browser import Tab, open_tab
from tests.api.tables import add_locations, add_photo_model, create_filled
from tests.api.test_api_dashboard import CHROMIUM, IN_BROWSER, THE_12TH
from tests.fixtures.serving import serving
from triptych.store.engine import create_engine

PLACES = 3000
DAY = "location=paris&date=2019-07-12"
FIELD = "images-field, version 1 (cnn), production. 1 of 2 photos correct"
GROUND = "images-ground, version 1 (cnn), production. 2 of 3 photos correct"
# What a view shows, and the line of its state.
VIEWS = {
    DAY: THE_12TH,
    "location=paris&date=2020-01-01": "There is: 2019-07-10",
    "view=photos": FIELD,
    "view=reviews": "2 of 3 reviews correct",
}
CONTROLS = "a[href], button, input, select, summary, [tabindex='0']"
# Numbers the controls; returns those that a keyboard must reach: of radio buttons, the chosen one.
LIST = f"""JSON.stringify([...document.querySelectorAll("{CONTROLS}")].filter((each, n) => {{
  each.dataset.control = `${{n}} ${{each.localName}} ${{each.id}}`;
  return each.checkVisibility({{ opacityProperty: true, visibilityProperty: true }})
    && (each.type !== "radio" || each.checked);
}}).map((each) => each.dataset.control))"""
FOCUSED = """(() => {
  const element = document.activeElement;
  const box = element.getBoundingClientRect();
  const style = getComputedStyle(element);
  return JSON.stringify({
    control: element.dataset.control ?? null,
    visible: element.checkVisibility({ opacityProperty: true, visibilityProperty: true })
      && box.width > 0 && box.height > 0 && box.left >= 0 && box.right <= innerWidth,
    outline: style.outlineStyle === "none" ? 0 : parseFloat(style.outlineWidth),
    left: box.left, top: box.top + scrollY, bottom: box.bottom + scrollY,
  });
})()"""
# The pixels of a count and of its background, as a canvas blends them.
PIXELS = """(() => {
  const context = document.createElement("canvas").getContext("2d");
  const paint = (...colours) => {
    for (context.fillStyle of colours) context.fillRect(0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data.slice(0, 3)];
  };
  const cells = [...document.querySelectorAll("#confusion .KIND")];
  const style = getComputedStyle(cells.find((each) => each.textContent !== "0"));
  const card = getComputedStyle(document.getElementById("classes"));
  const behind = paint(card.backgroundColor, style.backgroundColor);
  return JSON.stringify([paint(style.color), behind]);
})()"""
PLANTED = {
    "not reached": "document.getElementById('after').tabIndex = -1",
    "no name": "document.querySelector('[for=date]').remove()",
    "no focus style": "document.getElementById('date').style.outline = 'none'",
    "hidden": "document.getElementById('date').style.opacity = 0",
    "out of order": "document.getElementById('controls').style.flexDirection = 'column-reverse'",
}


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the address of an API on a SQLite file."""
    folder = tmp_path_factory.mktemp("controls")
    url = f"sqlite:///{folder / 'triptych.db'}"
    create_filled(url)
    engine = create_engine(url)
    add_locations(engine, *((f"{number:04d}-paris", "UTC") for number in range(PLACES)))
    add_photo_model(engine)
    engine.dispose()
    with serving(url, folder / "log") as (address, _):
        yield address


@pytest.fixture
def tab(tmp_path: Path) -> Iterator[Tab]:
    """Open a tab; at its end, nothing may have failed in it."""
    assert CHROMIUM
    with open_tab(CHROMIUM, tmp_path) as opened:
        yield opened
        assert opened.faults == []


def go(tab: Tab, address: str, view: str) -> None:
    """Load a view anew, and wait for it."""
    tab.call("Page.navigate", url="about:blank")
    tab.call("Page.navigate", url=f"{address}/#{view}")
    tab.wait_for(VIEWS[view])


def set_width(tab: Tab, width: int) -> None:
    size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    tab.call("Emulation.setDeviceMetricsOverride", **size)


def walk(tab: Tab) -> list[dict[str, Any]]:
    """Press Tab until the focus leaves the page; describe each control that it was on."""
    reached: list[dict[str, Any]] = []
    while True:
        tab.press("Tab", 9)
        found = json.loads(tab.evaluate(FOCUSED))
        if found["control"] in [each["control"] for each in reached[-1:]]:
            continue  # day, month and year of a date are parts of one control
        if found["control"] in [None, *(each["control"] for each in reached)]:
            return reached
        element = tab.call("Runtime.evaluate", expression="document.activeElement")["result"]
        tree = tab.call("Accessibility.getPartialAXTree", objectId=element["objectId"])
        reached.append({**found, "name": tree["nodes"][0]["name"]["value"]})


def check_keyboard(tab: Tab) -> None:
    """The Tab key reaches every control in visual order; each has a name and a focus style."""
    controls = json.loads(tab.evaluate(LIST))
    reached = walk(tab)
    found = [each["control"] for each in reached]
    assert [each["control"] for each in reached if not each["visible"]] == [], "hidden"
    assert [each for each in controls if each not in found] == [], "not reached"
    assert [each["control"] for each in reached if not each["name"].strip()] == [], "no name"
    assert [each["control"] for each in reached if each["outline"] < 2] == [], "no focus style"
    for before, after in pairwise(reached):
        same_row = after["bottom"] > before["top"] and after["left"] > before["left"]
        assert after["top"] >= before["bottom"] or same_row, f"out of order: {before}, {after}"


@IN_BROWSER
@pytest.mark.parametrize("view", VIEWS)
def test_the_tab_key_reaches_every_control(address: str, tab: Tab, view: str) -> None:
    for width, opened in ((360, "false"), (1280, "true")):
        set_width(tab, width)
        go(tab, address, view)
        tab.evaluate(f"document.querySelectorAll('details').forEach(each => each.open = {opened})")
        check_keyboard(tab)


@IN_BROWSER
def test_what_a_keyboard_cannot_use_is_caught(address: str, tab: Tab) -> None:
    for problem, script in PLANTED.items():
        go(tab, address, DAY)
        tab.evaluate(script)
        with pytest.raises(AssertionError, match=problem):
            check_keyboard(tab)


@IN_BROWSER
def test_the_skip_link_keeps_the_view(address: str, tab: Tab) -> None:
    go(tab, address, "view=photos")
    tab.press("Tab", 9)
    tab.press("Enter", 13)

    assert tab.evaluate("document.activeElement.id") == "status"
    assert tab.evaluate("location.hash") == "#view=photos&tz=utc"


@IN_BROWSER
def test_a_location_is_found_with_the_keyboard(address: str, tab: Tab) -> None:
    go(tab, address, DAY)
    tab.evaluate("document.getElementById('location').focus()")
    tab.call("Input.insertText", text="quim")
    tab.wait_for("quimper", "#places")
    tab.press("ArrowDown", 40)
    tab.press("Enter", 13)
    tab.press("Tab", 9)
    tab.wait_for("covers 2019-07-12 for 'quimper'")

    assert tab.evaluate("document.activeElement.id") == "before"


def find_luminance(pixel: list[int]) -> float:
    """Return the relative luminance of an sRGB pixel (WCAG 2.2)."""
    linear = [
        part / 3294.6 if part <= 10 else ((part / 255 + 0.055) / 1.055) ** 2.4 for part in pixel
    ]
    return sum(part * weight for part, weight in zip(linear, (0.2126, 0.7152, 0.0722), strict=True))


@IN_BROWSER
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_counts_are_legible_on_their_colours(address: str, tab: Tab, scheme: str) -> None:
    feature = {"name": "prefers-color-scheme", "value": scheme}
    tab.call("Emulation.setEmulatedMedia", features=[feature])
    go(tab, address, "view=photos")
    for kind in ("is-right", "is-wrong"):
        pixels = json.loads(tab.evaluate(PIXELS.replace("KIND", kind)))
        darker, lighter = sorted(map(find_luminance, pixels))
        assert (lighter + 0.05) / (darker + 0.05) >= 4.5


@IN_BROWSER
def test_a_link_finds_its_own_location_among_thousands(address: str, tab: Tab) -> None:
    go(tab, address, DAY)

    assert "&location=paris&" in tab.evaluate("location.hash")


@IN_BROWSER
def test_a_link_to_an_unknown_location_shows_no_other(address: str, tab: Tab) -> None:
    tab.call("Page.navigate", url=f"{address}/#location=atlantis")
    tab.wait_for("There is no location atlantis. Choose another one.")

    assert tab.evaluate("document.getElementById('forecast').hidden") is True
    tab.evaluate("document.getElementById('location').focus()")
    tab.call("Input.insertText", text="brest")
    tab.press("Tab", 9)
    tab.wait_for("Brest")
    assert "location=brest" in tab.evaluate("location.hash")


@IN_BROWSER
def test_a_model_is_chosen_and_shared(address: str, tab: Tab) -> None:
    go(tab, address, "view=photos")
    tab.evaluate("document.getElementById('model').focus()")
    tab.press("ArrowDown", 40)
    tab.wait_for(GROUND)
    assert tab.evaluate("document.activeElement.id") == "model"
    assert tab.evaluate("document.querySelectorAll('#confusion tbody tr').length") == 4
    assert tab.evaluate("location.hash") == "#view=photos&tz=utc&model=images-ground"
    tab.call("Page.reload")
    tab.wait_for(GROUND)
    assert tab.evaluate("document.getElementById('model').value") == "images-ground"

    tab.evaluate("location.hash = 'view=photos&model=images-nope'")
    tab.wait_for("no model 'images-nope'")
    assert tab.evaluate("document.getElementById('choice').hidden") is False
    for view, said in (("reviews", VIEWS["view=reviews"]), ("photos", FIELD)):
        tab.evaluate(f"document.getElementById('view-{view}').click()")
        tab.wait_for(said)
        assert tab.evaluate("document.getElementById('choice').hidden") is (view == "reviews")
    speed = dict.fromkeys(("latency", "downloadThroughput", "uploadThroughput"), 0)
    tab.call("Network.emulateNetworkConditions", offline=True, **speed)
    tab.evaluate("document.getElementById('view-reviews').click()")
    tab.wait_for("The service does not answer.")
    assert tab.evaluate("document.getElementById('choice').hidden") is True
