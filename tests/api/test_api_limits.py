"""Malformed and oversized requests, byte by byte, to a running API: 4xx."""

import socket

import pytest

from tests.fixtures.serving import Process

END = b"Host: x\r\nConnection: close\r\n\r\n"
GOOD = b"GET /locations HTTP/1.1\r\n"


@pytest.fixture
def port(served: tuple[str, Process]) -> int:
    """Give the port of a running API."""
    return int(served[0].rsplit(":", 1)[1])


def ask(port: int, request: bytes) -> bytes:
    """Send bytes, and read all that comes back."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        parts = []
        try:
            connection.sendall(request)
            while part := connection.recv(65536):
                parts.append(part)
        except ConnectionError:  # it had read enough, and says so before the end
            pass
    return b"".join(parts)


def test_hostile_bytes_are_refused(port: int) -> None:
    for request, status in (
        (b"GET /locations?" + b"a" * 5_000_000 + b" HTTP/1.1\r\n" + END, 400),
        (b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\n" + END, 400),
        (b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n" + END, 404),
        (GOOD + b"X-Big: " + b"a" * 200_000 + b"\r\n" + END, 431),
        (GOOD + b"".join(b"X-%d: 1\r\n" % n for n in range(5000)) + END, 431),
        (GOOD + b"X-Request-ID: a\rSet-Cookie: x\r\n" + END, 400),
        (GOOD + b"X-Request-ID: a\nSet-Cookie: x\r\n" + END, 400),
        (GOOD + b"Accept: " + b"a/b," * 4000 + b"\r\n" + END, 406),
        (GOOD + b"If-None-Match: " + b'"' * 16_000 + b"\r\n" + END, 200),
        (b"GET /texts/predictions?item=" + b"%F0%9F%98%80" * 2500 + b" HTTP/1.1\r\n" + END, 404),
        (b"GET /texts/predictions?item=" + b"%F0%9F%98%80" * 2501 + b" HTTP/1.1\r\n" + END, 422),
        (b"GET /loc\0ations HTTP/1.1\r\n" + END, 400),
        (b"GET /%00 HTTP/1.1\r\n" + END, 404),
        (b"GET /..%2f..%2fetc%2fpasswd HTTP/1.1\r\n" + END, 404),
        (b"GET /locations?x\xff\xfe HTTP/1.1\r\n" + END, 400),
        (b"NONSENSE\r\n\r\n", 400),
        (b"GET /locations HTTP/9.9\r\n" + END, 400),
        (GOOD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n" + END, 400),
    ):  # fmt: skip
        answer = ask(port, request)
        assert answer.startswith(b"HTTP/1.1 %d " % status), (request[:60], answer[:60])
        assert b"set-cookie" not in answer.lower()
        assert ask(port, GOOD + END).startswith(b"HTTP/1.1 200 ")


def test_a_forged_host_leads_nowhere(port: int) -> None:
    answer = ask(
        port, b"GET /locations?limit=1 HTTP/1.1\r\nHost: evil\r\nConnection: close\r\n\r\n"
    )

    assert b'rel="next"' in answer
    assert b"evil" not in answer
