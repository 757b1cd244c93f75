"""JupyterLab on the learner's workspace: its settings apart from the learner's own, its address, its token."""

import json
import os
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path

DEFAULT_PORT = 8890
_FOREIGN = ("JUPYTER_PATH", "JUPYTER_CONFIG_PATH", "JUPYTER_TOKEN_FILE", "JUPYTER_NO_CONFIG", "JUPYTERLAB_DIR")
_NO_NEWS = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}


class JupyterLab:
    """How JupyterLab is run on a workspace.

    Parameters
    ----------
    workspace
        The folder it shows.
    port
        Where it listens, on loopback.
    """

    def __init__(self, workspace: Path, port: int) -> None:
        self._workspace = workspace
        self._port = port
        self._settings = workspace / ".jupyter"
        self._prepare()
        self._token = self._kept_token()

    @property
    def address(self) -> str:
        """Its address, with the token."""
        return f"http://127.0.0.1:{self._port}/lab?token={self._token}"

    @property
    def command(self) -> list[str]:
        """The program and its arguments."""
        options = {
            "ServerApp.ip": "127.0.0.1",
            "ServerApp.port": self._port,
            "ServerApp.port_retries": 0,
            "ServerApp.root_dir": self._workspace,
            "ServerApp.open_browser": False,
            "LabApp.open_browser": False,
            "LabApp.extension_manager": "readonly",
            "LabApp.news_url": None,
            "LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
        }
        if os.geteuid() == 0:
            options["ServerApp.allow_root"] = True
        return [sys.executable, "-m", "jupyterlab", *(f"--{name}={value}" for name, value in options.items())]

    def environ(self, environ: Mapping[str, str]) -> dict[str, str]:
        """Return an environment in which no settings and kernels but the course's are found."""
        kept = {name: value for name, value in environ.items() if name not in _FOREIGN}
        return kept | {
            "JUPYTER_CONFIG_DIR": str(self._settings),
            "JUPYTER_DATA_DIR": str(self._settings / "data"),
            "JUPYTER_PREFER_ENV_PATH": "1",
            "JUPYTER_TOKEN": self._token,
        }

    def _prepare(self) -> None:
        news = self._settings / "labconfig" / "page_config.json"
        news.parent.mkdir(parents=True, exist_ok=True)
        if not news.exists():
            news.write_text(json.dumps(_NO_NEWS), encoding="utf-8")

    def _kept_token(self) -> str:
        """Return the token, the same each time, so that an open tab still works after a restart."""
        path = self._settings / "token"
        if not path.exists():
            with open(path, "x", opener=_for_owner_only, encoding="ascii") as file:
                file.write(secrets.token_urlsafe(16))
        return path.read_text(encoding="ascii").strip()


def _for_owner_only(path: str, flags: int) -> int:
    return os.open(path, flags, mode=0o600)
