"""How git reaches CodeCommit's repositories: who asks, may they, and what changed.

https://docs.aws.amazon.com/codecommit/latest/userguide/auth-and-access-control-permissions-reference.html
"""

import re
from typing import TYPE_CHECKING, Any

from ..errors import ServiceError
from ..git import credentials, smart_http
from ..identity.actions import ApiCall

if TYPE_CHECKING:
    from ..core import Cloud

PATH = re.compile(r"/git/(?P<account>\d{12})/(?P<region>[a-z0-9-]+)/v1/repos/(?P<name>[\w.-]+?)(?:\.git)?/(?P<rest>.*)")
_OPERATIONS = {smart_http.PULL: "GitPull", smart_http.PUSH: "GitPush"}


def answer(cloud: "Cloud", environ: dict[str, Any], authorization: str, secure: bool) -> smart_http.Answer:
    """Return git's answer to a request under ``/git/``, or why there is none."""
    place = PATH.fullmatch(environ["PATH_INFO"])
    wanted = place and smart_http.service(environ["REQUEST_METHOD"], place["rest"], environ.get("QUERY_STRING", ""))
    if not place or not wanted:
        return smart_http.refusal("404 Not Found", "There is no such repository here.")
    key = credentials.given(authorization)
    if not key:
        # rule: git-needs-credentials
        return smart_http.refusal("401 Unauthorized", "git needs credentials.", smart_http.SIGN_IN)
    account, region, name = place["account"], place["region"], place["name"]
    try:
        caller = cloud.access.callers.identify(key[0], key[1])
        if secure and not credentials.is_signed(cloud.secret_of(key[0]), key, region, environ):
            return smart_http.refusal("403 Forbidden", "The signature in git's password does not match.")
        # rule: git-pull-permission, git-push-permission
        members = {"repositoryName": name, "accountId": account}
        call = ApiCall("codecommit", _OPERATIONS[wanted], members, region, caller.principal)
        cloud.access.enforcement.check(call, caller)
        if caller.principal.account != account:
            raise ServiceError("AccessDeniedException", "A repository answers to its own account only.", 403)
    except ServiceError as error:
        return smart_http.refusal("403 Forbidden", error.message)
    service: Any = cloud.services["codecommit"]
    repository = service.find(account, region, name)
    if not repository:
        return smart_http.refusal("404 Not Found", f"{name} does not exist")
    answers: list[smart_http.Answer] = []
    job = lambda: answers.append(smart_http.answer(repository, environ, place["rest"], key[0]))  # noqa: E731
    if environ["REQUEST_METHOD"] == "POST" and wanted == smart_http.PUSH:
        service.pushed(account, region, name, caller.principal.arn, repository.changes(job))
    else:
        job()
    return answers[0]
