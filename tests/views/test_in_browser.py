"""The view on a page, in a real browser."""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from cicdlab.views import BuildView

from . import answers


@pytest.fixture
def views() -> list[BuildView]:
    """A build of each sort."""
    running = answers.build("IN_PROGRESS", BUILD="IN_PROGRESS")
    stopped = answers.build("STOPPED", BUILD="STOPPED", POST_BUILD="", UPLOAD_ARTIFACTS="")
    return [
        BuildView(answers.build(), answers.events("packed")),
        BuildView(answers.failed(), answers.failed_log()),
        BuildView(running, answers.events("first")),
        BuildView(stopped),
    ]


def test_each_view_is_drawn_once_and_says_every_phase(
    page: Page, put_on_page: Callable[..., str], views: list[BuildView]
) -> None:
    page.goto(put_on_page(*views))
    expect(page.locator(".cicd-build")).to_have_count(len(views))
    expect(page.locator(".cicd-build .cicd-log")).to_have_count(len(views))
    failed = page.locator(".cicd-build").nth(1)
    row = failed.get_by_role("row", name="PRE_BUILD")
    assert row.inner_text().split() == ["PRE_BUILD", "✓", "Succeeded", "3", "s"]
    assert len(failed.get_by_role("rowheader").all()) == 11 + 3
    message = failed.locator("tr", has=page.get_by_role("rowheader", name="BUILD", exact=True)).locator("+ tr")
    expect(message).to_contain_text(answers.MESSAGE)
    expect(page.locator(".cicd-build").nth(3).get_by_role("row", name="POST_BUILD")).to_contain_text("Not run")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(page: Page, put_on_page: Callable[..., str], views: list[BuildView], theme: str) -> None:
    page.goto(put_on_page(*views, theme=theme))
    expect(page.locator(".cicd-log")).to_have_count(len(views))
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_the_failure_is_in_sight_and_the_keyboard_leads_to_it(page: Page, put_on_page: Callable[..., str]) -> None:
    page.goto(put_on_page(BuildView(answers.failed(), answers.failed_log())))
    line = page.locator(".cicd-failing")
    expect(line).to_be_in_viewport()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Go to the line that failed")).to_be_focused()
    page.keyboard.press("Tab")
    log = page.get_by_role("group", name="Log of Build 1 of orders")
    expect(log).to_be_focused()
    page.keyboard.press("Home")
    page.wait_for_function("document.activeElement.scrollTop === 0")  # Chromium glides there
    expect(line).not_to_be_in_viewport()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(line).to_be_focused()
    expect(line).to_be_in_viewport()


def test_a_log_without_a_failure_offers_no_way_to_one(page: Page, put_on_page: Callable[..., str]) -> None:
    page.goto(put_on_page(BuildView(answers.build(), answers.events("fine"))))
    expect(page.locator(".cicd-log")).to_have_text("fine")
    expect(page.get_by_role("button")).to_have_count(0)


def test_a_phone_scrolls_the_page_in_one_direction_only(
    page: Page, put_on_page: Callable[..., str], views: list[BuildView]
) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(put_on_page(*views))
    expect(page.locator(".cicd-log")).to_have_count(len(views))
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert page.locator(".cicd-bar").first.bounding_box()["width"] >= 3  # type: ignore[index]
    edge = page.locator(".cicd-build").first.bounding_box()
    last = page.locator(".cicd-bar").nth(10).bounding_box()
    assert edge and last and last["x"] + last["width"] <= edge["x"] + edge["width"]


def test_what_a_build_printed_is_text_on_the_page(page: Page, put_on_page: Callable[..., str]) -> None:
    evil = "</script><img src=x onerror=\"document.title='run'\">"
    page.goto(put_on_page(BuildView(answers.build() | {"projectName": evil}, answers.events(evil))))
    expect(page.locator(".cicd-log")).to_have_text(evil)
    assert page.locator("img").count() == 0
    assert page.title() == "Builds"


def test_without_javascript_table_and_log_are_there(browser: Browser, put_on_page: Callable[..., str]) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(put_on_page(BuildView(answers.failed(), answers.failed_log())))
    expect(page.get_by_role("table", name="Build 1 of orders: phases")).to_be_visible()
    expect(page.get_by_role("row", name="BUILD Failed 12 s", exact=True)).to_be_visible()
    expect(page.get_by_text(answers.FAILED_LINE)).to_be_hidden()
    page.get_by_text("Log", exact=True).click()
    expect(page.get_by_text(answers.FAILED_LINE)).to_be_visible()
    context.close()


def test_printed_the_whole_log_is_there(page: Page, put_on_page: Callable[..., str]) -> None:
    page.goto(put_on_page(BuildView(answers.failed(), answers.failed_log())))
    page.emulate_media(media="print")
    expect(page.get_by_role("button")).to_have_count(0)
    assert page.locator(".cicd-log").evaluate("log => log.scrollHeight <= log.clientHeight + 2")


def test_nothing_moves_for_readers_who_asked_for_that(page: Page, put_on_page: Callable[..., str]) -> None:
    page.goto(put_on_page(BuildView(answers.build("IN_PROGRESS", BUILD="IN_PROGRESS"))))
    bar = page.locator(".cicd-bar.cicd-active")
    expect(bar).to_have_css("animation-name", "cicd-running")
    page.emulate_media(reduced_motion="reduce")
    expect(bar).to_have_css("animation-name", "none")


RENDER = """async (states) => {
  const { default: view } = await import(new URL("build.js", location.href));
  const listeners = {};
  const model = { on: (event, call) => (listeners[event] = call), off() {}, get: (name) => states[0][name] };
  const el = document.body.appendChild(document.createElement("div"));
  view.render({ model, el });
  window.go = () => (states.shift(), listeners["change:parts"]());
}"""


def test_a_watched_view_follows_its_build_says_so_and_keeps_the_readers_place(
    page: Page, put_on_page: Callable[..., str]
) -> None:
    lines = [f"line {number}" for number in range(60)]
    steps = [
        BuildView(answers.build("IN_PROGRESS", INSTALL="IN_PROGRESS"), answers.events(*lines)),
        BuildView(answers.build("IN_PROGRESS", BUILD="IN_PROGRESS"), answers.events(*lines, "next")),
        BuildView(answers.failed(), answers.events(*lines, "next", *lines, answers.FAILED_LINE, *lines)),
    ]
    page.goto(put_on_page())
    page.evaluate(RENDER, [{"parts": dict(view.parts), "watched": True} for view in steps])
    status, log = page.get_by_role("status"), page.get_by_role("group", name="Log of Build 1 of orders")
    expect(status).to_have_text("Build 1 of orders is running: INSTALL.")
    expect(page.get_by_text("line 59")).to_be_in_viewport()
    log.focus()
    page.evaluate("go()")
    expect(status).to_have_text("Build 1 of orders is running: BUILD.")
    expect(page.get_by_text("next")).to_be_in_viewport()  # a log that is read at its end stays there
    expect(log).to_be_focused()
    page.evaluate("go()")
    expect(status).to_have_text("Build 1 of orders: failed after 29 s.")
    expect(page.locator(".cicd-failing")).to_be_in_viewport()
    expect(log).to_be_focused()
    expect(page.locator(".cicd-build")).to_have_count(1)
