"""A synthetic history: annual and daily cycle, and weather that two locations share."""

import numpy as np
import pandas as pd

PLACES = {"west": (48.5, -4.5), "east": (52.5, 13.5)}
SMALL = {
    "persistence": {},
    "same_hour_yesterday": {},
    "climatology": {},
    "arima": {"ar": 2},
    "sarima": {"ar": 1, "seasonal_ar": 1},
    "sarimax": {"ar": 1, "seasonal_ar": 0, "seasonal_ma": 0},
    "sarima_ridge": {"ar": 1, "seasonal_ar": 1},
    "ridge": {},
    "kernel_ridge": {"max_rows": 200},
    "random_forest": {"trees": 4, "max_rows": 300, "threads": 1},
    "lightgbm": {
        "trees": (5,),
        "learning_rate": 0.2,
        "origins": 250,
        "scopes": ("pooled", "location"),
        "threads": 1,
    },
    "ar": {"order": 8},
    "pooled_ridge": {},
    "ensemble": {"members": {"ridge": {}, "kernel_ridge": {"max_rows": 100}}},
    "ensemble_all": {"members": {"sarima_ridge": {"ar": 1, "seasonal_ar": 1}, "ridge": {}}},
}
MAX_LEAD = 20


def make_history(days: int = 520, seed: int = 0, start: str = "2020-01-01") -> pd.DataFrame:
    """A complete 3-hour history of both places in the forecasters' contract, sorted."""
    rng = np.random.default_rng(seed)
    shared = _memory(rng, 8 * days, 0.97)
    frames = [
        _place(rng, name, *PLACES[name], shared, pd.Timestamp(start, tz="UTC"), lag)
        for lag, name in enumerate(sorted(PLACES, reverse=True))
    ]
    return pd.concat(frames).sort_values(["location", "time"], ignore_index=True)


def _memory(rng: np.random.Generator, steps: int, keep: float) -> np.ndarray:
    noise = rng.normal(size=steps)
    state = np.zeros(steps)
    for step in range(1, steps):
        state[step] = keep * state[step - 1] + noise[step] * np.sqrt(1 - keep**2)
    return state


def _place(
    rng: np.random.Generator,
    name: str,
    latitude: float,
    longitude: float,
    shared: np.ndarray,
    start: pd.Timestamp,
    lag: int,
) -> pd.DataFrame:
    steps = len(shared)
    time = pd.date_range(start, periods=steps, freq="3h")
    year = 2 * np.pi * time.day_of_year.to_numpy() / 365.25
    day = 2 * np.pi * time.hour.to_numpy() / 24
    weather = np.roll(shared, 4 * lag) + 0.3 * _memory(rng, steps, 0.8)
    mean = 11 - 8 * np.cos(year) - 3 * np.cos(day - 0.8) + 3 * weather
    return pd.DataFrame(
        {
            "location": name,
            "time": time,
            "latitude": latitude,
            "longitude": longitude,
            "temperature_2m": mean,
            "temperature_2m_h0": mean - 0.4 * np.sin(day),
            "temperature_2m_h1": mean,
            "temperature_2m_h2": mean + 0.4 * np.sin(day),
            "relative_humidity_2m": np.clip(75 - 5 * weather + rng.normal(0, 4, steps), 5, 100),
            "dew_point_2m": mean - 4 + rng.normal(0, 1, steps),
            "surface_pressure": 1010 - 6 * weather + rng.normal(0, 1, steps),
            "cloud_cover": np.clip(60 + 20 * weather + rng.normal(0, 15, steps), 0, 100),
            "wind_speed_10m": np.abs(15 + 5 * weather + rng.normal(0, 3, steps)),
            "wind_direction_10m": rng.uniform(0, 360, steps),
            "precipitation": np.maximum(rng.normal(-1, 1, steps), 0),
            "shortwave_radiation": np.maximum(300 * np.sin(day - np.pi / 2), 0)
            * rng.uniform(0.3, 1, steps),
        }
    )
