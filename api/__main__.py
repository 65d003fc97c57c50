"""Serve the API until SIGTERM: `python -m api --host 0.0.0.0`."""

import argparse
import gc
import os
import sys

import uvicorn

from api.app import create_app


def main() -> None:
    """Parse the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m api", description="Serve the predictions.")
    host, port = os.environ.get("UVICORN_HOST", "127.0.0.1"), os.environ.get("PORT", "8000")
    parser.add_argument("--host", default=host, help="address to listen on (UVICORN_HOST)")
    parser.add_argument("--port", default=port, type=int, help="port to listen on (PORT)")
    address = vars(parser.parse_args())
    app = create_app()
    limit_pauses()
    uvicorn.run(
        app,
        **address,
        log_config=None,  # the application configures logging
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=30,
    )


def limit_pauses() -> None:
    """Shorten what delays the event loop: other threads' turns, and garbage collection."""
    sys.setswitchinterval(0.001)
    gc.collect()
    gc.freeze()
    gc.set_threshold(700, 10, 100)  # full collections visit the cache: 30 ms of p99


if __name__ == "__main__":
    main()
