"""The pipeline view on a page, in a real browser."""

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from cicdlab.views import PipelineView

from . import pipelines

NEEDS_NOTEBOOK = "Approving or rejecting needs the notebook: run this cell in JupyterLab."


@pytest.fixture
def views() -> list[PipelineView]:
    """A pipeline of each sort."""
    made = [pipelines.succeeded(), pipelines.failed(), pipelines.waiting(), pipelines.running()]
    return [*(PipelineView(*each) for each in made), PipelineView(pipelines.pipeline(), {"stageStates": []})]


def test_each_view_is_drawn_once_with_its_stages_in_order(
    page: Page, put_on_page: Callable[..., str], views: list[PipelineView]
) -> None:
    page.goto(put_on_page(*views))
    expect(page.locator(".cicd-mounted .cicd-pipeline")).to_have_count(len(views))
    expect(page.locator(".cicd-pipeline")).to_have_count(len(views))
    first = page.locator(".cicd-pipeline").first
    stages = first.get_by_role("list", name="Stages of orders-pipeline").get_by_role("listitem")
    expect(stages).to_have_count(4)
    assert [text.split("\n")[0] for text in first.locator(".cicd-stage").all_inner_texts()] == [
        "Source",
        "Build",
        "Approve",
        "Deploy",
    ]
    test = page.locator(".cicd-pipeline").nth(1).get_by_role("group", name="Action Test")
    for said in ("CodeBuild", "✗ Failed", pipelines.ERROR, "orders-test:1a"):
        expect(test).to_contain_text(said)


def test_a_page_says_that_approving_needs_the_notebook(page: Page, put_on_page: Callable[..., str]) -> None:
    page.goto(put_on_page(PipelineView(*pipelines.waiting())))
    expect(page.get_by_role("group", name="Action Release")).to_contain_text(NEEDS_NOTEBOOK)
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)
    page.get_by_role("button", name="Step back").click()
    expect(page.get_by_text(NEEDS_NOTEBOOK)).to_be_hidden()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(page: Page, put_on_page: Callable[..., str], views: list[PipelineView], theme: str) -> None:
    page.goto(put_on_page(*views, theme=theme))
    expect(page.locator(".cicd-mounted .cicd-pipeline")).to_have_count(len(views))
    page.evaluate(RENDER, [[state(PipelineView(*pipelines.waiting()))]])
    expect(page.get_by_role("button", name="Approve Release")).to_be_visible()
    page.get_by_role("button", name="Step back").first.click()
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_a_phone_scrolls_the_page_in_one_direction_only(
    page: Page, put_on_page: Callable[..., str], views: list[PipelineView]
) -> None:
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto(put_on_page(*views))
    expect(page.locator(".cicd-mounted .cicd-pipeline")).to_have_count(len(views))
    page.evaluate(RENDER, [[state(PipelineView(*pipelines.waiting()))]])
    expect(page.get_by_role("button", name="Reject Release")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_what_others_wrote_is_text_on_the_page(page: Page, put_on_page: Callable[..., str]) -> None:
    evil = "</script><img src=x onerror=\"document.title='run'\">"
    pipeline, now, execution, details = pipelines.waiting()
    pipeline["name"] = evil
    pipeline["stages"][0]["name"] = now["stageStates"][0]["stageName"] = evil
    source = pipeline["stages"][0]["actions"][0]
    source["name"] = now["stageStates"][0]["actionStates"][0]["actionName"] = evil
    source["actionTypeId"]["provider"] = evil
    pipeline["stages"][2]["actions"][0]["configuration"] = {"CustomData": evil}
    now["stageStates"][3]["inboundTransitionState"]["disabledReason"] = evil
    execution |= {"sourceRevisions": [{"actionName": evil, "revisionId": pipelines.COMMIT, "revisionSummary": evil}]}
    execution |= {"trigger": {"triggerType": evil, "triggerDetail": evil}, "statusSummary": evil}
    latest = now["stageStates"][1]["actionStates"][0]["latestExecution"]
    latest |= {"errorDetails": {"code": evil, "message": evil}, "externalExecutionId": evil, "summary": evil}
    for detail in details:
        detail["stageName"] = evil if detail["stageName"] == "Source" else detail["stageName"]
        detail["actionName"] = evil if detail["actionName"] == "Source" else detail["actionName"]
    page.goto(put_on_page(PipelineView(pipeline, now, execution, details)))
    expect(page.locator(".cicd-mounted .cicd-title")).to_contain_text(evil)
    page.get_by_role("slider").focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".cicd-said")).to_contain_text(evil)
    assert page.locator("img").count() == 0
    assert page.title() == "Builds"


def test_without_javascript_the_table_is_there(browser: Browser, put_on_page: Callable[..., str]) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 800})
    page = context.new_page()
    page.goto(put_on_page(PipelineView(*pipelines.waiting())))
    expect(page.get_by_text("needs the notebook")).to_be_visible()
    page.get_by_text("Stages and actions", exact=True).first.click()
    expect(page.get_by_role("table", name="Pipeline orders-pipeline: stages and actions")).to_be_visible()
    expect(page.get_by_role("row", name="Release")).to_contain_text("Waiting for approval")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert page.locator(".cicd-scroll").evaluate("region => region.scrollWidth <= region.clientWidth")
    context.close()


RENDER = """async ([states]) => {
  const { default: view } = await import(new URL("pipeline.js", location.href));
  const listeners = {};
  window.sent = [];
  const model = {
    on: (event, call) => (listeners[event] = call),
    off() {},
    get: (name) => states[0][name],
    send: (content) => window.sent.push(content),
  };
  const el = document.querySelector("main").appendChild(document.createElement("div"));
  view.render({ model, el });
  window.change = (name) => listeners[`change:${name}`]();
  window.answer = (notice) => ((states[0].notice = notice), change("notice"));
  window.go = () => (states.shift(), change("parts"), change("replay"));
}"""


def state(view: PipelineView) -> dict[str, Any]:
    return {"parts": dict(view.parts), "replay": dict(view.replay), "watched": True, "notice": ""}


@pytest.fixture
def asked(page: Page, put_on_page: Callable[..., str]) -> Page:
    """A view beside a kernel that has not answered yet; next, a transition is opened; then the pipeline has ended."""
    page.goto(put_on_page())
    opened = pipelines.waiting()
    opened[1]["stageStates"][3]["inboundTransitionState"] = {"enabled": True}
    views = [PipelineView(*each) for each in (pipelines.waiting(), opened, pipelines.succeeded())]
    page.evaluate(RENDER, [[state(view) for view in views]])
    return page


def test_a_reader_approves_with_the_mouse(asked: Page) -> None:
    asked.get_by_role("textbox", name="Comment").fill("Looks good.")
    asked.get_by_role("button", name="Approve Release").click()
    sent = {"kind": "approval", "stage": "Approve", "action": "Release", "comment": "Looks good."}
    assert asked.evaluate("sent") == [sent | {"status": "Approved"}]
    expect(asked.get_by_text("Sent. The notebook answers as soon as it is free.")).to_be_visible()
    asked.get_by_role("button", name="Approve Release").click(force=True)
    assert asked.evaluate("sent.length") == 1, "an answer is sent once"


def test_a_reader_rejects_with_the_keyboard(asked: Page) -> None:
    asked.get_by_role("textbox", name="Comment").focus()
    asked.keyboard.type("Not on a Friday")
    asked.keyboard.press("Tab")
    expect(asked.get_by_role("button", name="Approve Release")).to_be_focused()
    assert asked.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    asked.keyboard.press("Tab")
    asked.keyboard.press("Enter")
    [sent] = asked.evaluate("sent")
    assert (sent["status"], sent["comment"]) == ("Rejected", "Not on a Friday")


def test_enter_in_the_comment_approves(asked: Page) -> None:
    asked.get_by_role("textbox", name="Comment").press("Enter")
    [sent] = asked.evaluate("sent")
    assert (sent["status"], sent["comment"]) == ("Approved", "")


def test_an_error_is_shown_and_the_reader_can_try_again(asked: Page) -> None:
    asked.get_by_role("textbox", name="Comment").fill("Fine.")
    asked.get_by_role("button", name="Approve Release").click()
    asked.evaluate("answer('CodePipeline refuses: no.')")
    expect(asked.get_by_role("status").filter(has_text="CodePipeline refuses: no.")).to_be_visible()
    expect(asked.get_by_role("textbox", name="Comment")).to_have_value("Fine.")
    asked.get_by_role("button", name="Approve Release").click()
    assert asked.evaluate("sent.length") == 2


def test_after_the_answer_the_form_is_gone_and_the_focus_is_at_the_result(asked: Page) -> None:
    asked.get_by_role("textbox", name="Comment").press("Enter")
    asked.evaluate("answer('Approved: Release in stage Approve.')")
    asked.evaluate("(go(), go())")
    expect(asked.get_by_role("textbox")).to_have_count(0)
    expect(asked.get_by_role("group", name="Action Deploy")).to_contain_text("Succeeded")
    result = asked.get_by_role("status").filter(has_text="Approved: Release in stage Approve.")
    expect(result).to_be_focused()
    expect(asked.locator(".cicd-unseen[role=status]")).to_have_text(
        "Execution 7a1b2c3d of pipeline orders-pipeline: succeeded."
    )


def test_what_was_typed_outlives_a_change_elsewhere(asked: Page) -> None:
    comment = asked.get_by_role("textbox", name="Comment")
    comment.fill("Half a sen")
    expect(asked.get_by_text("Transition disabled")).to_be_visible()
    asked.evaluate("go()")
    expect(asked.get_by_text("Transition disabled")).to_have_count(0)
    expect(comment).to_have_value("Half a sen")
    expect(comment).to_be_focused()
