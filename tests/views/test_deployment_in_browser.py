"""The deployment view on a page, in a real browser."""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from cicdlab.views import DeploymentView

from . import deployments

NAME = f"Deployment {deployments.ID}: lifecycle events"


@pytest.fixture
def views() -> list[DeploymentView]:
    """A deployment of each sort."""
    made = [deployments.succeeded(), deployments.failed(), deployments.running()]
    return [*(DeploymentView(*each) for each in made), DeploymentView(deployments.deployment("Created"))]


@pytest.fixture
def failed(page: Page, put_on_page: Callable[..., str]) -> Page:
    """The deployment that failed, on a page of its own."""
    page.goto(put_on_page(DeploymentView(*deployments.failed())))
    expect(page.get_by_role("grid", name=NAME)).to_be_visible()
    return page


def cell(page: Page, row: int, event: str) -> Locator:
    column = deployments.EVENTS.index(event)
    return page.locator("tbody tr").nth(row).get_by_role("gridcell").nth(column)


def test_each_view_is_drawn_once_and_says_every_event(
    page: Page, put_on_page: Callable[..., str], views: list[DeploymentView]
) -> None:
    page.goto(put_on_page(*views))
    expect(page.locator(".cicd-mounted .cicd-deployment")).to_have_count(len(views))
    expect(page.locator(".cicd-deployment")).to_have_count(len(views))
    second = page.locator(".cicd-deployment").nth(1)
    expect(second.get_by_role("columnheader")).to_have_text(["Target", *deployments.EVENTS])
    row = second.get_by_role("row", name="i-00000000000000000")
    assert row.get_by_role("gridcell").all_inner_texts() == [*["✓\nSucceeded"] * 5, "✗\nFailed", "–\nSkipped"]
    assert "It reached no" not in page.locator(".cicd-deployment").last.inner_text()


def test_the_first_failure_is_chosen_and_in_sight(failed: Page) -> None:
    panel = failed.get_by_role("group", name="The chosen cell")
    expect(panel).to_contain_text("ApplicationStart on i-00000000000000000 ✗ Failed")
    expect(panel).to_contain_text("ScriptFailed")
    expect(panel).to_contain_text("scripts/start_server.sh")
    expect(panel).to_contain_text(deployments.ERROR)
    expect(panel.get_by_role("group", name="Log: ApplicationStart on")).to_contain_text("[stdout]line 2")
    expect(cell(failed, 0, "ApplicationStart")).to_have_attribute("aria-selected", "true")
    expect(failed.get_by_role("gridcell", selected=True)).to_have_count(1)


def test_a_click_chooses_a_cell(failed: Page) -> None:
    cell(failed, 0, "AfterInstall").click()
    panel = failed.get_by_role("group", name="The chosen cell")
    expect(panel).to_contain_text("AfterInstall on i-00000000000000000 ✓ Succeeded")
    expect(panel).to_contain_text("scripts/change_permissions.sh")
    expect(panel).to_contain_text("Began at 09:00:08 UTC · took 2 s")
    cell(failed, 1, "Install").click()
    expect(panel).to_contain_text("Install on i-00000000000000001 – Skipped")
    expect(panel).to_contain_text("CodeDeploy says nothing more of it.")
    expect(panel.locator("pre")).to_be_hidden()


def test_the_arrow_keys_walk_through_the_grid_and_stop_at_its_edges(failed: Page) -> None:
    chosen = cell(failed, 0, "ApplicationStart")
    chosen.focus()
    for key, (row, event) in {
        "ArrowRight": (0, "ValidateService"),
        "ArrowDown": (1, "ValidateService"),
        "ArrowLeft": (1, "ApplicationStart"),
        "Home": (1, "ApplicationStop"),
        "ArrowUp": (0, "ApplicationStop"),
        "Control+End": (2, "ValidateService"),
        "Control+Home": (0, "ApplicationStop"),
        "End": (0, "ValidateService"),
    }.items():
        failed.keyboard.press(key)
        expect(cell(failed, row, event)).to_be_focused()
        expect(cell(failed, row, event)).to_have_attribute("aria-selected", "true")
        expect(failed.get_by_role("group", name="The chosen cell")).to_contain_text(event)
    failed.keyboard.press("ArrowRight")
    expect(cell(failed, 0, "ValidateService")).to_be_focused()
    failed.keyboard.press("ArrowUp")
    expect(cell(failed, 0, "ValidateService")).to_be_focused()


def test_the_grid_is_one_stop_of_the_tab_key_and_the_log_is_the_next(failed: Page) -> None:
    failed.get_by_role("slider").focus()
    failed.keyboard.press("Tab")
    expect(cell(failed, 0, "ApplicationStart")).to_be_focused()
    outline = failed.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    failed.keyboard.press("Tab")
    expect(failed.get_by_role("group", name="Log: ApplicationStart on")).to_be_focused()


def test_a_screen_reader_hears_the_cell_its_headers_and_what_the_event_says(failed: Page) -> None:
    chosen = cell(failed, 0, "ApplicationStart")
    described = chosen.get_attribute("aria-describedby")
    said = failed.locator(f"#{described}").inner_text()
    assert "ScriptFailed" in said and deployments.ERROR in said and "[stdout]" not in said
    assert chosen.inner_text() == "✗\nFailed"
    assert failed.locator("thead th[scope=col]").count() == 8
    expect(failed.get_by_role("rowheader").first).to_contain_text("i-00000000000000000")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(
    page: Page, put_on_page: Callable[..., str], views: list[DeploymentView], theme: str
) -> None:
    page.goto(put_on_page(*views, theme=theme))
    expect(page.locator(".cicd-mounted .cicd-deployment")).to_have_count(len(views))
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.get_by_role("button", name="Step back").first.click()
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("scripts", [True, False])
def test_a_phone_shows_the_whole_grid(
    browser: Browser, put_on_page: Callable[..., str], views: list[DeploymentView], scripts: bool
) -> None:
    phone = browser.new_page(java_script_enabled=scripts, viewport={"width": 360, "height": 800})
    phone.goto(put_on_page(*views))
    expect(phone.locator(".cicd-mounted .cicd-deployment")).to_have_count(len(views) * scripts)
    assert phone.evaluate("document.documentElement.scrollWidth") == 360
    wide = "regions => regions.filter((region) => region.scrollWidth > region.clientWidth).length"
    assert phone.locator(".cicd-scroll").evaluate_all(wide) == 0
    small = "cells => cells.filter((cell) => cell.clientWidth < 24 || cell.clientHeight < 24).length"
    assert phone.locator("tbody td").evaluate_all(small) == 0, "cells are large enough for a finger"
    phone.close()


def test_a_grid_that_is_wider_than_a_phone_scrolls_and_the_page_does_not(
    page: Page, put_on_page: Callable[..., str]
) -> None:
    """A load balancer doubles the events."""
    target = deployments.target(0)
    target["instanceTarget"]["lifecycleEvents"] += [
        deployments.event(name, "Failed" if name == "AfterAllowTraffic" else "Succeeded", deployments.START)
        for name in deployments.TRAFFIC
    ]
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto(put_on_page(DeploymentView(deployments.deployment("Failed"), [target])))
    chosen = page.get_by_role("gridcell", selected=True)
    expect(chosen).to_have_text("✗ Failed")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    region = page.locator(".cicd-scroll")
    assert region.evaluate("region => region.scrollWidth > region.clientWidth")
    box, edge, name = chosen.bounding_box(), region.bounding_box(), page.get_by_role("rowheader").bounding_box()
    assert box and edge and name
    assert name["x"] + name["width"] <= box["x"] and box["x"] + box["width"] <= edge["x"] + edge["width"] + 1


def test_what_a_script_printed_is_text_on_the_page(page: Page, put_on_page: Callable[..., str]) -> None:
    evil = "</script><img src=x onerror=\"document.title='run'\">"
    target = deployments.target(0, fails="Install", log=evil)
    body = target["instanceTarget"]
    body["targetId"] = evil
    body["lifecycleEvents"].append(deployments.event(evil, "Failed", deployments.START, evil))
    body["lifecycleEvents"][3]["diagnostics"] = {
        "message": evil,
        "scriptName": evil,
        "errorCode": evil,
        "logTail": evil,
    }
    record = deployments.deployment("Failed", applicationName=evil, errorInformation={"code": evil, "message": evil})
    page.goto(put_on_page(DeploymentView(record | {"deploymentId": evil, "description": evil}, [target])))
    expect(page.locator(".cicd-detail pre")).to_have_text(evil)
    page.get_by_role("button", name="Step back").click()
    cell(page, 0, "Install").click()
    assert page.locator("img").count() == 0
    assert page.title() == "Builds"


def test_without_javascript_the_table_is_there(browser: Browser, put_on_page: Callable[..., str]) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 800})
    page = context.new_page()
    page.goto(put_on_page(DeploymentView(*deployments.failed())))
    expect(page.get_by_role("table", name=NAME)).to_be_visible()
    expect(page.get_by_role("row", name="i-00000000000000001")).to_contain_text("Skipped")
    expect(page.get_by_role("group", name=NAME)).to_have_attribute("tabindex", "0")
    expect(page.get_by_text(deployments.ERROR)).to_be_hidden()
    page.get_by_text("What the events say").click()
    expect(page.get_by_text(deployments.ERROR)).to_be_visible()
    context.close()


def test_printed_no_controls_and_the_whole_log(failed: Page) -> None:
    failed.emulate_media(media="print")
    expect(failed.get_by_role("button")).to_have_count(0)
    expect(failed.get_by_role("slider")).to_have_count(0)
    assert failed.locator(".cicd-detail pre").evaluate("log => log.scrollHeight <= log.clientHeight + 2")


RENDER = """async (states) => {
  const { default: view } = await import(new URL("deployment.js", location.href));
  const listeners = {};
  const model = { on: (event, call) => (listeners[event] = call), off() {}, get: (name) => states[0][name] };
  const el = document.querySelector("main").appendChild(document.createElement("div"));
  window.end = view.render({ model, el });
  window.go = () => (states.shift(), listeners["change:parts"](), listeners["change:replay"]());
}"""


def test_a_watched_view_follows_its_deployment_says_so_and_keeps_the_readers_place(
    page: Page, put_on_page: Callable[..., str]
) -> None:
    steps = [
        DeploymentView(deployments.deployment("Created")),
        DeploymentView(*deployments.running()),
        DeploymentView(*deployments.succeeded()),
    ]
    page.goto(put_on_page())
    page.evaluate(RENDER, [{"parts": dict(v.parts), "replay": dict(v.replay), "watched": True} for v in steps])
    status = page.get_by_role("status")
    expect(status).to_have_text("Deployment d-A1B2C3D4E is created.")
    expect(page.get_by_role("group", name="The chosen cell")).to_be_hidden()
    page.evaluate("go()")
    expect(status).to_have_text("Deployment d-A1B2C3D4E is in progress: 1 of 3 targets done.")
    expect(page.get_by_role("slider")).to_have_count(0)
    cell(page, 1, "Install").click()
    page.evaluate("go()")
    expect(status).to_have_text("Deployment d-A1B2C3D4E: succeeded after 42 s.")
    expect(cell(page, 1, "Install")).to_be_focused()
    expect(page.get_by_role("slider")).to_be_visible()
    expect(page.locator(".cicd-deployment")).to_have_count(1)
    page.evaluate("end()")
