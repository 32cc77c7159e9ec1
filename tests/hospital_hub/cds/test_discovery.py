"""Discovery, and what stands in services.toml (CDS Hooks 2.0.1, "Discovery", "Prefetch tokens", "Query restrictions").

- an object with an array `services`; each with hook, description, id, and the recommended title
- ids are unique for a hook; hooks are those the hub serves; prefetch keys map to templates
- templates: read or type-level search, plain parameters, `_count`, `_sort`; tokens of root-level context fields alone
"""

import re
import string
from urllib.parse import parse_qsl

import httpx
import pytest

from hospital_hub.cds.catalogue import PARTIAL, catalogue
from hospital_hub.cds.rules.registry import RULES
from integrations.cds_hooks.cards import Edition, ServiceEntry
from integrations.cds_hooks.prefetch import CONTROLS, TOKENS, kind_of, tokens_of
from integrations.cds_hooks.request import HOOKS

# What each rule gives to its texts; `names` is always there.
FIELDS = {
    "changes": {"since"},
    "abnormal": {"count"},
    "drafts": {"count"},
    "summary": {"count"},
    "pending": {"count"},
    "reconcile": {"before", "new", "ended"},
    "allergy": {"order", "name", "group"},
    "duplicate": {"order", "group"},
    "kidney": {"order", "days"},
    PARTIAL: set(),
}
LINES = {"name", "date", "dose", "value", "flag", "reaction", "criticality", "status", "reason"}


async def test_discovery_needs_no_token_and_names_four_services(client: httpx.AsyncClient) -> None:
    answer = await client.get("/cds-services")
    assert answer.status_code == 200
    services = answer.json()["services"]
    assert {one["hook"] for one in services} == set(HOOKS)
    assert len({(one["id"], one["hook"]) for one in services}) == len(services)
    for one in services:
        assert all(isinstance(one[name], str) and one[name] for name in ("hook", "title", "description", "id"))
        assert set(one) == {"hook", "title", "description", "id", "prefetch", "usageRequirements"}
        assert all(isinstance(template, str) for template in one["prefetch"].values())


async def test_discovery_speaks_both_languages(client: httpx.AsyncClient) -> None:
    for language, word in (("en", "before discharge"), ("zh-CN", "出院前核对")):
        services = (await client.get("/cds-services", headers={"Accept-Language": language})).json()["services"]
        assert any(word in one["title"] for one in services)


def test_templates_keep_to_the_restrictions() -> None:
    for service in catalogue().service:
        for template in service.prefetch.values():
            assert tokens_of(template) <= TOKENS, template
            path, _, query = template.partition("?")
            assert re.fullmatch(r"[A-Z][A-Za-z]+(/\{\{context\.\w+\}\})?", path), template
            for name, value in parse_qsl(query):
                assert name in CONTROLS or re.fullmatch(r"[a-z]+", name), template
                assert ":" not in name, template
                assert value, template
            assert not query or {"patient", "_count"} <= dict(parse_qsl(query)).keys(), template
            assert kind_of(template)


def test_encounter_tokens_only_where_the_hook_has_an_encounter() -> None:
    for service in catalogue().service:
        tokens = set().union(*(tokens_of(template) for template in service.prefetch.values()))
        assert "context.encounterId" not in tokens or HOOKS[service.hook].encounter


def test_each_rule_has_words_parts_and_reasons() -> None:
    book = catalogue()
    assert set(book.rule) == {*RULES, PARTIAL}
    for service in book.service:
        assert set(service.rules) <= set(RULES)
        for name in service.rules:
            assert {*book.rule[name].needs, *book.rule[name].uses} <= set(service.prefetch), (service.id, name)
        assert set(service.prefetch) <= set(book.parts)
    for rule in book.rule.values():
        assert set(rule.overrides) <= set(book.overrides)


@pytest.mark.parametrize("name", sorted(FIELDS))
def test_texts_name_only_fields_that_their_rule_gives(name: str) -> None:
    rule = catalogue().rule[name]
    for text in rule.text.values():
        for words in (text.summary.en, text.summary.zh):
            assert {field for _, field, _, _ in string.Formatter().parse(words) if field} <= FIELDS[name] | {"names"}
    for line in rule.line.values():
        pair = [{field for _, field, _, _ in string.Formatter().parse(one) if field} for one in (line.en, line.zh)]
        assert pair[0] == pair[1]
        assert pair[0] <= LINES


def test_what_3_0_adds_is_written_for_3_0_alone() -> None:
    entry = ServiceEntry("a", "patient-view", "1.0", "t", "d", "u", {})
    assert "version" not in entry.to_json()
    assert entry.to_json(Edition.V3) | {"version": "3.0.0", "hookVersion": "1.0"} == entry.to_json(Edition.V3)
