"""The action that waits for somebody to approve, and how that somebody hears of it.

https://docs.aws.amazon.com/codepipeline/latest/userguide/approvals.html
"""

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from ...errors import aws_reason
from . import store
from .base import Action
from .provider import ActionError, Job, Outcome

if TYPE_CHECKING:
    from ...core import Cloud

MANUAL = ("Approval", "AWS", "Manual", "1")
_LIMIT = 100  # characters of a message's subject, as SNS takes them


class Manual(Action):
    """A person approves or rejects; the engine waits for that answer, between `notify` and the end."""

    def __init__(self, cloud: "Cloud") -> None:
        super().__init__(cloud, *MANUAL[::2])

    def run(self, job: Job) -> Outcome:
        """Refuse: there is no answer to be had without the engine's token."""
        raise ActionError("InternalError", "An approval is answered with PutApprovalResult.")

    def notify(self, job: Job, token: str, expires: datetime) -> None:
        """Tell the topic that the action names, if it names one, what waits for an answer.

        Parameters
        ----------
        job
            The action.
        token
            What the answer has to carry.
        expires
            When it is too late.

        Raises
        ------
        ActionError
            The topic is not there, or the role may not publish to it.
        """
        # rule: approval-notification
        topic = job.configuration.get("NotificationArn")
        if not topic:
            return
        subject = f"APPROVAL NEEDED: AWS CodePipeline {job.pipeline} for action {job.action}"[:_LIMIT]
        text = json.dumps(message(job, token, expires))
        try:
            job.client("sns").publish(TopicArn=topic, Subject=subject, Message=text)
        except (ClientError, BotoCoreError) as error:
            if store.code_of(error) in ("AuthorizationError", "AccessDenied", "AccessDeniedException"):
                raise store.lacking(f"the Amazon SNS topic {topic}", aws_reason(error)) from error
            raise ActionError(
                "ConfigurationError", f"The approval could not be told to {topic}. Error: {aws_reason(error)}"
            ) from error


def message(job: Job, token: str, expires: datetime) -> dict[str, Any]:
    """Return what a topic is told, in AWS's shape."""
    # rule: approval-message
    console = f"https://console.aws.amazon.com/codepipeline/home?region={job.region}#/view/{job.pipeline}"
    given = job.configuration
    return {
        "region": job.region,
        "consoleLink": console,
        "approval": {
            "pipelineName": job.pipeline,
            "stageName": job.stage,
            "actionName": job.action,
            "token": token,
            "expires": f"{expires:%Y-%m-%dT%H:%MZ}",
            "externalEntityLink": given.get("ExternalEntityLink"),
            "approvalReviewLink": f"{console}/{job.stage}/{job.action}/approve/{token}",
            "customData": given.get("CustomData"),
        },
    }
