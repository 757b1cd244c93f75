"""Where commands run: a root, a HOME and an environment of their own, and an end that nothing outlives."""

from .errors import SandboxError
from .places import Mount
from .probe import available, why_not_bubblewrap
from .sandbox import Sandbox
from .script import Ending, Script
from .shell import Result, Shell

__all__ = ["Ending", "Mount", "Result", "Sandbox", "SandboxError", "Script", "Shell", "available", "why_not_bubblewrap"]
