"""The tables, as SQLAlchemy Core; Alembic creates them.

Times are the start of the hour or of the 3-hour step, in UTC. Units are Open-Meteo's. On SQLite
the large tables have no rowid: a row is stored once, in the index of its key.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import Column, Float, ForeignKey, Integer, String, Table, Text

from triptych.store.types import Json, UtcDateTime

# A name for every constraint, so that migrations can drop or change it on any database.
metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# In Table.info: a null does not replace a value, as sources lose hours now and then.
KEEP_KNOWN = "keep_known"

WEATHER_VARIABLES = (
    "temperature_2m",  # °C
    "relative_humidity_2m",  # %
    "dew_point_2m",  # °C
    "surface_pressure",  # hPa
    "cloud_cover",  # %
    "wind_speed_10m",  # km/h
    "wind_direction_10m",  # ° the wind comes from
    "precipitation",  # mm
    "shortwave_radiation",  # W/m²
)

STAGES = ("candidate", "staging", "production", "archived")
_STAGES = ", ".join(f"'{stage}'" for stage in STAGES)
_LIVE = sa.text("stage IN ('staging', 'production')")
KINDS = ("temperature", "images", "texts")  # of models, by modality
_KINDS = ", ".join(f"'{kind}'" for kind in KINDS)
# An item is sorted by its bytes on every database: the API pages in that order.
_ITEM = Text().with_variant(Text(collation="C"), "postgresql")


def _location() -> Column[str]:
    return Column("location", ForeignKey("locations.location"), primary_key=True)


def _variables() -> list[Column[float]]:
    return [Column(name, Float) for name in WEATHER_VARIABLES]


def _required(type_: Any, *names: str) -> list[Column[Any]]:
    return [Column(name, type_, nullable=False) for name in names]


locations = Table(
    "locations",
    metadata,
    Column("location", String(64), primary_key=True),
    Column("name", String(200), nullable=False),
    *_required(Float, "latitude", "longitude", "elevation"),
    *_required(String(64), "timezone", "source"),
)

# Periods that the source has returned. For gaps in a response see incomplete_days.
ingested_periods = Table(
    "ingested_periods",
    metadata,
    _location(),
    Column("start", UtcDateTime, primary_key=True),
    Column("end", UtcDateTime, nullable=False),  # exclusive
    Column("source", String(64), nullable=False),
    Column("rows", Integer, nullable=False),
    Column("fetched_at", UtcDateTime, nullable=False),
)

# Days without all values when they were last requested; `missing` is empty once they are complete.
incomplete_days = Table(
    "incomplete_days",
    metadata,
    _location(),
    Column("day", UtcDateTime, primary_key=True),
    Column("missing", Json, nullable=False),  # hours by variable
    # last_as_of: of the run that last requested the day
    *_required(UtcDateTime, "first_requested", "last_requested", "last_as_of"),
)

weather_hourly = Table(
    "weather_hourly",
    metadata,
    _location(),
    Column("time", UtcDateTime, primary_key=True),
    *_variables(),
    Column("source", String(64), nullable=False),
    Column("fetched_at", UtcDateTime, nullable=False),
    info={KEEP_KNOWN: True},
    sqlite_with_rowid=False,
)

# The latest hours as analysed by a weather model: never mixed with the reanalysis.
weather_recent = Table(
    "weather_recent",
    metadata,
    _location(),
    Column("model", String(64), primary_key=True),
    Column("time", UtcDateTime, primary_key=True),
    *_variables(),
    Column("fetched_at", UtcDateTime, nullable=False),
    info={KEEP_KNOWN: True},
    sqlite_with_rowid=False,
)

# Forecasts as issued: of the newest run that started at least `lead_day` days before the hour.
nwp_forecasts = Table(
    "nwp_forecasts",
    metadata,
    _location(),
    Column("model", String(64), primary_key=True),
    Column("time", UtcDateTime, primary_key=True),
    Column("lead_day", Integer, primary_key=True, autoincrement=False),
    Column("temperature_2m", Float, nullable=False),
    Column("fetched_at", UtcDateTime, nullable=False),
    sqlite_with_rowid=False,
)

# What was requested of each weather model. Values near `as_of` change until their run has arrived.
model_periods = Table(
    "model_periods",
    metadata,
    _location(),
    Column("product", String(16), primary_key=True),  # analysis, forecast
    Column("model", String(64), primary_key=True),
    Column("start", UtcDateTime, primary_key=True),
    # end: exclusive; as_of: of the run that last requested values
    *_required(UtcDateTime, "end", "as_of"),
    Column("rows", Integer, nullable=False),  # received; 0: the model does not cover the location
    Column("missing_from", UtcDateTime),  # first hour whose value was due and may still come
    *_required(UtcDateTime, "last_requested", "fetched_at"),
)

weather_3h = Table(
    "weather_3h",
    metadata,
    _location(),
    Column("time", UtcDateTime, primary_key=True),
    *_variables(),  # means of the step's three hours; precipitation is their sum
    *_required(Integer, "hours_observed", "hours_interpolated"),
    sqlite_with_rowid=False,
)

rejected_rows = Table(
    "rejected_rows",
    metadata,
    Column("id", String(64), primary_key=True),  # digest of row and reason: rejected once
    Column("location", String(64), nullable=False),
    Column("time", UtcDateTime),
    Column("source", String(64), nullable=False),
    Column("variable", String(64)),  # whose value was rejected; null: the whole row was
    Column("reason", Text, nullable=False),
    Column("row", Json, nullable=False),  # the rejected value by its variable, or the whole row
    Column("rejected_at", UtcDateTime, nullable=False),
    sa.Index(None, "location", "time"),
)

models = Table(
    "models",
    metadata,
    Column("model_id", String(64), primary_key=True),  # digest of the fitted model itself
    Column("kind", String(16), nullable=False, server_default="temperature"),
    Column("name", String(64), nullable=False),
    Column("version", Integer, nullable=False),
    Column("algorithm", String(64), nullable=False),
    Column("locations", Json, nullable=False),  # none for a classifier
    # the period of training, null for a classifier; nothing at or after its end was seen
    *(Column(name, UtcDateTime) for name in ("train_start", "train_end")),
    Column("evaluated_train_end", UtcDateTime),  # of the model that has `metrics`, before the refit
    Column("as_of", UtcDateTime, nullable=False),
    *_required(Json, "parameters", "features", "metrics"),
    Column("mlflow_run_id", String(64), nullable=False),
    Column("model_uri", Text, nullable=False),
    *_required(String(64), "data_sha256", "git_commit"),
    Column("stage", String(16), nullable=False),
    Column("approved_by", String(200)),
    Column("approved_at", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
    sa.UniqueConstraint("name", "version"),
    sa.CheckConstraint(f"stage IN ({_STAGES})", name="stage"),
    sa.CheckConstraint(f"kind IN ({_KINDS})", name="kind"),
    sa.CheckConstraint(
        "kind <> 'temperature' OR (train_start IS NOT NULL AND train_end IS NOT NULL)",
        name="period",
    ),
    # one version of a name in production and one in staging, also under concurrent promotions
    sa.Index(
        "uq_models_live", "name", "stage", unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE
    ),
)

# Every change of a stage, in the order of `id`; the current stage is in `models`.
model_transitions = Table(
    "model_transitions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("model_id", ForeignKey("models.model_id"), nullable=False, index=True),
    Column("action", String(16), nullable=False),  # `replace`: by another version
    *_required(String(16), "from_stage", "to_stage"),
    Column("who", String(200), nullable=False),
    Column("why", Text, nullable=False),
    Column("forced", sa.Boolean, nullable=False),  # promoted against the comparison
    Column("at", UtcDateTime, nullable=False),
    sa.CheckConstraint("action IN ('promote', 'replace', 'reject', 'rollback')", name="action"),
    sa.CheckConstraint(
        f"from_stage IN ({_STAGES}) AND to_stage IN ({_STAGES}) AND from_stage <> to_stage",
        name="stages",
    ),
)

predictions = Table(
    "predictions",
    metadata,
    Column("model_id", ForeignKey("models.model_id"), primary_key=True),
    _location(),
    Column("as_of", UtcDateTime, primary_key=True),
    Column("time", UtcDateTime, primary_key=True),
    Column("lead", Integer, nullable=False),  # 1: the step from as_of; ≤ 0 in version 0.1
    *_required(Float, "temperature_2m", "lower", "upper", "level"),
    *(Column(name, Float) for name in ("climatology", "nwp_mean")),  # null: not recorded, no NWP
    Column("known_until", UtcDateTime, nullable=False),  # exclusive end of the input data
    Column("method", String(16), nullable=False, server_default="model"),  # or `climatology`
    Column("sources", Text),  # of the input data, separated by `;`; null if not recorded
    Column("created_at", UtcDateTime, nullable=False),
    # The API queries a location and a day: in this order the key needs no second index.
    sa.PrimaryKeyConstraint("location", "time", "as_of", "model_id"),
    sqlite_with_rowid=False,
)

prediction_inputs = Table(
    "prediction_inputs",
    metadata,
    Column("model_id", ForeignKey("models.model_id"), primary_key=True),
    _location(),
    Column("as_of", UtcDateTime, primary_key=True),
    Column("inputs", Json, nullable=False),
)

# Errors of issued forecasts whose targets have been observed.
forecast_scores = Table(
    "forecast_scores",
    metadata,
    Column("model_id", ForeignKey("models.model_id"), primary_key=True),
    _location(),
    Column("window", String(16), primary_key=True),  # the days before window_end: 30d; or all
    Column("lead", String(8), primary_key=True),  # a number, 1-8 for the day, or all
    Column("data_age", Integer, primary_key=True, autoincrement=False),  # as_of - known_until, h
    *_required(Integer, "n", "days"),  # days of targets: those of one day are alike
    *_required(Float, "rmse", "mae", "bias"),  # °C, as width; bias: forecast less observed
    # skill_day: 1 - rmse / rmse of same_hour_yesterday; null where that is 0
    *(Column(f"skill_{name}", Float) for name in ("day", "climatology", "persistence")),
    *_required(Float, "coverage", "width"),
    # window_end: exclusive, the end of what was observed
    *_required(UtcDateTime, "window_start", "window_end", "created_at"),
)


def _labels(name: str) -> Table:
    """Predictions of the classifiers of a kind; no pixel and no text is stored."""
    return Table(
        name,
        metadata,
        Column("model_id", ForeignKey("models.model_id"), primary_key=True),
        Column("item", _ITEM, primary_key=True),  # a photo's path in its folder, a review's id
        Column("split", String(32)),
        Column("label", String(64), nullable=False),
        Column("probabilities", Json, nullable=False),  # by class
        Column("true_label", String(64)),  # null: not known
        Column("created_at", UtcDateTime, nullable=False),
    )


image_predictions = _labels("image_predictions")
text_predictions = _labels("text_predictions")
