"""Real runs in a real JupyterLab: followed while the cell runs, approved, and kept in the notebook."""

import pytest
from playwright.sync_api import expect

from ..cloud.codedeploy.conftest import BUCKET, DEPLOYER, WAIT, bundle
from ..cloud.codedeploy.conftest import Bench as DeploymentBench
from ..cloud.codepipeline.bench import Bench as PipelineBench
from ..cloud.codepipeline.bench import approval, site, source, stage
from ..goods import make_role
from ..waiting import wait_until
from .jupyterlab import jupyterlab, run

CELL = """import boto3
from cicdlab.views import {view}
where = dict(endpoint_url={endpoint!r}, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
{view}.watch(boto3.client({service!r}, **where), {id!r})
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    with jupyterlab(tmp_path_factory.mktemp("lab")) as lab:
        yield lab


@pytest.fixture
def page(browser):
    context = browser.new_context(viewport={"width": 1280, "height": 1400})
    context.set_default_timeout(60_000)
    yield context.new_page()
    context.close()


def save(page, lab, name, words):
    """Save the notebook, and wait until what it keeps without a kernel says this."""
    page.locator('[data-jp-item-name="save"]').click()
    wait_until(lambda: words in (lab.folder / name).read_text(), f"{name} keeps {words!r}")


def test_a_deployment_is_followed_while_the_cell_runs_and_kept(cloud, lab, page):
    fleet = DeploymentBench(cloud)
    fleet.role = make_role(fleet.client("iam"), "deployer", DEPLOYER)
    fleet.client("s3").create_bucket(Bucket=BUCKET)
    fleet.application()
    fleet.profile()
    [instance] = fleet.launch()
    fleet.group()
    deployment = fleet.start(fleet.put(bundle(AfterInstall=WAIT)))
    fleet.waits(instance)
    lab.add(
        "deploy.ipynb", CELL.format(view="DeploymentView", service="codedeploy", endpoint=cloud.endpoint, id=deployment)
    )
    lab.open(page, "deploy.ipynb")
    run(page, until="\\*")
    event = page.get_by_role("grid").get_by_role("gridcell").nth(4)
    expect(event).to_contain_text("In progress")
    expect(page.get_by_role("slider")).to_have_count(0)

    fleet.let_go(instance)
    expect(event).to_contain_text("Succeeded")
    expect(page.locator(".cicd-deployment .cicd-title")).to_contain_text("Succeeded")
    expect(page.get_by_role("slider")).to_be_visible()
    page.get_by_text("| Idle").wait_for()
    assert page.locator(".cicd-deployment").count() == 1
    event.focus()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("group", name="The chosen cell")).to_contain_text("Install on")
    save(page, lab, "deploy.ipynb", f"Deployment {deployment}: succeeded after")


def test_an_approval_is_given_by_keyboard_and_the_pipeline_followed_to_its_end(cloud, lab, page):
    line = PipelineBench(cloud)
    line.prepare()
    line.create(stage("Source", source()), stage("Approve", approval()), stage("Deploy", site()))
    line.token()
    lab.add("pipe.ipynb", CELL.format(view="PipelineView", service="codepipeline", endpoint=cloud.endpoint, id="pipe"))
    lab.open(page, "pipe.ipynb")
    run(page)
    view = page.locator(".cicd-pipeline")
    comment = view.get_by_role("textbox", name="Comment")
    comment.focus()
    page.keyboard.type("dd xx looks good")  # JupyterLab's own keys for cells do nothing here
    page.keyboard.press("Tab")
    expect(view.get_by_role("button", name="Approve Ask")).to_be_focused()
    page.keyboard.press("Enter")
    expect(view.get_by_role("status").filter(has_text="Approved: Ask in stage Approve.")).to_be_visible()
    expect(view.get_by_role("group", name="Action Publish")).to_contain_text("Succeeded")
    expect(view.locator(".cicd-title")).to_contain_text("Succeeded")
    expect(view.get_by_text("dd xx looks good")).to_be_visible()
    assert line.body("site", "index.html") == b"hello"
    assert page.locator(".jp-Notebook .jp-CodeCell").count() == 1
    save(page, lab, "pipe.ipynb", "pipeline pipe: succeeded.")
