"""Serve the API until SIGTERM: `python -m api --host 0.0.0.0`."""

import argparse
import asyncio
import gc
import os
import signal
import sys

import uvicorn
from fastapi import FastAPI

from api.app import create_app

_DRAIN_SECONDS = 3  # /health/ready fails this long before the server closes its socket
_GRACEFUL_SHUTDOWN_SECONDS = 30
_SWITCH_SECONDS = 0.001


async def _serve(server: uvicorn.Server, app: FastAPI) -> None:
    """Serve; on SIGTERM or SIGINT, report "not ready" for some seconds before uvicorn stops.

    Load balancers stop sending requests meanwhile. uvicorn then completes the open requests.
    """
    loop = asyncio.get_running_loop()

    def drain(signal_number: int) -> None:
        if app.state.draining:
            server.handle_exit(signal_number, None)  # a second signal does not wait
        app.state.draining = True
        loop.call_later(_DRAIN_SECONDS, server.handle_exit, signal_number, None)

    serving = asyncio.create_task(server.serve())
    while not server.started and not serving.done():
        await asyncio.sleep(0.01)
    for signal_number in (signal.SIGTERM, signal.SIGINT):  # after uvicorn has set its own handlers
        loop.add_signal_handler(signal_number, drain, signal_number)
    await serving


def _keep_responsive() -> None:
    """Bound how long a worker thread that renders a large response holds the interpreter.

    The event loop waits for it up to the switch interval (5 ms by default) several times per
    request, and for each full garbage collection, which `gc.freeze` spares the start-up objects.
    """
    sys.setswitchinterval(_SWITCH_SECONDS)
    gc.collect()
    gc.freeze()


def main() -> None:
    """Parse the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m api", description="Serve the predictions.")
    host, port = os.environ.get("UVICORN_HOST", "127.0.0.1"), os.environ.get("UVICORN_PORT", "8000")
    parser.add_argument("--host", default=host, help="address to listen on (UVICORN_HOST)")
    parser.add_argument("--port", default=port, type=int, help="port to listen on (UVICORN_PORT)")
    arguments = parser.parse_args()
    app = create_app()
    _keep_responsive()
    config = uvicorn.Config(
        app,
        host=arguments.host,
        port=arguments.port,
        log_config=None,  # the application configures logging
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACEFUL_SHUTDOWN_SECONDS,
    )
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(_serve(uvicorn.Server(config), app))


if __name__ == "__main__":
    main()
