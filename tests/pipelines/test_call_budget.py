"""What requests cost, and the pace that a source's limits allow."""

import pytest

from triptych.parameters.forecasting import LimitParameters
from triptych.pipelines.ingestion.requests import Pacer, describe_budget, weight
from triptych.weather.errors import CallLimitReached

FREE = LimitParameters(minute=600, hour=5000, day=10_000)


def test_the_cost_of_ten_thousand_locations_is_known_before_they_are_requested() -> None:
    assert weight(1, 3, 2) == 1
    assert weight(10, 365, 9) == pytest.approx(234.6, abs=0.1)
    # MEASUREMENTS of the free tier: three years of a place are about 78 calls at ten variables
    assert weight(1, 3 * 365, 10) == pytest.approx(78.2, abs=0.1)

    years = [weight(10, 365, 10)] * 3000  # 10,000 locations, three years
    told = "3,000 requests, 782,143 weighted calls: 79 days at 600 a minute, 5,000 an hour"
    assert describe_budget(years, FREE).startswith(told)
    assert describe_budget([23.5, 23.5], FREE).startswith("2 requests, 47 weighted calls: 1 min")
    assert describe_budget([23.5], None).endswith("no limit is set (ingestion.limits)")


def test_requests_wait_for_the_minute_and_the_hour_and_end_with_the_day(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slept = [0.0]  # time passes only in waits
    monkeypatch.setattr("time.monotonic", lambda: sum(slept))
    monkeypatch.setattr("time.sleep", slept.append)
    pacer = Pacer(FREE)
    made: list[float] = []
    with pytest.raises(
        CallLimitReached, match=r"10,000 weighted calls of a day .* run again tomorrow"
    ):
        while True:
            pacer.wait(200)
            made.append(sum(slept))

    assert len(made) == 50  # of 200 each
    for seconds, most in ((60, 600), (3600, 5000)):
        busiest = max(sum(200 for at in made if end - seconds < at <= end) for end in made)
        assert busiest == most
    assert made[:6] == [0, 0, 0, 60, 60, 60]
    assert 3600 <= made[-1] < 2 * 3600


def test_a_source_without_limits_is_not_delayed() -> None:
    pacer = Pacer(None)
    for _ in range(100):
        pacer.wait(1e6)
