"""One read for all who wait for it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class SharedRead(Generic[T]):
    """A read that many ask for at once: who comes while one is under way shares the next one.

    Not the one under way: it may have looked before the asker's own last write.

    Args:
        read: what to do; the same error goes to all who share it.
    """

    def __init__(self, read: Callable[[], Awaitable[T]]) -> None:
        self._read = read
        self._current: asyncio.Task[T] | None = None
        self._next: asyncio.Task[T] | None = None

    async def get(self) -> T:
        """Give what a read finds that begins after this call."""
        if self._next is None:
            self._next = asyncio.create_task(self._begin(self._current))
        return await asyncio.shield(self._next)  # one who goes away does not stop the others

    async def _begin(self, previous: "asyncio.Task[T] | None") -> T:
        if previous is not None and not previous.done():
            await asyncio.wait([previous])
        self._current, self._next = self._next, None
        return await self._read()
