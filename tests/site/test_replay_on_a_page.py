"""A recorded run in the built website, which reaches no other host."""

import pytest
from playwright.sync_api import expect

PAGE = "chapters/sample/runs.html"


def test_a_recorded_deployment_plays_without_kernel_or_network(sample, read):
    reader = read(sample)
    page = reader.open(PAGE)
    view = page.locator(".cicd-deployment").first
    slider = view.get_by_role("slider", name="Step of the run")
    slider.focus()
    page.keyboard.press("Home")
    failed = view.locator("tbody td").nth(5)
    expect(failed).to_contain_text("Pending")
    view.get_by_role("button", name="Play").click()
    expect(view.get_by_role("button", name="Pause")).to_be_visible()
    expect(failed).to_contain_text("Failed", timeout=30_000)
    assert reader.foreign + reader.errors == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_views_look_the_same_with_the_books_theme_around_them(sample, read, scheme):
    page = read(sample, color_scheme=scheme).open(PAGE)
    view = page.locator(".cicd-deployment").first
    heights = view.locator("td .cicd-state").evaluate_all("all => all.map((each) => each.clientHeight)")
    assert len(set(heights)) == 1, "the theme's tables do not reach into the grid"
    page.set_viewport_size({"width": 360, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    wide = "regions => regions.filter((region) => region.scrollWidth > region.clientWidth).length"
    assert page.locator(".cicd-scroll").evaluate_all(wide) == 0
