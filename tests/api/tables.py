"""A small database whose every answer can be worked out by hand.

| location | forecasts: model, issued in July 2019 (days covered) |
|---|---|
| paris | A 10 (10-11), B and C 11 (11-12), B 12 (12-13), C 13 (13-14), C 14 (14-15), A and C 15 |
| brest | B 11 (11-12), B 12 at 06:00 (to 13 at 06:00: no whole day) |
| quimper | none |

Scores of Paris: of B (SCORES) and of A (its first two).

A (ridge 1, archived) says 10 + lead, B (ridge 2, production) 20 + lead and
C (lightgbm 1, candidate) 30 + lead.
Observed in Paris: 22.0 from 10 July to 12 July 15:00, then nothing but a missing value at 18:00.

D (images-field 1) and F (texts-polarity 2) are classifiers in production, E (texts-polarity 1) is
archived: ITEMS is what they say. G (texts-topics 1) is a candidate.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine

from tests.fixtures.databases import write_rows
from tests.store.rows import MODEL
from triptych.store import tables
from triptych.store.engine import create_engine
from triptych.store.migrate import migrate

STEP = timedelta(hours=3)
MODELS = {"A": "a" * 64, "B": "b" * 64, "C": "c" * 64}
CLASSIFIERS = {"D": "d" * 64, "E": "e" * 64, "F": "1" * 64, "G": "0" * 64}
# model, item, split, label, its probability, the other class, what is true
ITEMS: list[tuple[str, str, str | None, str, float, str, str | None]] = [
    ("D", "Teste/Chao/1 é.jpg", "test", "Chao", 0.9, "Milho", "Chao"),
    ("D", "Teste/Milho/2.jpg", "test", "Chao", 0.6, "Milho", "Milho"),
    ("D", "new/3.jpg", None, "Milho", 0.7, "Chao", None),
    ("E", "test-000001", "test", "negative", 0.8, "positive", "positive"),
    ("F", "test-000001", "test", "positive", 0.9, "negative", "positive"),
    ("F", "test-000002", "test", "positive", 0.6, "negative", "negative"),
    ("F", "test-000010", "test", "negative", 0.75, "positive", "negative"),
]
# window, data age, lead, rmse of the scores, in the order of the API
SCORES = [
    ("30d", 0, "2", 1.5), ("30d", 0, "10", 2.0), ("30d", 0, "1-8", 1.6), ("30d", 0, "all", 1.8),
    ("30d", 12, "2", 2.5), ("all", 0, "all", 1.9),
]  # fmt: skip
# What the API says of model B.
RIDGE_2 = {
    "model_id": MODELS["B"], "name": "ridge", "version": 2, "algorithm": "ridge",
    "stage": "production", "train_start": "2010-01-01T00:00:00Z",
    "train_end": "2019-01-01T00:00:00Z",
}  # fmt: skip
# Of the forecasts of B and C; those of A were issued before schema 0009.
SOURCES = ["reanalysis (open_meteo)", "NWP (ecmwf_ifs025, icon_seamless)"]
_BASE = {"A": 10.0, "B": 20.0, "C": 30.0}
_WRITTEN = datetime(2019, 7, 20, 5, 30, tzinfo=UTC)


def july(day: int, hour: int = 0) -> datetime:
    """An instant of July 2019."""
    return datetime(2019, 7, day, hour, tzinfo=UTC)


def fill(engine: Engine) -> None:
    """Write everything of the table above to a database at the present schema."""
    _write(engine, tables.locations, _locations())
    _write(engine, tables.models, [*_models(), *_classifiers()])
    _write(engine, tables.predictions, _predictions())
    _write(engine, tables.weather_3h, _observations())
    _write(engine, tables.forecast_scores, [*_scores("B", SCORES), *_scores("A", SCORES[:2])])
    _write(engine, tables.image_predictions, _labels("D"))
    _write(engine, tables.text_predictions, _labels("EF"))


def create_filled(url: str, *, empty: bool = False) -> None:
    """Create the tables in a database and fill them, unless they shall be empty."""
    engine = create_engine(url)
    migrate(engine)
    if not empty:
        fill(engine)
    engine.dispose()


def add_locations(engine: Engine, *places: tuple[str, str]) -> None:
    """Add locations by slug and time zone."""
    like = _locations()[0]
    rows = [like | {"location": slug, "name": slug, "timezone": zone} for slug, zone in places]
    _write(engine, tables.locations, rows)


def add_forecasts(engine: Engine, issues: Iterable[tuple[str, datetime]], leads: int = 16) -> None:
    """Add forecasts of model B by location and time of issue: 10 + lead."""
    rows = [row for place, at in issues for row in forecast("B", place, at, 1, leads, base=10.0)]
    _write(engine, tables.predictions, rows)


def add_photo_model(engine: Engine) -> None:
    """Add a second model of photos in production, with three classes and 2 of 3 photos correct."""
    labels, field = ("Chao", "Ervas", "Milho"), _classifiers()[0]
    model = field | {"model_id": "2" * 64, "name": "images-ground"}
    rows = [
        _labels("D")[0]
        | {
            "model_id": model["model_id"], "item": f"{truth}.jpg", "label": label,
            "probabilities": dict.fromkeys(labels, 0.1) | {label: 0.8}, "true_label": truth,
        }
        for truth, label in zip(labels, ("Chao", "Ervas", "Ervas"), strict=True)
    ]  # fmt: skip
    _write(engine, tables.models, [model])
    _write(engine, tables.image_predictions, rows)


def _write(engine: Engine, table: Any, rows: list[dict[str, Any]]) -> None:
    with engine.begin() as connection:
        write_rows(connection, table, list(rows[0]), [tuple(row.values()) for row in rows])


def _locations() -> list[dict[str, Any]]:
    places = {"brest": (48.39, -4.49), "paris": (48.85, 2.35), "quimper": (48.0, -4.1)}
    return [
        {
            "location": slug, "name": slug.title(), "latitude": latitude, "longitude": longitude,
            "elevation": 35.0, "timezone": "Europe/Paris", "source": "open_meteo",
        }
        for slug, (latitude, longitude) in places.items()
    ]  # fmt: skip


def _models() -> list[dict[str, Any]]:
    facts = {
        "A": ("ridge", 1, "archived", datetime(2019, 1, 1, tzinfo=UTC)),
        "B": ("ridge", 2, "production", datetime(2019, 2, 1, tzinfo=UTC)),
        "C": ("lightgbm", 1, "candidate", datetime(2019, 3, 1, tzinfo=UTC)),
    }
    return [
        MODEL
        | {
            "model_id": MODELS[key], "name": name, "version": version, "algorithm": name,
            "as_of": datetime(2019, 1, 1, tzinfo=UTC), "parameters": {"alpha": 10.0},
            "features": ["lag_1", "solar_elevation"], "stage": stage, "created_at": created,
            "approved_by": "Ada" if stage == "production" else None,
            "approved_at": created if stage == "production" else None,
        }
        for key, (name, version, stage, created) in facts.items()
    ]  # fmt: skip


def _classifiers() -> list[dict[str, Any]]:
    facts = {
        "D": ("images-field", 1, "images", "production", {"test": {"accuracy": 0.5, "n": 2}}),
        "E": ("texts-polarity", 1, "texts", "archived", {"test": {"accuracy": 0.0, "n": 1}}),
        "F": ("texts-polarity", 2, "texts", "production", {"test": {"accuracy": 0.667, "n": 3}}),
        "G": ("texts-topics", 1, "texts", "candidate", {}),
    }
    return [
        _models()[0]
        | {
            "model_id": CLASSIFIERS[key], "kind": kind, "name": name, "version": version,
            "algorithm": "cnn" if kind == "images" else "tf-idf", "locations": [],
            "train_start": None, "train_end": None, "metrics": metrics, "stage": stage,
            "created_at": datetime(2018, 12, version, tzinfo=UTC),
        }
        for key, (name, version, kind, stage, metrics) in facts.items()
    ]  # fmt: skip


def _scores(model: str, scores: list[tuple[str, int, str, float]]) -> list[dict[str, Any]]:
    return [
        {
            "model_id": MODELS[model], "location": "paris", "window": window, "lead": lead,
            "data_age": age, "n": 30, "days": 30, "rmse": rmse, "mae": 1.0, "bias": 0.1,
            "skill_day": 0.25, "skill_climatology": 0.5, "skill_persistence": None,
            "coverage": 0.9, "width": 4.2, "window_start": july(1), "window_end": july(12, 18),
            "created_at": _WRITTEN,
        }
        for window, age, lead, rmse in scores
    ]  # fmt: skip


def _labels(models: str) -> list[dict[str, Any]]:
    return [
        {
            "model_id": CLASSIFIERS[model], "item": item, "split": split, "label": label,
            "probabilities": {label: probability, other: round(1 - probability, 2)},
            "true_label": truth, "created_at": _WRITTEN,
        }
        for model, item, split, label, probability, other, truth in ITEMS
        if model in models
    ]  # fmt: skip


def _predictions() -> list[dict[str, Any]]:
    issues: list[tuple[Any, ...]] = [
        ("A", "paris", july(10)), ("B", "paris", july(11), -3), ("C", "paris", july(11)),
        ("B", "paris", july(12)), ("C", "paris", july(13)), ("C", "paris", july(14)),
        ("A", "paris", july(15)), ("C", "paris", july(15)), ("B", "brest", july(11)),
        ("B", "brest", july(12, 6), 1, 8),
    ]  # fmt: skip
    return [row for issue in issues for row in forecast(*issue)]


def forecast(
    model: str, location: str, as_of: datetime, first: int = 1, last: int = 16,
    base: float | None = None,
) -> list[dict[str, Any]]:  # fmt: skip
    """Rows of `predictions` from the first to the last lead: base of the model + lead."""
    base = _BASE[model] if base is None else base
    return [
        {
            "model_id": MODELS[model], "location": location, "as_of": as_of,
            "time": as_of + STEP * (lead - 1), "lead": lead, "temperature_2m": base + lead,
            "lower": base + lead - 1.5, "upper": base + lead + 1.5, "level": 0.9,
            "known_until": as_of + STEP * (first - 1), "method": "model", "created_at": _WRITTEN,
            "sources": None if model == "A" else "; ".join(SOURCES),
        }
        for lead in range(first, last + 1)
    ]  # fmt: skip


def _observations() -> list[dict[str, Any]]:
    last = july(12, 18)
    return [
        {
            "location": "paris", "time": time, "temperature_2m": None if time == last else 22.0,
            "hours_observed": 0 if time == last else 3, "hours_interpolated": 0,
        }
        for time in (july(10) + STEP * n for n in range((last - july(10)) // STEP + 1))
    ]  # fmt: skip
