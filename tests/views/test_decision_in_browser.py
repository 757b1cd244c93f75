"""The decision view on a page, in a real browser."""

from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from cicdlab.views import DecisionView

from .decisions import ACTION, LIMIT, OBJECT, ROLE, SESSION, USER, Iam, matched, policy, result, statement, within

READS = policy(statement(Sid="ReadArtifact"))
LONG = policy(statement("Deny", Action=[f"s3:Get{number}" for number in range(40)], Resource="*"))


@pytest.fixture
def put(put_on_page: Callable[..., str], tmp_path: Path) -> Callable[..., str]:
    """Put decisions on a page and return its address."""

    def put(*views: DecisionView, theme: str = "light") -> str:
        address = put_on_page(*views, theme=theme)
        (tmp_path / "decision.js").write_text(str(DecisionView._esm), encoding="utf-8")
        (tmp_path / "build.css").write_text(str(DecisionView._css), encoding="utf-8")  # the one that the page links
        return address

    return put


def denied() -> DecisionView:
    """No statement allows the request."""
    iam = Iam(result(MissingContextValues=["aws:SourceIp"]), inline={"role deploy": {"read": READS}})
    return DecisionView.explain(iam.client, SESSION, ACTION, OBJECT, context={"aws:SecureTransport": True})


def forbidden() -> DecisionView:
    """A long statement denies the request."""
    iam = Iam(result("explicitDeny", matched("role_deploy_stop", LONG)), inline={"role deploy": {"stop": LONG}})
    return DecisionView.explain(iam.client, ROLE, ACTION, OBJECT)


def limited() -> DecisionView:
    """The permissions boundary stops the request."""
    iam = Iam(
        result("implicitDeny", matched("user_ann_read", READS), **within(False)),
        inline={"user ann": {"read": READS}},
        managed={LIMIT: LONG},
        boundary=LIMIT,
    )
    return DecisionView.explain(iam.client, USER, ACTION, f"{OBJECT}/{'x' * 300}")


def allowed() -> DecisionView:
    """A statement allows the request."""
    iam = Iam(result("allowed", matched("role_deploy_read", READS)), inline={"role deploy": {"read": READS}})
    return DecisionView.explain(iam.client, ROLE, ACTION, OBJECT)


@pytest.fixture
def views() -> list[DecisionView]:
    """A decision of each sort."""
    return [denied(), forbidden(), limited(), allowed()]


def test_each_view_is_drawn_once_and_says_what_was_decided(
    page: Page, put: Callable[..., str], views: list[DecisionView]
) -> None:
    page.goto(put(*views))
    expect(page.locator(".cicd-mounted .cicd-decision")).to_have_count(len(views))
    expect(page.locator(".cicd-decision")).to_have_count(len(views))
    assert [title.split(":")[0] for title in page.locator(".cicd-title").all_inner_texts()] == [
        "✗ Denied",
        "✗ Denied",
        "✗ Denied",
        "✓ Allowed",
    ]


def test_a_screen_reader_finds_a_table_with_headers(page: Page, put: Callable[..., str]) -> None:
    page.goto(put(allowed()))
    table = page.get_by_role("table", name="Policies for role deploy and what they say")
    expect(table.get_by_role("columnheader")).to_have_text(["Policy", "Type", "It says"])
    expect(table.get_by_role("rowheader", name="read")).to_be_visible()
    expect(table.get_by_role("row", name="read Inline policy Allows", exact=True)).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(page: Page, put: Callable[..., str], views: list[DecisionView], theme: str) -> None:
    page.goto(put(*views, theme=theme))
    expect(page.locator(".cicd-mounted .cicd-decision")).to_have_count(len(views))
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_phone_scrolls_the_page_in_one_direction_only(
    page: Page, put: Callable[..., str], views: list[DecisionView], theme: str
) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(put(*views, theme=theme))
    expect(page.locator(".cicd-mounted .cicd-decision")).to_have_count(len(views))
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    for card in page.locator(".cicd-decision").all():
        edge = card.bounding_box()
        for part in card.locator("code, pre, .cicd-state").all():
            box = part.bounding_box()
            assert edge and box and box["x"] + box["width"] <= edge["x"] + edge["width"]


def test_the_keyboard_scrolls_a_long_statement(page: Page, put: Callable[..., str]) -> None:
    page.goto(put(forbidden()))
    excerpt = page.get_by_role("group", name="Statement of stop")
    expect(excerpt).to_be_visible()
    page.keyboard.press("Tab")
    expect(excerpt).to_be_focused()
    page.keyboard.press("End")
    page.wait_for_function("document.activeElement.scrollTop > 0")


def test_printed_the_whole_statement_is_there(page: Page, put: Callable[..., str]) -> None:
    page.goto(put(forbidden()))
    page.emulate_media(media="print")
    excerpt = page.get_by_role("group", name="Statement of stop")
    assert excerpt.evaluate("text => text.scrollHeight <= text.clientHeight + 2")


def test_what_a_policy_says_is_text_on_the_page(page: Page, put: Callable[..., str]) -> None:
    evil = "</script><img src=x onerror=\"document.title='run'\">"
    text = policy(statement(Sid=evil))
    inline = {"role deploy": {evil: text}}
    answer = result("allowed", matched(f"role_deploy_{evil}", text), MissingContextValues=[evil])
    answer["MatchedStatements"].append(matched(evil, text, kind=evil))
    view = DecisionView.explain(
        Iam(answer, inline=inline).client, ROLE, f"s3:{evil}", f"{OBJECT}{evil}", context={evil: evil}
    )
    page.goto(put(view))
    expect(page.locator("pre")).to_contain_text(evil.replace('"', '\\"'))
    expect(page.locator("th[scope=row]").first).to_have_text(evil)
    assert page.locator("img").count() == 0
    assert page.title() == "Builds"


def test_without_javascript_the_whole_view_is_there(browser: Browser, put: Callable[..., str]) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(put(denied()))
    expect(page.get_by_text("Denied:")).to_be_visible()
    expect(page.get_by_role("row", name="read Inline policy Says nothing", exact=True)).to_be_visible()
    expect(page.get_by_text("To allow it, a policy of role deploy needs a statement")).to_be_visible()
    context.close()
