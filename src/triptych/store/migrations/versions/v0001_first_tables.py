"""The first tables: locations, weather, refused rows, models, predictions and their inputs."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# As they were when this was written: a migration does not follow later changes of the code.
_INSTANT = sa.DateTime(timezone=True).with_variant(sa.String(20), "sqlite")
_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """Make every table."""
    _make_locations()
    _make_ingestion()
    _make_weather()
    _make_models()
    _make_predictions()


def _make_locations() -> None:
    op.create_table(
        "locations",
        sa.Column("location", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("latitude", sa.Float, nullable=False),
        sa.Column("longitude", sa.Float, nullable=False),
        sa.Column("elevation", sa.Float, nullable=False),
        sa.Column("timezone", sa.String(64), nullable=False),
        sa.Column("source", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("location", name="pk_locations"),
    )


def _make_ingestion() -> None:
    op.create_table(
        "ingested_periods",
        sa.Column("location", sa.String(64), nullable=False),
        sa.Column("start", _INSTANT, nullable=False),
        sa.Column("end", _INSTANT, nullable=False),
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("fetched_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("location", "start", name="pk_ingested_periods"),
        _of_location("ingested_periods"),
    )
    op.create_table(
        "rejected_rows",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("location", sa.String(64), nullable=False),
        sa.Column("time", _INSTANT),
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("row", _JSON, nullable=False),
        sa.Column("rejected_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_rejected_rows"),
    )
    op.create_index("ix_rejected_rows_location_time", "rejected_rows", ["location", "time"])


def _make_weather() -> None:
    op.create_table(
        "weather_hourly",
        sa.Column("location", sa.String(64), nullable=False),
        sa.Column("time", _INSTANT, nullable=False),
        *_variables(),
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("fetched_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("location", "time", name="pk_weather_hourly"),
        _of_location("weather_hourly"),
    )
    op.create_table(
        "weather_3h",
        sa.Column("location", sa.String(64), nullable=False),
        sa.Column("time", _INSTANT, nullable=False),
        *_variables(),
        sa.Column("hours_observed", sa.Integer, nullable=False),
        sa.Column("hours_interpolated", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("location", "time", name="pk_weather_3h"),
        _of_location("weather_3h"),
    )


def _make_models() -> None:
    op.create_table(
        "models",
        sa.Column("model_id", sa.String(64), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("algorithm", sa.String(64), nullable=False),
        sa.Column("locations", _JSON, nullable=False),
        sa.Column("train_start", _INSTANT, nullable=False),
        sa.Column("train_end", _INSTANT, nullable=False),
        sa.Column("as_of", _INSTANT, nullable=False),
        sa.Column("parameters", _JSON, nullable=False),
        sa.Column("features", _JSON, nullable=False),
        sa.Column("metrics", _JSON, nullable=False),
        sa.Column("mlflow_run_id", sa.String(64), nullable=False),
        sa.Column("model_uri", sa.Text, nullable=False),
        sa.Column("data_sha256", sa.String(64), nullable=False),
        sa.Column("git_commit", sa.String(64), nullable=False),
        sa.Column("stage", sa.String(16), nullable=False),
        sa.Column("approved_by", sa.String(200)),
        sa.Column("approved_at", _INSTANT),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("model_id", name="pk_models"),
        sa.UniqueConstraint("name", "version", name="uq_models_name_version"),
        sa.CheckConstraint(
            "stage IN ('candidate', 'staging', 'production', 'archived')",
            name=op.f("ck_models_stage"),
        ),
    )


def _make_predictions() -> None:
    op.create_table(
        "predictions",
        sa.Column("model_id", sa.String(64), nullable=False),
        sa.Column("location", sa.String(64), nullable=False),
        sa.Column("as_of", _INSTANT, nullable=False),
        sa.Column("time", _INSTANT, nullable=False),
        sa.Column("lead", sa.Integer, nullable=False),
        sa.Column("temperature_2m", sa.Float, nullable=False),
        sa.Column("lower", sa.Float, nullable=False),
        sa.Column("upper", sa.Float, nullable=False),
        sa.Column("level", sa.Float, nullable=False),
        sa.Column("known_until", _INSTANT, nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("model_id", "location", "as_of", "time", name="pk_predictions"),
        _of_model("predictions"),
        _of_location("predictions"),
    )
    op.create_index(
        "ix_predictions_location_time_as_of", "predictions", ["location", "time", "as_of"]
    )
    op.create_table(
        "prediction_inputs",
        sa.Column("model_id", sa.String(64), nullable=False),
        sa.Column("location", sa.String(64), nullable=False),
        sa.Column("as_of", _INSTANT, nullable=False),
        sa.Column("inputs", _JSON, nullable=False),
        sa.PrimaryKeyConstraint("model_id", "location", "as_of", name="pk_prediction_inputs"),
        _of_model("prediction_inputs"),
        _of_location("prediction_inputs"),
    )


def _variables() -> list[sa.Column[float]]:
    names = (
        "temperature_2m",
        "relative_humidity_2m",
        "dew_point_2m",
        "surface_pressure",
        "cloud_cover",
        "wind_speed_10m",
        "wind_direction_10m",
        "precipitation",
        "shortwave_radiation",
    )
    return [sa.Column(name, sa.Float) for name in names]


def _of_location(table: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_location"
    return sa.ForeignKeyConstraint(["location"], ["locations.location"], name=name)


def _of_model(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["model_id"], ["models.model_id"], name=f"fk_{table}_model_id")
