"""Handling of user errors, shared by all commands."""

from collections.abc import Iterator
from contextlib import contextmanager

import click


@contextmanager
def user_errors() -> Iterator[None]:
    """Turn user errors into one message and exit code 1."""
    try:
        yield
    except click.ClickException:
        raise
    except Exception as error:
        from triptych.commands.error_messages import explain

        message = explain(error)
        if message is None:
            raise
        raise click.ClickException(message) from error
