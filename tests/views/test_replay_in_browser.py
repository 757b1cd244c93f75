"""Replaying a recorded run on a page without a kernel."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from cicdlab.views import DeploymentView, PipelineView

from . import deployments, pipelines

LAST = 7  # the number of the failed deployment's last frame


@pytest.fixture
def replay(page: Page, put_on_page: Callable[..., str]) -> Page:
    """A page with a deployment that failed; time stands still until a test moves it."""
    page.clock.install()
    page.goto(put_on_page(DeploymentView(*deployments.failed())))
    expect(page.get_by_role("slider")).to_be_visible()
    return page


def slider(page: Page) -> Locator:
    return page.get_by_role("slider", name="Step of the run")


def states(page: Page) -> list[str]:
    """How the events of the first target stand."""
    return [text.split("\n")[1] for text in page.locator("tbody tr").first.locator("td").all_inner_texts()]


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def test_a_page_shows_the_finished_run_and_nothing_starts_by_itself(replay: Page) -> None:
    before = replay.locator(".cicd-mounted .cicd-deployment").inner_html()
    replay.clock.run_for(60_000)
    assert replay.locator(".cicd-mounted .cicd-deployment").inner_html() == before
    expect(slider(replay)).to_have_value(str(LAST))
    expect(replay.get_by_text("A recorded run: play it, or go through its 8 steps.")).to_be_visible()


def test_steps_lead_back_and_forward_through_the_run(replay: Page) -> None:
    button(replay, "Step back").click()
    assert states(replay)[5:] == ["Failed", "Skipped"]
    expect(slider(replay)).to_have_value(str(LAST - 1))
    for _ in range(4):
        button(replay, "Step back").click()
    assert states(replay) == ["Succeeded", "Succeeded", "In progress", *["Pending"] * 4]
    expect(replay.get_by_text("DownloadBundle succeeds on")).to_have_text(
        "DownloadBundle succeeds on i-00000000000000000; BeforeInstall begins on i-00000000000000000."
    )
    expect(replay.locator(".cicd-overview")).to_have_text("2 pending · 1 in progress")
    expect(replay.locator(".cicd-title")).to_contain_text("In progress")
    expect(replay.locator(".cicd-error")).to_be_hidden()
    button(replay, "Step forward").click()
    assert states(replay)[2:4] == ["Succeeded", "In progress"]


def test_the_end_of_a_replay_is_what_was_drawn_at_first(replay: Page) -> None:
    drawn = replay.locator(".cicd-mounted .cicd-scroll").inner_html()
    for _ in range(LAST):
        button(replay, "Step back").click()
    replay.keyboard.press("Enter")
    assert states(replay) == ["In progress", *["Pending"] * 6]
    expect(slider(replay)).to_have_value("0")
    for _ in range(LAST):
        button(replay, "Step forward").click()
    replay.keyboard.press("Enter")
    expect(slider(replay)).to_have_value(str(LAST))
    assert replay.locator(".cicd-mounted .cicd-scroll").inner_html() == drawn
    expect(replay.locator(".cicd-error")).to_be_visible()
    expect(replay.locator(".cicd-overview")).to_have_text("1 failed · 2 skipped")


def test_a_run_plays_from_its_beginning_to_its_end_and_can_be_paused(replay: Page) -> None:
    button(replay, "Play").click()
    expect(slider(replay)).to_have_value("0")
    said = replay.locator(".cicd-said")
    expect(said).to_have_attribute("aria-live", "off")
    replay.clock.run_for(2_500)
    expect(slider(replay)).to_have_value("2")
    button(replay, "Pause").click()
    expect(said).to_have_attribute("aria-live", "polite")
    replay.clock.run_for(10_000)
    expect(slider(replay)).to_have_value("2")
    button(replay, "Play").click()
    replay.clock.run_for(30_000)
    expect(slider(replay)).to_have_value(str(LAST))
    expect(button(replay, "Play")).to_be_visible()
    assert states(replay)[5] == "Failed"


def test_a_step_by_hand_pauses_what_plays(replay: Page) -> None:
    button(replay, "Play").click()
    replay.clock.run_for(2_500)
    button(replay, "Step back").click()
    replay.clock.run_for(10_000)
    expect(slider(replay)).to_have_value("1")


def test_the_keyboard_is_enough(replay: Page) -> None:
    replay.keyboard.press("Tab")
    expect(button(replay, "Step back")).to_be_focused()
    replay.keyboard.press("Enter")
    expect(slider(replay)).to_have_value(str(LAST - 1))
    replay.keyboard.press("Tab")
    expect(button(replay, "Play")).to_be_focused()
    replay.keyboard.press("Space")
    expect(button(replay, "Pause")).to_be_focused()
    replay.keyboard.press("Space")
    expect(button(replay, "Play")).to_be_focused()
    replay.keyboard.press("Tab")
    expect(button(replay, "Step forward")).to_be_focused()
    replay.keyboard.press("Tab")
    expect(slider(replay)).to_be_focused()
    replay.keyboard.press("Home")
    expect(slider(replay)).to_have_value("0")
    expect(slider(replay)).to_have_attribute("aria-valuetext", "1 of 8, after 0 s")
    replay.keyboard.press("ArrowRight")
    assert states(replay)[:2] == ["Succeeded", "In progress"]
    assert replay.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_a_button_that_cannot_lead_further_keeps_the_focus(replay: Page) -> None:
    forward = button(replay, "Step forward")
    expect(forward).to_have_attribute("aria-disabled", "true")
    forward.focus()
    replay.keyboard.press("Enter")
    expect(forward).to_be_focused()
    expect(slider(replay)).to_have_value(str(LAST))


def test_the_chosen_cell_tells_only_what_is_known_at_the_step(replay: Page) -> None:
    panel = replay.get_by_role("group", name="The chosen cell")
    expect(panel).to_contain_text("ScriptFailed")
    button(replay, "Step back").click()
    button(replay, "Step back").click()
    expect(panel).to_contain_text("ApplicationStart on i-00000000000000000 ▸ In progress")
    expect(panel).not_to_contain_text("ScriptFailed")
    expect(panel.locator("pre")).to_be_hidden()
    button(replay, "Step forward").click()
    expect(panel).to_contain_text("ScriptFailed")
    expect(panel.locator("pre")).to_be_visible()


def test_nothing_moves_for_readers_who_asked_for_that(page: Page, put_on_page: Callable[..., str]) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.clock.install()
    page.goto(put_on_page(DeploymentView(*deployments.failed()), PipelineView(*pipelines.succeeded())))
    expect(slider(page)).to_have_count(2)
    page.clock.run_for(60_000)
    expect(slider(page).first).to_have_value(str(LAST))
    moving = """[...document.querySelectorAll('.cicd *')].filter((each) => {
      const { transitionDuration, animationName } = getComputedStyle(each);
      return animationName !== 'none' || transitionDuration.split(', ').some((time) => time !== '0s');
    }).length"""
    button(page, "Step back").first.click()
    assert page.evaluate(moving) == 0
    page.emulate_media(reduced_motion="no-preference")
    assert page.evaluate(moving) > 0


def test_two_replays_on_a_page_do_not_disturb_each_other(page: Page, put_on_page: Callable[..., str]) -> None:
    page.goto(put_on_page(DeploymentView(*deployments.failed()), DeploymentView(*deployments.succeeded())))
    expect(slider(page)).to_have_count(2)
    button(page, "Step back").first.click()
    expect(slider(page).first).to_have_value(str(LAST - 1))
    expect(slider(page).nth(1)).to_have_value("21")
    assert "Pending" not in page.locator(".cicd-deployment").nth(1).inner_text()


def test_a_pipeline_is_replayed_with_what_each_action_left_behind(page: Page, put_on_page: Callable[..., str]) -> None:
    page.goto(put_on_page(PipelineView(*pipelines.succeeded())))
    deploy = page.get_by_role("group", name="Action Deploy")
    expect(deploy).to_contain_text("d-A1B2C3D4E")
    slider(page).focus()
    page.keyboard.press("Home")
    expect(deploy).to_contain_text("Not run")
    expect(deploy.get_by_text("d-A1B2C3D4E")).to_be_hidden()
    release = page.get_by_role("group", name="Action Release")
    while "Waiting for approval" not in release.inner_text():
        page.keyboard.press("ArrowRight")
    expect(page.locator(".cicd-said")).to_have_text("Approve begins; Release waits for an approval.")
    page.keyboard.press("End")
    expect(release).to_contain_text("Succeeded")
    expect(deploy.get_by_text("d-A1B2C3D4E")).to_be_visible()


def test_what_still_runs_offers_no_replay(page: Page, put_on_page: Callable[..., str]) -> None:
    page.goto(put_on_page(DeploymentView(*deployments.running()), PipelineView(*pipelines.running())))
    expect(page.locator(".cicd-mounted")).to_have_count(2)
    expect(page.get_by_role("slider")).to_have_count(0)
    expect(page.get_by_role("button")).to_have_count(0)
