"""What holds of every page of the book, as a browser sees it."""

from dataclasses import dataclass

import pytest
from axe_playwright_python.sync_playwright import Axe

BYTES = 900_000

# Findings in the theme's own markup, by rule and selector. Nothing of ours may be added.
THEME = {
    # The book's title stands in the side bar, outside of its navigation.
    ("region", ".sidebar-primary-items__start > .sidebar-primary-item:nth-child(1)"),
}


@dataclass
class Visit:
    """What a browser found on one page."""

    foreign: list[str]
    errors: list[str]
    bytes: dict[str, int]
    widgets_written: int
    widgets_drawn: int
    fallbacks_left: int
    icons_missing: list[str]
    phone_width: int
    axe: dict[str, list[tuple[str, str]]]


@pytest.fixture(scope="module", params=["book", "sample"])
def visits(request, read):
    """A visit to every page of the real book and of the sample."""
    site = request.getfixturevalue(request.param)
    return {name: visit(read(site, reduced_motion="reduce"), name) for name in site.pages}


def visit(reader, name: str) -> Visit:
    page = reader.open(name, until="networkidle")
    sizes = {url: size for url, size in reader.transferred().items() if "searchindex.js" not in url}
    errors = list(reader.errors)  # before axe, which asks for style sheets under wrong addresses
    axe = {}
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.locator(f"html[data-theme={scheme}]").wait_for()
        axe[scheme] = findings(page)
    page.set_viewport_size({"width": 390, "height": 844})
    found = Visit(
        foreign=reader.foreign,
        errors=errors,
        bytes=sizes,
        widgets_written=(reader.site.folder / name).read_text().count('class="cicd-widget"'),
        widgets_drawn=page.locator(".cicd-widget > .cicd-mounted > .cicd").count(),
        fallbacks_left=page.locator(".cicd-fallback").count(),
        icons_missing=page.evaluate(
            """() => [...document.querySelectorAll('.fa-solid, .fas, .fab')]
                .filter((icon) => getComputedStyle(icon).maskImage === 'none').map((icon) => icon.className)"""
        ),
        phone_width=page.evaluate("document.documentElement.scrollWidth"),
        axe=axe,
    )
    page.close()
    return found


def findings(page) -> list[tuple[str, str]]:
    violations = Axe().run(page).response["violations"]
    nodes = [(each["id"], " ".join(map(str, node["target"]))) for each in violations for node in each["nodes"]]
    return [node for node in nodes if node not in THEME]


def test_pages_ask_no_other_host_and_log_no_error(visits):
    assert {name: visit.foreign + visit.errors for name, visit in visits.items()} == dict.fromkeys(visits, [])


def test_each_widget_is_drawn_exactly_once(visits):
    assert sum(visit.widgets_written for visit in visits.values()) > 1
    for name, visit in visits.items():
        assert (visit.widgets_drawn, visit.fallbacks_left) == (visit.widgets_written, 0), name


def test_a_page_weighs_at_most_900_kb(visits):
    for name, visit in visits.items():
        assert len(visit.bytes) > 10, name
        assert sum(visit.bytes.values()) <= BYTES, (name, visit.bytes)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(visits, scheme):
    assert {name: visit.axe[scheme] for name, visit in visits.items()} == dict.fromkeys(visits, [])


def test_no_page_scrolls_sideways_on_a_phone(visits):
    assert {name: visit.phone_width for name, visit in visits.items()} == dict.fromkeys(visits, 390)


def test_every_icon_in_use_is_drawn(visits):
    assert {name: visit.icons_missing for name, visit in visits.items()} == dict.fromkeys(visits, [])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_answered_questions(sample, read, scheme):
    page = read(sample, color_scheme=scheme, reduced_motion="reduce").open("chapters/sample/page.html")
    for question in page.locator("form.cicd-question").all():
        if question.locator("input").count():
            question.locator("input").first.check()
        for select in question.locator("select").all():
            select.select_option(index=1)
        question.get_by_role("button", name="Check answer").click()
    assert page.locator(".cicd-why:visible").count() > 10
    assert findings(page) == []


def test_every_button_of_the_theme_is_visible_and_has_a_name(sample, read):
    page = read(sample).open("chapters/index.html")
    for name in ("Color mode", "Download this page", "Fullscreen mode"):
        button = page.get_by_role("button", name=name).first
        icon = button.locator(".fas, .fa-solid").filter(visible=True).first
        box = icon.bounding_box()
        assert box["width"] >= 12 and box["height"] >= 12, name
        assert icon.evaluate("icon => getComputedStyle(icon).maskImage").startswith("url("), name


def test_the_colour_mode_button_switches_and_is_remembered(sample, read):
    page = read(sample).open("chapters/sample/page.html")
    seen = [page.locator("html").get_attribute("data-mode")]
    for _ in range(2):
        page.get_by_role("button", name="Color mode").first.click()
        seen.append(page.locator("html").get_attribute("data-mode"))
    assert sorted(seen) == ["auto", "dark", "light"]
    page.reload(wait_until="networkidle")
    assert page.locator("html").get_attribute("data-mode") == seen[-1]


def test_search_finds_a_page(sample, read):
    page = read(sample).open("search.html?q=folded")
    page.locator("#search-results li a", has_text="A page").first.wait_for()


def test_previous_and_next_lead_through_the_book(sample, read):
    page = read(sample).open("chapters/index.html")
    page.locator("a.right-next").click()
    page.wait_for_url("**/chapters/sample/page.html")
    page.locator("a.left-prev").click()
    page.wait_for_url("**/chapters/index.html")
