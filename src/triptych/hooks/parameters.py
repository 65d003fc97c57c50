"""The hook that checks the parameters of a run."""

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl

from triptych.parameters.run import check_parameters


class ParameterHook:
    """Checks all parameters; Kedro checks only those of a class that the nodes of the run take."""

    @hook_impl(tryfirst=True)
    def after_context_created(self, context: KedroContext) -> None:
        """Reject unknown or invalid parameters before anything is opened, including MLflow."""
        loader = context.config_loader
        loader["parameters"] = check_parameters(loader["parameters"])
