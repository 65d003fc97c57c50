"""Settings of the API, from the environment variables `TRIPTYCH_*`."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

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
    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        """Accept a comma-separated list, as environment variables are written."""
        parts = value.split(",") if isinstance(value, str) else value
        return tuple(part.strip().rstrip("/") for part in parts if part.strip())
