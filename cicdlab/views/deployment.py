"""The deployment view: targets and their lifecycle events as a grid that fills."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import traitlets

from cicdlab.views import deployment_html as html
from cicdlab.views.reading_runs import read_deployment
from cicdlab.views.rollout import has_ended, rollout
from cicdlab.views.text import duration
from cicdlab.views.watching import watch
from cicdlab.widget import Widget, esm, stylesheet

HERE = Path(__file__).parent


class DeploymentView(Widget):
    """A picture of a deployment, drawn from what boto3 returns and from nothing else.

    Parameters
    ----------
    deployment
        The `deploymentInfo` that `get_deployment` returns.
    targets
        The `deploymentTargets` that `batch_get_deployment_targets` returns.
    """

    name = "deployment"
    sentence = "A deployment's targets and their lifecycle events: run this cell in JupyterLab, or read it in the book."
    _esm = esm(HERE / "replay.js", HERE / "deployment.js")
    styles = (HERE / "view.css", HERE / "replay.css", HERE / "deployment.css")
    _css = stylesheet(*styles)

    parts = traitlets.Dict().tag(sync=True, page=True)
    replay = traitlets.Dict().tag(sync=True, page=True)
    watched = traitlets.Bool(False).tag(sync=True)

    def __init__(self, deployment: Mapping[str, Any], targets: Sequence[Mapping[str, Any]] = ()) -> None:
        super().__init__()
        self._show(deployment, targets)

    @classmethod
    def of(cls, codedeploy: Any, deployment_id: str) -> DeploymentView:
        """The deployment as it is now.

        Parameters
        ----------
        codedeploy
            A boto3 client for CodeDeploy.
        deployment_id
            The deployment's id, for example `d-A1B2C3D4E`.

        Raises
        ------
        ViewError
            There is no such deployment.
        """
        return cls(*read_deployment(codedeploy, deployment_id))

    @classmethod
    def watch(cls, codedeploy: Any, deployment_id: str, timeout: float = 1800) -> None:
        """Show a deployment from now until it has ended.

        While a notebook is recorded (`CICDLAB_RECORD=1`) the view appears once, at the end: what is stored and compared
        is the finished deployment.

        Parameters
        ----------
        codedeploy
            A boto3 client for CodeDeploy.
        deployment_id
            The deployment's id.
        timeout
            How long to watch, in seconds.

        Raises
        ------
        ViewError
            There is no such deployment, or it has not ended in time.
        """
        deployment, targets = read_deployment(codedeploy, deployment_id)
        view = cls(deployment, targets)
        view.watched = True

        def over() -> bool:
            nonlocal deployment
            if not has_ended(deployment):
                deployment, targets = read_deployment(codedeploy, deployment_id)
                view._show(deployment, targets)
            return has_ended(deployment)

        late = f"The deployment has not ended after {duration(timeout)}: stop it with stop_deployment()."
        watch(view, over, timeout, late)

    def fallback(self) -> str:
        """The same view without JavaScript."""
        return html.fallback(html.Parts(**self.parts), self._run)

    def _show(self, deployment: Mapping[str, Any], targets: Sequence[Mapping[str, Any]]) -> None:
        self._run = rollout(deployment, targets)
        with self.hold_sync():  # a browser gets both at once
            self.parts = asdict(html.draw(self._run))
            self.replay = html.replay(self._run)
