"""The links to the project's own repository: there only when a deployment says where that is."""

from __future__ import annotations

import os

from sphinx.application import Sphinx
from sphinx.config import Config

URL = "CICDLAB_REPOSITORY_URL"
BRANCH = "CICDLAB_REPOSITORY_BRANCH"


def link(app: Sphinx, config: Config) -> None:
    """Show the repository, edit and issue buttons if CICDLAB_REPOSITORY_URL is set, else none of them."""
    url = os.environ.get(URL, "")
    config["html_theme_options"].update(
        repository_url=url,
        repository_branch=os.environ.get(BRANCH, "main"),
        path_to_docs="",
        use_repository_button=bool(url),
        use_edit_page_button=bool(url),
        use_issues_button=bool(url),
    )
