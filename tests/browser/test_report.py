"""The report of `routing evaluate` in a real browser: every plot is drawn, without a network and without an error."""

from dataclasses import replace
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser

from hospital_hub.cli.evaluation_report import report
from hospital_hub.storage.clock import utc_now
from routing import Policy, Task, Tier, load_policy
from routing.evaluation.drift import Drift
from routing.evaluation.evaluation import Evaluation
from routing.evaluation.labelled import Label, Labelled, evaluate_cases
from tests.browser.conftest import RULES
from tests.routing.test_evaluation import ANSWERS, COST, QUESTIONS, case

pytestmark = pytest.mark.browser
# The share of a canvas that is not blank.
DRAWN = """canvas => {
  const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  let drawn = 0;
  for (let place = 3; place < pixels.length; place += 4) drawn += pixels[place] > 0;
  return 4 * drawn / pixels.length;
}"""
HOSTILE = '</script><script>alert(1)</script><b title="x">'


def evaluation(name: str) -> Evaluation:
    items = [
        Labelled(Label("tier_x", None, answer), case(text)) for answer, text in zip(ANSWERS, QUESTIONS, strict=True)
    ]
    items.append(Labelled(Label("wards", Task.OPERATIONS, None), case("How many beds are free?")))
    policies: dict[str, Policy] = {name: load_policy()}
    found = evaluate_cases(items, policies, cost={tier: COST[tier] for tier in Tier})
    moved = (Drift("task note", 0.31, 0.02), Drift("feature dose", 0.12, 0.02), Drift("need differ", 0.01, 0.02))
    return replace(found, drift=moved, traffic="a test", notes=("Read with care.",))


async def test_every_plot_is_drawn_offline_and_reads_well(browser: Browser, tmp_path: Path) -> None:
    target = tmp_path / "report.html"
    target.write_text(report(evaluation("test.1"), made=utc_now()), "utf-8")
    context = await browser.new_context(offline=True, viewport={"width": 1280, "height": 900})
    page = await context.new_page()
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text) if message.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda request: wrong.append(request.url) if not request.url.startswith("file:") else None)
    await page.goto(target.as_uri())
    plots = page.locator("canvas[data-plot]")
    names = await plots.evaluate_all("all => all.map(one => one.dataset.plot)")
    assert names == ["curve", "opinions", "reliability", "recall", "ways", "drift"]
    for number, name in enumerate(names):
        assert await plots.nth(number).evaluate(DRAWN) > 0.01, name
    assert await page.evaluate("document.documentElement.scrollWidth") <= 1280
    found = await Axe().run(page, options=RULES)
    assert [violation["id"] for violation in found.response["violations"]] == []
    assert wrong == []
    await context.close()


async def test_no_name_can_end_the_script(browser: Browser, tmp_path: Path) -> None:
    target = tmp_path / "report.html"
    target.write_text(report(evaluation(HOSTILE), made=utc_now()), "utf-8")
    page = await browser.new_page()
    asked: list[str] = []
    page.on("dialog", lambda dialog: asked.append(dialog.message))
    await page.goto(target.as_uri())
    assert await page.locator("header b").inner_text() == HOSTILE
    assert await page.locator("canvas[data-plot=curve]").evaluate(DRAWN) > 0.01
    assert asked == []
    await page.close()
