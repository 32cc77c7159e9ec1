"""What the link of a card opens: the clinician's own draft, or the panel for a kind of document; never more."""

import json
import uuid

import pytest

from hospital_hub.notes.opening import LONGEST, Opening, opening_of
from tests.hospital_hub.notes.conftest import Browser

DRAFT = uuid.UUID("01890a5d-ac96-774b-bcce-b302099a8057")


def context(**fields: object) -> str:
    return json.dumps({"hub": "cds", "hook": "patient-view", **fields})


@pytest.mark.parametrize(
    ("given", "opening"),
    [
        (context(draft=str(DRAFT)), Opening(DRAFT)),
        (context(document="discharge"), Opening(document="discharge")),
        (context(draft=str(DRAFT), document="discharge"), Opening(DRAFT, "discharge")),
        (context(), Opening()),
        (context(draft="../../admin", document="<b>"), Opening()),
        (context(draft=7, document=["discharge"]), Opening()),
        (json.dumps({"draft": str(DRAFT)}), Opening()),  # another app's
        (json.dumps([context(draft=str(DRAFT))]), Opening()),
        ("not json", Opening()),
        ("[" * LONGEST, Opening()),
        (context(draft=str(DRAFT), pad="x" * LONGEST), Opening()),
        ("", Opening()),
    ],
)
def test_only_the_hubs_own_context_opens_something(given: str, opening: Opening) -> None:
    assert opening_of(given) == opening


async def test_a_link_opens_the_clinicians_own_draft(launched: Browser) -> None:
    draft = await launched.new_draft()
    launched.emr.app_context = context(draft=draft)
    arrived = await launched.launch()
    assert arrived.headers["location"] == f"/notes/panel?draft={draft}"
    panel = await launched.client.get(arrived.headers["location"])
    assert panel.status_code == 303
    assert panel.headers["location"] == f"/notes/drafts/{draft}"
    assert (await launched.client.get(panel.headers["location"])).status_code == 200


async def test_a_draft_that_is_not_the_clinicians_is_not_opened(launched: Browser) -> None:
    draft = await launched.new_draft()
    launched.emr.id_claims = {"sub": "u2", "fhirUser": f"{launched.emr.base}/Practitioner/dr-2"}
    launched.emr.app_context = context(draft=draft)
    arrived = await launched.launch()
    panel = await launched.client.get(arrived.headers["location"], headers={"Accept-Language": "en"})
    assert panel.status_code == 200
    assert "The draft of this card is not among your notes." in panel.text
    assert f"/notes/drafts/{draft}" not in panel.text


async def test_a_link_for_the_discharge_summary_says_so(browser: Browser) -> None:
    browser.emr.app_context = context(document="discharge")
    arrived = await browser.launch()
    assert arrived.headers["location"] == "/notes/panel?document=discharge"
    for language, words in (("en", "Discharge summary"), ("zh-CN", "出院小结")):
        panel = await browser.client.get(arrived.headers["location"], headers={"Accept-Language": language})
        assert words in panel.text


async def test_an_app_context_that_is_no_text_is_no_launch(browser: Browser) -> None:
    browser.emr.app_context = {"draft": "x"}  # type: ignore[assignment]
    assert (await browser.launch()).status_code == 502
