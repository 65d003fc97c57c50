"""What the API takes from the environment."""

from pathlib import Path

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

_ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """The environment variables `TRIPTYCH_*` that the API reads; the defaults suit a local run.

    Raises:
        pydantic.ValidationError: a value of the wrong kind; the value itself is not shown.
    """

    model_config = SettingsConfigDict(
        env_prefix="TRIPTYCH_", frozen=True, hide_input_in_errors=True
    )

    # secret, since a PostgreSQL URL holds a password
    database_url: SecretStr = SecretStr(f"sqlite:///{_ROOT / 'data' / 'triptych.db'}")
    version: str = "0.0.0"
