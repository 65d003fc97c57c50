"""Serve the API until SIGTERM, which cuts no request: `python -m api --host 0.0.0.0`."""

import argparse
import asyncio
import gc
import os
import socket
import sys
import time

import uvicorn

from api.door import shut
from api.leave import Leave
from api.main import create_app

_LEAVE_SECONDS = 3
_LAST_SECONDS = 0.5
_FINISH_SECONDS = 30
_SWITCH_SECONDS = 0.001


class Server(uvicorn.Server):
    """A server that takes leave before it stops.

    For some seconds it says that it is not ready and ends each connection with its next answer,
    so that clients and load balancers go elsewhere; then it lets nobody in any more, answers
    those who are in, and stops. A connection that is closed while idle could just have been
    sent a request.

    Args:
        config: of uvicorn.
        leave: what the application looks at.
    """

    def __init__(self, config: uvicorn.Config, leave: Leave) -> None:
        super().__init__(config)
        self._leave = leave

    async def main_loop(self) -> None:
        """Serve until a signal comes, and take leave."""
        await super().main_loop()
        self._leave.begin()
        await self._wait(_LEAVE_SECONDS)
        for server in self.servers:
            for listener in server.sockets:
                with socket.socket(fileno=os.dup(listener.fileno())) as same:
                    shut(same)
        await self._wait(_LAST_SECONDS)

    async def _wait(self, seconds: float) -> None:
        """Wait; a second Ctrl-C ends it."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self.force_exit:
            await asyncio.sleep(0.1)


def _keep_responsive() -> None:
    """Bound how long a worker thread that renders a large response holds the interpreter.

    The event loop waits for it up to the switch interval (5 ms by default) several times per
    request, and for each full garbage collection, which `gc.freeze` spares the start-up objects.
    """
    sys.setswitchinterval(_SWITCH_SECONDS)
    gc.collect()
    gc.freeze()


def main() -> None:
    """Read where to listen, and serve."""
    parser = argparse.ArgumentParser(prog="python -m api", description="Serve the predictions.")
    host, port = os.environ.get("UVICORN_HOST", "127.0.0.1"), os.environ.get("UVICORN_PORT", "8000")
    parser.add_argument("--host", default=host, help="address to listen on (UVICORN_HOST)")
    parser.add_argument("--port", default=port, type=int, help="port to listen on (UVICORN_PORT)")
    given = parser.parse_args()
    app = create_app()
    _keep_responsive()
    config = uvicorn.Config(
        app,
        host=given.host,
        port=given.port,
        log_config=None,  # the application writes the log, as JSON lines
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_FINISH_SECONDS,
    )
    Server(config, app.state.leave).run()


if __name__ == "__main__":
    main()
