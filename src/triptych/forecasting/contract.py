"""Steps, leads, intervals and columns of all forecasts."""

import pandas as pd

TEMPERATURE = "temperature_2m"

STEP_HOURS = 3
STEPS_PER_DAY = 8
STEP = pd.Timedelta(hours=STEP_HOURS)
HOUR = pd.Timedelta(hours=1)
LEVEL = 0.90
DAY_LEADS = tuple(range(1, STEPS_PER_DAY + 1))
MODEL, CLIMATOLOGY = "model", "climatology"  # methods: how a step was forecast
FORECAST_COLUMNS = ("location", "as_of", "time", "lead", "mean", "lower", "upper")
