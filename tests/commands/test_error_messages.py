"""All errors of the project's `errors` modules are reported as user errors."""

import importlib
import pkgutil
from collections.abc import Iterable
from types import ModuleType

import triptych
from triptych.commands.error_messages import explain, is_own
from triptych.vision.errors import VisionError


def modules() -> list[ModuleType]:
    found = pkgutil.walk_packages(triptych.__path__, "triptych.")
    skipped = ("triptych.settings", "triptych.registry.served_")  # Kedro's, and MLflow's scripts
    return [importlib.import_module(m.name) for m in found if not m.name.startswith(skipped)]


def unhandled(found: Iterable[type[BaseException]]) -> list[str]:
    """Return public errors of the project that would end in a traceback."""
    return [
        kind.__name__ for kind in found if not kind.__name__.startswith("_") and not is_own(kind)
    ]


def test_every_error_of_the_project_is_a_user_error() -> None:
    errors = {
        kind
        for module in modules()
        for kind in vars(module).values()
        if isinstance(kind, type)
        and issubclass(kind, BaseException)
        and kind.__module__.startswith("triptych.")
    }

    assert {kind.__module__.split(".")[1] for kind in errors} >= {
        *("classification", "errors", "forecasting", "nlp", "registry", "store", "vision"),
        "weather",
    }
    assert unhandled(errors) == []


def test_an_unhandled_error_is_detected() -> None:
    planted = type("PlantedError", (Exception,), {"__module__": "triptych.vision.networks"})
    derived = type("DerivedError", (VisionError,), {"__module__": "triptych.vision.networks"})
    added = type("AddedError", (Exception,), {"__module__": "triptych.added.errors"})

    assert unhandled([planted, derived, added]) == ["PlantedError"]
    assert explain(derived("one message")) == "one message"
    assert explain(planted("a traceback")) is None
