"""How git reaches the repositories behind connections: who asks, and what changed.

They stand for a code host's, where AWS's policies say nothing; here the account's administrator reads and writes them.
"""

import re
from typing import TYPE_CHECKING, Any

from ..errors import ServiceError
from ..git import credentials, smart_http

if TYPE_CHECKING:
    from ..core import Cloud

PREFIX = "/git/connections/"
_PATH = re.compile(
    r"/git/connections/(?P<account>\d{12})/(?P<region>[a-z0-9-]+)/(?P<connection>[\w.-]+)"
    r"/(?P<repository>[\w.-]+/[\w.-]+?)(?:\.git)?/(?P<rest>info/refs|git-upload-pack|git-receive-pack)"
)


def answer(cloud: "Cloud", environ: dict[str, Any], authorization: str, secure: bool) -> smart_http.Answer:
    """Return git's answer to a request under ``/git/connections/``, or why there is none."""
    place = _PATH.fullmatch(environ["PATH_INFO"])
    wanted = place and smart_http.service(environ["REQUEST_METHOD"], place["rest"], environ.get("QUERY_STRING", ""))
    if not place or not wanted:
        return smart_http.refusal("404 Not Found", "There is no such repository here.")
    key = credentials.given(authorization)
    if not key:
        return smart_http.refusal("401 Unauthorized", "git needs credentials.", smart_http.SIGN_IN)
    try:
        caller = cloud.access.callers.identify(key[0], key[1]).principal
    except ServiceError as error:
        return smart_http.refusal("403 Forbidden", error.message)
    if secure and not credentials.is_signed(cloud.secret_of(key[0]), key, place["region"], environ):
        return smart_http.refusal("403 Forbidden", "The signature in git's password does not match.")
    if not caller.is_root or caller.account != place["account"]:
        return smart_http.refusal("403 Forbidden", "The code host lets in the account's administrator only.")
    service: Any = cloud.services["codeconnections"]
    connection = service.named(place["account"], place["region"], place["connection"])
    repository = service.repository(connection, place["repository"]) if connection else None
    if not repository:
        return smart_http.refusal("404 Not Found", f"The connection reaches no repository {place['repository']}.")
    answers: list[smart_http.Answer] = []
    job = lambda: answers.append(smart_http.answer(repository, environ, place["rest"], key[0]))  # noqa: E731
    if environ["REQUEST_METHOD"] == "POST" and wanted == smart_http.PUSH:
        service.pushed(connection, place["repository"], repository.changes(job))
    else:
        job()
    return answers[0]
