"""What goes wrong in a lab, in one sentence that says what to do."""


class LabError(Exception):
    """A lab cannot go on; the message is one sentence for the learner."""

    def _render_traceback_(self) -> list[str]:
        """Show the sentence alone: IPython calls this instead of printing a traceback."""
        return [str(self)]


class RefusedError(LabError):
    """The environment would let a lab reach something else than this machine."""
