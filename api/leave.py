"""Whether the service is about to stop."""


class Leave:
    """Begins when the service is told to stop; it goes on answering for a while."""

    def __init__(self) -> None:
        self.begun = False

    def begin(self) -> None:
        """Say from now on that the service is not ready, and end connections."""
        self.begun = True
