"""The lines at the end of a run."""

import pandas as pd

from triptych.hooks.run_summary import SummaryHook


def test_the_chosen_model_is_tested_against_one_whose_forecasts_differ() -> None:
    tests = pd.DataFrame(
        {
            "location": "all", "lead": "1-8", "model": "ensemble", "other": ["ensemble_all", "mos"],
            "difference": [0.0, 0.03], "low": [0.0, 0.01], "high": [0.0, 0.05],
            "p_value": [float("nan"), 0.02],
        }
    )  # fmt: skip
    summary = SummaryHook()
    summary.after_dataset_saved("paired_tests", tests)

    assert summary.lines() == [
        "ensemble against mos: +0.030 °C² of squared error saved a day "
        "(95 % interval +0.010 to +0.050; Diebold-Mariano p = 0.020)"
    ]
