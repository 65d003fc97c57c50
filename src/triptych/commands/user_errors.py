"""How every command of the project ends when its user has made a mistake."""

from collections.abc import Iterator
from contextlib import contextmanager

import click


@contextmanager
def user_errors() -> Iterator[None]:
    """Turn an error that its user can mend into one message and exit code 1."""
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
