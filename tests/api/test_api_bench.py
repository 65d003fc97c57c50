"""Output of wrk, as read by the benchmark."""

import pytest

from bench.load import read_wrk

PRINTED = """Running 10s test @ http://127.0.0.1:8766
  Latency Distribution
     50%   12.76ms
     75%   15.00ms
     90%   17.11ms
     99%{p99}
  11230 requests in 10.00s, 15.32MB read
{errors}Requests/sec:   1113.05
Transfer/sec:      1.52MB
"""


@pytest.mark.parametrize(
    ("p99", "errors", "expected"),
    [
        ("   35.39ms", "", {"rate": 1113.05, "p99": 35.39, "failed": 0}),
        ("  900.00us", "", {"rate": 1113.05, "p99": 0.9, "failed": 0}),
        (
            "    1.20s",
            "  Socket errors: connect 0, read 2, write 1, timeout 4\n"
            "  Non-2xx or 3xx responses: 30\n",
            {"rate": 1113.05, "p99": 1200.0, "failed": 37},
        ),
    ],
)
def test_rate_latency_and_failures(p99: str, errors: str, expected: dict[str, float]) -> None:
    assert read_wrk(PRINTED.format(p99=p99, errors=errors)) == pytest.approx(expected)


def test_no_result_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="unable to connect"):
        read_wrk("unable to connect to 127.0.0.1:1")
