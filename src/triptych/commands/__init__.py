"""The project's own commands, a module each; triptych.cli gathers them for Kedro."""
