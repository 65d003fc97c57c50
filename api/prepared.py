"""A statement compiled once for a database, and run by its driver alone."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Dialect, Select


class PreparedRead:
    """A SELECT without SQLAlchemy's execution, which takes several times the query's own time.

    Its rows are the driver's: on SQLite an instant is ISO 8601 text. Whoever takes them checks
    the values, as the answers' Pydantic models do.

    Args:
        statement: without a list of values to expand.
        dialect: that of the engine whose driver will run it.
    """

    def __init__(self, statement: Select[Any], dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        self._sql = str(compiled)
        self._order = compiled.positiontup
        self._encoders = {
            name: encode
            for name, bound in compiled.binds.items()
            if (encode := bound.type.dialect_impl(dialect).bind_processor(dialect)) is not None
        }
        self._constants = self._encode(compiled.params)

    def fetch(self, cursor: Any, values: dict[str, Any]) -> list[tuple[Any, ...]]:
        """Run it on a cursor of the driver and take every row.

        Args:
            cursor: of a DB-API connection.
            values: the bound parameters by name, as SQLAlchemy would take them.
        """
        bound = self._constants | self._encode(values)
        parameters = bound if self._order is None else [bound[name] for name in self._order]
        rows: list[tuple[Any, ...]] = cursor.execute(self._sql, parameters).fetchall()
        return rows

    def _encode(self, values: Mapping[str, Any]) -> dict[str, Any]:
        encoders = self._encoders
        return {
            name: encoders[name](value) if name in encoders else value
            for name, value in values.items()
        }
