"""Settings of the API, from the environment variables `TRIPTYCH_*`."""

from pathlib import Path

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from triptych.store.sqlite import sqlite_url

_DATABASE = Path(__file__).resolve().parent.parent / "data" / "triptych.db"


class Settings(BaseSettings):
    """The settings, whose defaults suit a local run; no error message shows a value."""

    model_config = SettingsConfigDict(
        env_prefix="TRIPTYCH_", env_ignore_empty=True, frozen=True, hide_input_in_errors=True
    )

    database_url: SecretStr = SecretStr(sqlite_url(_DATABASE))  # may hold a password
    version: str = "0.0.0"
    api_key: SecretStr | None = None  # None: no key is required
    cors_origins: str = ""  # comma-separated
