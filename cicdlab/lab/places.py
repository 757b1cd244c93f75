"""Where things are: the repository, the labs, the learner's workspace."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LABS = ROOT / "labs"


@dataclass(frozen=True)
class Workspace:
    """The learner's folder, which git ignores.

    Parameters
    ----------
    root
        The folder; it need not exist yet.
    """

    root: Path

    @classmethod
    def of(cls, environ: Mapping[str, str] = os.environ) -> "Workspace":
        """Return the workspace that ``CICDLAB_WORKSPACE`` names, or the repository's own."""
        return cls(Path(environ.get("CICDLAB_WORKSPACE") or ROOT / "workspace").expanduser().absolute())

    @property
    def aws(self) -> Path:
        """The folder of the AWS configuration that the labs use instead of the learner's own."""
        return self.root / "aws"

    @property
    def progress(self) -> Path:
        """The file that remembers which checks have passed (the quizzes keep their own)."""
        return self.root / "labs/progress.json"

    def lab(self, lab_id: str) -> Path:
        """The folder of one lab's notebook and work."""
        return self.root / "labs" / lab_id
