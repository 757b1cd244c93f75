"""What a lab's notebook uses, and what runs and proves the labs."""

from .errors import LabError
from .session import Lab

__all__ = ["Lab", "LabError"]
