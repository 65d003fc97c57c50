"""The results file that README and notebooks quote: written here, never by hand."""

import json
import math
from importlib.metadata import version
from typing import Any

import pandas as pd

from tests.fixtures.project import ROOT
from triptych.registry.provenance import git_commit

FILE = ROOT / "docs" / "results" / "forecast.json"
DATA = (
    "ERA5 reanalysis in Open-Meteo's names and units: fitted on 2010-2018 (validation 2017-2018), "
    "tested on every day of 2019 from 00:00 UTC"
)
PACKAGES = ("lightgbm", "numpy", "pandas", "scikit-learn")


def write_results(comparison: pd.DataFrame, chosen: str) -> dict[str, Any]:
    """Write the comparison, the model chosen on validation, the code and the versions."""
    rows = [
        {name: _plain(value) for name, value in row.items()}
        for row in comparison.to_dict("records")
    ]
    table = {
        "rows": rows,
        "chosen": chosen,
        "data": DATA,
        "commit": git_commit(ROOT),
        "versions": {name: version(name) for name in PACKAGES},
    }
    text = json.dumps({**table, "rows": []}, indent=2, sort_keys=True)
    lines = ",\n    ".join(json.dumps(row) for row in rows)
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(text.replace('"rows": []', f'"rows": [\n    {lines}\n  ]') + "\n")
    return table


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return None if math.isnan(value) else round(value, 4)
    return value
