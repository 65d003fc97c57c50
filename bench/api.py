"""How many requests a second the API answers, beside an empty route of the same server."""

from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
_ROUNDS = 3
_SECONDS = 10  # of each route a round
_CONNECTIONS = 16
_EMPTY = "/empty"
_TARGET = 20  # % of the empty route, at least
