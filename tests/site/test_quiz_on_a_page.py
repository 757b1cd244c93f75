"""The quiz as a reader of the website uses it."""

import json
import re

import pytest

PAGE = "chapters/sample/page.html"
SHEET = "chapters/sample/sheet.html"


def question(page, id):
    return page.locator(f'form[data-question="{id}"]')


def check(form):
    form.get_by_role("button", name="Check answer").click()


def answer_single(page, option):
    form = question(page, "sample-buildspec-name")
    form.get_by_role("radio", name=option).check()
    check(form)
    return form


def test_single_gives_a_verdict_and_a_reason_for_every_option(sample, read):
    page = read(sample).open(PAGE)
    form = answer_single(page, "appspec.yml in the root of the source")
    assert "Not right" in form.get_by_role("status").inner_text()
    reasons = form.locator(".cicd-why").all_inner_texts()
    assert len(reasons) == 3
    by_option = dict(zip(form.locator("label").all_inner_texts(), reasons, strict=True))
    assert by_option["appspec.yml in the root of the source"].startswith("✗ Wrong. That file belongs to CodeDeploy")
    assert by_option["buildspec.yml in the root of the source"].startswith(
        "✓ Not chosen, but right. This is the default"
    )
    assert by_option["Makefile in the root of the source"].startswith(
        "– Not chosen, and wrong. A buildspec may call make"
    )
    assert form.get_by_role("link").get_attribute("href").startswith("https://docs.aws.amazon.com/")


def test_multiple_is_right_only_with_all_right_options_and_no_other(sample, read):
    page = read(sample).open(PAGE)
    form = question(page, "sample-source-types")
    attempts = {"S3": "Not right", "S3 NO_SOURCE EBS": "Not right", "S3 NO_SOURCE": "Right."}
    for chosen, verdict in attempts.items():
        for name in chosen.split():
            form.get_by_role("checkbox", name=name).check()
        check(form)
        assert verdict in form.locator(".cicd-verdict").inner_text()
        form.get_by_role("button", name="Try again").click()


def test_order_is_done_with_the_buttons(sample, read):
    page = read(sample).open(PAGE)
    form = question(page, "sample-phase-order")
    wanted = ["INSTALL", "PRE_BUILD", "BUILD", "POST_BUILD"]
    assert form.locator(".cicd-text").all_inner_texts() != wanted
    for place, name in enumerate(wanted):
        while form.locator(".cicd-text").all_inner_texts().index(name) > place:
            form.get_by_role("button", name=f"Move {name} up").click()
    assert re.fullmatch(r"\w+ is now number \d of 4\.", form.locator(".cicd-unseen").inner_text())
    check(form)
    assert "Right." in form.locator(".cicd-verdict").inner_text()
    assert len(form.locator(".cicd-why:visible").all()) == 4


def test_match_names_the_right_partner(sample, read):
    page = read(sample).open(PAGE)
    form = question(page, "sample-who-does-what")
    check(form)
    assert "Choose a partner for each" in form.locator(".cicd-verdict").inner_text()
    for select in form.get_by_role("combobox").all():
        select.select_option("the commands")
    check(form)
    reasons = " ".join(form.locator(".cicd-why").all_inner_texts())
    assert "✓ Right." in reasons and "✗ Wrong: the machine and its variables." in reasons


def test_nothing_chosen_is_no_answer(sample, read):
    page = read(sample).open(PAGE)
    form = question(page, "sample-buildspec-name")
    check(form)
    assert form.locator(".cicd-verdict").inner_text() == "Choose an answer first."
    assert form.locator(".cicd-why:visible").count() == 0


def test_what_is_chosen_elsewhere_stays_chosen(sample, read):
    page = read(sample).open(PAGE)
    chosen = question(page, "sample-source-types").get_by_role("checkbox", name="S3")
    chosen.check()
    answer_single(page, "buildspec.yml in the root of the source")
    assert chosen.is_checked() and chosen.is_enabled()


def test_answers_survive_a_reload_and_show_on_the_sheet_too(sample, read):
    reader = read(sample)
    page = reader.open(PAGE)
    answer_single(page, "buildspec.yml in the root of the source")
    form = question(page, "sample-who-does-what")
    for select in form.get_by_role("combobox").all():
        select.select_option("the commands")
    check(form)

    reader.open(PAGE)
    assert question(page, "sample-buildspec-name").get_by_role("radio", name="buildspec.yml").is_checked()
    assert question(page, "sample-buildspec-name").get_attribute("data-verdict") == "right"
    assert question(page, "sample-source-types").get_attribute("data-verdict") == "open"
    reader.open(SHEET)
    assert question(page, "sample-who-does-what").get_attribute("data-verdict") == "wrong"
    assert page.locator(".cicd-score").inner_text() == "0 of 2 right, 1 wrong, 1 open"


def test_a_changed_question_forgets_only_itself(sample, read):
    reader = read(sample)
    page = reader.open(PAGE)
    answer_single(page, "buildspec.yml in the root of the source")
    question(page, "sample-source-types").get_by_role("checkbox", name="S3").check()
    check(question(page, "sample-source-types"))

    def rewrite(route):
        html = route.fetch().text()
        changed = re.sub(r'("hash": ")[0-9a-f]+(", "id": "sample-source-types")', r"\g<1>000000000000\2", html)
        assert changed != html
        route.fulfill(body=changed, content_type="text/html")

    page.route("**/" + PAGE, rewrite)
    reader.open(PAGE)
    assert question(page, "sample-source-types").get_attribute("data-verdict") == "open"
    assert question(page, "sample-buildspec-name").get_attribute("data-verdict") == "right"


@pytest.mark.parametrize("stored", ["not json", "null", '{"hash": 1}', "[]", '{"hash": "HASH", "answer": "x"}'])
def test_a_damaged_record_counts_as_none(sample, read, stored):
    reader = read(sample)
    page = reader.open(PAGE)
    answer_single(page, "buildspec.yml in the root of the source")
    key = "cicdlab.v1.answers.sample-buildspec-name"
    hash = json.loads(page.evaluate("key => localStorage.getItem(key)", key))["hash"]
    page.evaluate("([key, value]) => localStorage.setItem(key, value)", [key, stored.replace("HASH", hash)])
    reader.open(PAGE)
    assert question(page, "sample-buildspec-name").get_attribute("data-verdict") == "open"
    assert reader.errors == []


def test_two_windows_do_not_undo_each_other(sample, browser, read):
    reader = read(sample)
    first = reader.open(PAGE)
    second = first.context.new_page()
    second.goto(sample.address + PAGE, wait_until="networkidle")
    answer_single(first, "buildspec.yml in the root of the source")
    question(second, "sample-source-types").get_by_role("checkbox", name="S3").check()
    check(question(second, "sample-source-types"))
    reader.open(PAGE)
    assert question(first, "sample-buildspec-name").get_attribute("data-verdict") == "right"
    assert question(first, "sample-source-types").get_attribute("data-verdict") == "wrong"


def test_retry_opens_the_wrong_ones_only_and_start_over_all(sample, read):
    page = read(sample).open(PAGE)
    quiz = page.locator(".cicd-quiz").first
    assert not quiz.get_by_role("button", name="Start over").is_visible()
    answer_single(page, "buildspec.yml in the root of the source")
    assert not quiz.get_by_role("button", name="Retry the wrong ones").is_visible()
    wrong = question(page, "sample-source-types")
    wrong.get_by_role("checkbox", name="EBS").check()
    check(wrong)
    assert quiz.locator(".cicd-score").inner_text() == "1 of 2 right, 1 wrong"

    quiz.get_by_role("button", name="Retry the wrong ones").click()
    assert wrong.get_attribute("data-verdict") == "open"
    assert not wrong.get_by_role("checkbox", name="EBS").is_checked()
    assert wrong.locator(":focus").count() == 1
    assert question(page, "sample-buildspec-name").get_attribute("data-verdict") == "right"

    quiz.get_by_role("button", name="Start over").click()
    assert quiz.locator(".cicd-score").inner_text() == "0 of 2 right, 2 open"
    assert page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('cicdlab.')).length") == 0


def test_the_keyboard_is_enough(sample, read):
    page = read(sample).open(PAGE)
    page.get_by_role("heading", name="Check yourself").evaluate("each => { each.tabIndex = -1; each.focus(); }")

    def focused():
        return page.evaluate("document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent")

    def tab_to(name):
        for _ in range(30):
            page.keyboard.press("Tab")
            if name in focused():
                return
        raise AssertionError(f"the Tab key does not reach {name}; it is at {focused()}")

    while page.evaluate("document.activeElement.type") != "radio":
        page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    single = question(page, "sample-buildspec-name")
    assert single.get_attribute("data-verdict") in ("right", "wrong")
    assert focused() == "Try again"

    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    tab_to("Check answer")
    page.keyboard.press("Space")
    assert question(page, "sample-source-types").get_attribute("data-verdict") != "open"

    order = question(page, "sample-phase-order")
    for _ in range(3):
        if not focused().startswith("Move INSTALL up"):
            tab_to("Move INSTALL up")
        page.keyboard.press("Enter")
    assert focused() == "Move INSTALL up"
    tab_to("Check answer")
    page.keyboard.press("Enter")
    assert order.get_attribute("data-verdict") == "right"

    for _ in range(3):
        page.keyboard.press("Tab")
        while page.evaluate("document.activeElement.tagName") != "SELECT":
            page.keyboard.press("Tab")
        page.keyboard.press("t")
    tab_to("Check answer")
    page.keyboard.press("Enter")
    assert question(page, "sample-who-does-what").get_attribute("data-verdict") in ("right", "wrong")


def test_the_focus_can_be_seen(sample, read):
    page = read(sample).open(PAGE)
    form = question(page, "sample-buildspec-name")
    form.get_by_role("radio").first.focus()
    page.keyboard.press("Tab")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert (page.evaluate("document.activeElement.textContent"), outline) == ("Check answer", "solid")


def test_questions_are_groups_with_names_for_a_screen_reader(sample, read):
    page = read(sample).open(PAGE)
    stem = "Which file does a build read when the project names no buildspec?"
    group = page.get_by_role("group", name=f"Question 1 of 2 {stem}")
    assert group.get_by_role("radio").count() == 3
    assert page.get_by_role("region", name="Quiz: How a build is described").count() == 1
    assert page.get_by_role("combobox", name="Buildspec").count() == 1


def test_without_javascript_questions_answers_and_reasons_can_be_read(sample, read):
    reader = read(sample, java_script_enabled=False)
    page = reader.page
    for name in (PAGE, SHEET):
        page.goto(sample.address + name)
        assert page.get_by_text("Put these phases in the order in which they run.").is_visible()
        assert not page.get_by_text("Tools come first; the rest needs them.").is_visible()
        for summary in page.locator(".cicd-fallback summary").all():
            summary.click()
        assert page.get_by_text("Tools come first; the rest needs them.").is_visible()
    page.goto(sample.address + PAGE)
    assert page.locator(".cicd-fallback .cicd-question").count() == 4
    header = page.locator(".bd-header-article").evaluate("each => getComputedStyle(each).backgroundColor")
    assert header == "rgb(255, 255, 255)", "text shows through the header"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_print_shows_questions_on_white_paper_and_no_buttons(sample, read, scheme):
    page = read(sample, color_scheme=scheme).open(PAGE)
    answer_single(page, "buildspec.yml in the root of the source")
    on_paper = page.get_by_text("To choose from: the commands; the files to work on; the machine and its variables.")
    assert not on_paper.is_visible()
    page.emulate_media(media="print", color_scheme=scheme)
    answered = question(page, "sample-buildspec-name").locator(".cicd-verdict .cicd-mark")
    assert answered.evaluate("each => getComputedStyle(each).color") == "rgb(20, 108, 46)"
    legend = page.get_by_text("Which file does a build read")
    assert legend.is_visible() and on_paper.is_visible()
    assert page.locator(".cicd-quiz button:visible").count() == 0
    assert legend.evaluate("each => getComputedStyle(each).color") == "rgb(34, 40, 50)"
    assert page.locator("html").evaluate("each => getComputedStyle(each).colorScheme") == "light"


def test_a_module_that_fails_leaves_the_readable_text(sample, read):
    reader = read(sample)
    page = reader.page
    broken = {"body": "throw new Error('broken')", "content_type": "text/javascript"}
    page.route("**/quiz.js*", lambda route: route.fulfill(**broken))
    page.goto(sample.address + PAGE, wait_until="networkidle")
    assert page.locator(".cicd-fallback").first.is_visible()
    assert any("broken" in error for error in reader.errors)
