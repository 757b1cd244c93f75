"""The kernel of every notebook of the course: IPython's own, in the labs' environment.

Set-up points the virtual environment's ``python3`` kernelspec here, so that it holds in whatever front end opens the
notebook and whatever the shell that started it has exported.
"""

import json
import sys
from pathlib import Path

from .environment import apply, environment, write_aws_files
from .errors import LabError
from .files import write_atomically
from .places import Workspace


def install(prefix: Path = Path(sys.prefix)) -> Path:
    """Point the ``python3`` kernelspec of a virtual environment here and return its file.

    Raises
    ------
    LabError
        When it is not there yet and may not be written.
    """
    from ipykernel.kernelspec import get_kernel_dict

    path = prefix / "share/jupyter/kernels/python3/kernel.json"
    argv = [str(prefix / "bin/python3"), "-m", "cicdlab.lab.kernel", "-f", "{connection_file}"]
    spec = get_kernel_dict() | {"argv": argv, "display_name": "Python 3"}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, json.dumps(spec, indent=1) + "\n")
    except OSError as error:
        raise LabError(
            f"{path} cannot be written ({error.strerror}): run `make setup` as the owner of .venv."
        ) from error
    return path


def main() -> None:
    """Set the environment, then become an IPython kernel."""
    apply(environment())
    write_aws_files(Workspace.of())
    from ipykernel import kernelapp

    kernelapp.launch_new_instance()


if __name__ == "__main__":
    main()
