"""Pictures of what runs in the cloud, drawn from what boto3 returns."""

from cicdlab.views.build import BuildView
from cicdlab.views.decision import DecisionView
from cicdlab.views.deployment import DeploymentView
from cicdlab.views.pipeline import PipelineView
from cicdlab.views.reading import ViewError

__all__ = ["BuildView", "DecisionView", "DeploymentView", "PipelineView", "ViewError"]
