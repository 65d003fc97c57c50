"""Settings of the API, from the environment."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from triptych.store.sqlite import sqlite_url

_ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """The environment variables `TRIPTYCH_*` of the API; the defaults suit a local run.

    Raises:
        pydantic.ValidationError: a value has the wrong type; the message does not show it.
    """

    model_config = SettingsConfigDict(
        env_prefix="TRIPTYCH_", env_ignore_empty=True, frozen=True, hide_input_in_errors=True
    )

    # secret, since a PostgreSQL URL holds a password
    database_url: SecretStr = SecretStr(sqlite_url(_ROOT / "data" / "triptych.db"))
    version: str = "0.0.0"
    api_key: SecretStr | None = None  # None: no key is required
    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        """Accept a comma-separated list, as environment variables are written."""
        if isinstance(value, str):
            return tuple(part.strip().rstrip("/") for part in value.split(",") if part.strip())
        return value
