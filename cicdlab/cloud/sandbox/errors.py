"""What goes wrong with a sandbox itself, never with the commands in it."""


class SandboxError(RuntimeError):
    """A sandbox could not start, or ended by itself."""
