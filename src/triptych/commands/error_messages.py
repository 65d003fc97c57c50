"""Messages for user errors of the project, Kedro, MLflow and the system; all others are bugs."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from textwrap import shorten

import click

_LONGEST = 600
_ERRORS_MODULE = re.compile(r"triptych\.(\w+\.)*errors")
_PYDANTIC_NOISE = re.compile(
    r"\[type=\w+, input_value=(.*?), input_type=\w+\]\s*For further \S+ \S+ \S+"
)


@contextmanager
def user_errors() -> Iterator[None]:
    """Turn user errors into one message and exit code 1."""
    try:
        yield
    except click.ClickException:
        raise
    except Exception as error:
        message = explain(error)
        if message is None:
            raise
        raise click.ClickException(message) from error


def explain(error: BaseException) -> str | None:
    """Find the user error among an error and its causes; return its message, None if none is."""
    from triptych.store.errors import mask_passwords

    causes = list(_causes(error))
    found = (find(cause) for find in (_own, _others, _of_datasets) for cause in causes)
    message = next((text for text in found if text is not None), None)
    return None if message is None else mask_passwords(message)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _own(error: BaseException) -> str | None:
    return str(error) if is_own(type(error)) else None


def is_own(kind: type[BaseException]) -> bool:
    """Tell whether an error descends from one of an `errors` module of the project."""
    return any(_ERRORS_MODULE.fullmatch(base.__module__) for base in kind.__mro__)


def _others(error: BaseException) -> str | None:
    from kedro.config import MissingConfigException
    from kedro.validation.exceptions import ParameterValidationError
    from omegaconf.errors import OmegaConfBaseException
    from sqlalchemy.exc import DBAPIError
    from yaml import YAMLError

    found = _one_line(str(error))
    if isinstance(error, ParameterValidationError):
        return (
            f"{found}. Correct the name or value; conf/base/parameters*.yml lists all parameters."
        )
    if isinstance(error, OSError) and error.filename is not None:
        return (
            f"{error.filename}: {error.strerror}. Make the project's folder data and its contents "
            "readable and writable for this user, and check the free disk space."
        )
    # the project's engines raise StoreError: other SQLAlchemy errors come from MLflow's store
    if isinstance(error, DBAPIError) or type(error).__module__ == "mlflow.exceptions":
        found = _one_line(str(getattr(error, "orig", error)))
        return (
            f"MLflow's store cannot be used: {found}. It is data/mlflow.db unless "
            "MLFLOW_TRACKING_URI is set: start the server, or move the damaged file away and run "
            "again."
        )
    doubled = isinstance(error, ValueError) and found.startswith("Duplicate keys found in")
    if doubled or isinstance(error, YAMLError | MissingConfigException | OmegaConfBaseException):
        return f"{found}. Correct the configuration (conf/)."
    if isinstance(error, ValueError) and found.startswith("Pipeline does not contain"):
        return f"{found}. `kedro registry describe` lists the nodes and datasets of a pipeline."
    return None


def _of_datasets(error: BaseException) -> str | None:
    """Describe a dataset error of Kedro; its causes were checked before."""
    from kedro.io import DatasetError

    if not isinstance(error, DatasetError):
        return None
    found = _one_line(str(error))
    cause = next((each for each in _causes(error) if not isinstance(each, DatasetError)), None)
    if found.startswith("An exception occurred when parsing config"):
        return f"{found}. Correct the configuration (conf/)."
    if cause is None:  # raised by a dataset of this project
        return f"{found}."
    reason = _one_line(f"{type(cause).__name__}: {cause}")
    message = _one_line(str(error).partition("\n")[0])
    return f"{message}: {reason}. Restore the data, or rerun the pipeline that produces it."


def _one_line(text: str) -> str:
    plain = _PYDANTIC_NOISE.sub(r"(found \1)", text)
    return shorten(plain, _LONGEST, placeholder=" …").rstrip(".")
