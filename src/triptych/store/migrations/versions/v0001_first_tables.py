"""The first tables: locations, weather, rejected rows, models, predictions and their inputs."""

import sqlalchemy as sa
from alembic import op

from triptych.store.migrations.columns import (
    INSTANT,
    JSON,
    SLUG,
    WEATHER_VARIABLES,
    create_table,
    optional,
    required,
)

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create every table."""
    _create_weather()
    _create_models()
    _create_predictions()


def _create_weather() -> None:
    create_table(
        "locations",
        ["location"],
        *required(SLUG, "location"),
        *required(sa.String(200), "name"),
        *required(sa.Float, "latitude", "longitude", "elevation"),
        *required(SLUG, "timezone", "source"),
    )
    create_table(
        "ingested_periods",
        ["location", "start"],
        *required(SLUG, "location"),
        *required(INSTANT, "start", "end"),
        *required(SLUG, "source"),
        *required(sa.Integer, "rows"),
        *required(INSTANT, "fetched_at"),
    )
    create_table(
        "rejected_rows",
        ["id"],
        *required(SLUG, "id", "location"),
        *optional(INSTANT, "time"),
        *required(SLUG, "source"),
        *required(sa.Text, "reason"),
        *required(JSON, "row"),
        *required(INSTANT, "rejected_at"),
    )
    op.create_index("ix_rejected_rows_location_time", "rejected_rows", ["location", "time"])
    for name, others in (
        ("weather_hourly", [*required(SLUG, "source"), *required(INSTANT, "fetched_at")]),
        ("weather_3h", required(sa.Integer, "hours_observed", "hours_interpolated")),
    ):
        create_table(
            name,
            ["location", "time"],
            *required(SLUG, "location"),
            *required(INSTANT, "time"),
            *optional(sa.Float, *WEATHER_VARIABLES),
            *others,
        )


def _create_models() -> None:
    create_table(
        "models",
        ["model_id"],
        *required(SLUG, "model_id", "name"),
        *required(sa.Integer, "version"),
        *required(SLUG, "algorithm"),
        *required(JSON, "locations"),
        *required(INSTANT, "train_start", "train_end", "as_of"),
        *required(JSON, "parameters", "features", "metrics"),
        *required(SLUG, "mlflow_run_id"),
        *required(sa.Text, "model_uri"),
        *required(SLUG, "data_sha256", "git_commit"),
        *required(sa.String(16), "stage"),
        *optional(sa.String(200), "approved_by"),
        *optional(INSTANT, "approved_at"),
        *required(INSTANT, "created_at"),
        sa.UniqueConstraint("name", "version", name="uq_models_name_version"),
        sa.CheckConstraint(
            "stage IN ('candidate', 'staging', 'production', 'archived')",
            name=op.f("ck_models_stage"),
        ),
    )


def _create_predictions() -> None:
    create_table(
        "predictions",
        ["model_id", "location", "as_of", "time"],
        *required(SLUG, "model_id", "location"),
        *required(INSTANT, "as_of", "time"),
        *required(sa.Integer, "lead"),
        *required(sa.Float, "temperature_2m", "lower", "upper", "level"),
        *required(INSTANT, "known_until", "created_at"),
    )
    op.create_index(
        "ix_predictions_location_time_as_of", "predictions", ["location", "time", "as_of"]
    )
    create_table(
        "prediction_inputs",
        ["model_id", "location", "as_of"],
        *required(SLUG, "model_id", "location"),
        *required(INSTANT, "as_of"),
        *required(JSON, "inputs"),
    )
