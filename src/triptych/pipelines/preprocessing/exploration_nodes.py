"""The nodes of the exploration, a part of preprocessing."""

from kedro.pipeline import Node

from triptych.pipelines.preprocessing import exploration, exploration_plots


def exploration_nodes() -> list[Node]:
    """Give the nodes that look at the years before the test period, and draw what they see."""
    return [*_statistics(), *_figures()]


def _statistics() -> list[Node]:
    return [
        Node(
            exploration.plan_exploration,
            inputs=["history", "params:as_of", "params:today", "params:forecast"],
            outputs="exploration_period",
            name="plan_exploration",
        ),
        Node(
            exploration.decompose_temperature,
            inputs=["history", "exploration_period"],
            outputs={
                "decomposition": "decomposition",
                "decomposition_summary": "decomposition_summary",
            },
            name="decompose_temperature",
        ),
        Node(
            exploration.check_stationarity,
            inputs=["decomposition", "params:exploration"],
            outputs="stationarity",
            name="check_stationarity",
        ),
        Node(
            exploration.analyze_spectrum,
            inputs="decomposition",
            outputs={"spectrum": "spectrum", "spectral_lines": "spectral_lines"},
            name="analyze_spectrum",
        ),
        Node(
            exploration.find_anomalies,
            inputs=["decomposition", "params:exploration"],
            outputs="anomalies",
            name="find_anomalies",
        ),
        Node(
            exploration.describe_missing,
            inputs=["known_hours", "exploration_period"],
            outputs="missing_values",
            name="describe_missing",
        ),
    ]


def _figures() -> list[Node]:
    settings = ["exploration_period", "params:exploration"]
    return [
        Node(
            exploration_plots.plot_decomposition,
            inputs=["decomposition", *settings],
            outputs="decomposition_figure",
            name="plot_decomposition",
        ),
        Node(
            exploration_plots.plot_seasons,
            inputs=["decomposition", *settings],
            outputs="seasons_figure",
            name="plot_seasons",
        ),
        Node(
            exploration_plots.plot_spectrum,
            inputs=["spectrum", "spectral_lines", *settings],
            outputs="spectrum_figure",
            name="plot_spectrum",
        ),
        Node(
            exploration_plots.plot_anomalies,
            inputs=["decomposition", "anomalies", *settings],
            outputs="anomalies_figure",
            name="plot_anomalies",
        ),
        Node(
            exploration_plots.plot_missing,
            inputs=["missing_values", *settings],
            outputs="missing_values_figure",
            name="plot_missing",
        ),
    ]
