"""What a function returns, or the function itself, as a dataset: a source that nodes read."""

from functools import partial as bind
from importlib import import_module
from typing import Any, NoReturn

from kedro.io import AbstractDataset, DatasetError


class FunctionDataset(AbstractDataset[NoReturn, Any]):
    """Loads what a function returns, or, if `partial`, the function with these arguments.

    Args:
        function: its full name; it is imported when the dataset is loaded.
        load_args: arguments of the function. Kedro makes `filepath` and `path` absolute.
        credentials: more arguments, which only the catalog knows and nothing shows.
    """

    def __init__(
        self,
        *,
        function: str,
        load_args: dict[str, Any] | None = None,
        credentials: dict[str, Any] | None = None,
        partial: bool = False,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self._function, self._partial = function, partial
        self._load_args, self._credentials = load_args or {}, credentials or {}
        self.metadata = metadata

    def load(self) -> Any:
        """Call the function, or bind its arguments."""
        module, _, name = self._function.rpartition(".")
        function = getattr(import_module(module), name)
        bound = bind(function, **self._load_args, **self._credentials)
        return bound if self._partial else bound()

    def save(self, data: NoReturn) -> None:  # noqa: ARG002
        """Refuse: a source is read-only."""
        raise DatasetError(f"{self._function} is read-only: do not name it as an output.")

    def _describe(self) -> dict[str, Any]:
        return {"function": self._function, "load_args": self._load_args}
