"""The model behind a note as FHIR resources of their own: the device, its model card, the prompt. Pure; no patient.

Source: AI Transparency on FHIR (1.0.0-current): AIDevice, AIModelCard, AIInputPrompt. All notes that one model wrote
share them: they are created once, under an identifier made of their content.
"""

import base64
import hashlib
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Final

from hospital_hub.registry import Registry
from integrations.fhir.client import Resource

IG: Final = "http://hl7.org/fhir/uv/aitransparency"
DEVICE_KINDS: Final = f"{IG}/CodeSystem/AIdeviceTypeCS"
INPUT_KINDS: Final = f"{IG}/CodeSystem/AIinputsCS"
CARD_OF: Final = f"{IG}/StructureDefinition/aitransparency.modelCardDescription"
KIND_OF: Final = f"{IG}/StructureDefinition/aitransparency.AIKind"
ARTIFICIAL: Final = {"system": DEVICE_KINDS, "code": "Artificial-Intelligence"}
HUB: Final = "urn:hospital-hub"
_DIGITS: Final = 16  # of a content's SHA-256, as a version
_SUFFIXES: Final = (".py", ".toml")


@dataclass(frozen=True)
class Model:
    """`revision` of the weights is empty where models.toml names none; `register` is the version of models.toml."""

    tier: str
    weights: str
    work: str = ""
    revision: str = ""
    register: str = ""
    notice: str = ""

    @property
    def version(self) -> str:
        return "@".join(part for part in (self.weights, self.revision or self.register) if part)

    @property
    def shown(self) -> str:
        return f"{self.weights} ({self.tier})" + (f", {self.notice}" if self.notice else "")


def model_of(registry: Registry, *, tier: str, weights: str, notice: str) -> Model:
    """What is known of the weights that made a text; little, if models.toml names others by now."""
    entry = registry.tiers.get(tier)
    if entry is None or entry.model != weights:
        return Model(tier, weights, notice=notice)
    return Model(tier, weights, entry.work, str(entry.serve.get("revision", "")), registry.version, notice)


@lru_cache(maxsize=1)
def checks_version() -> str:
    """Of the rules by which a text is held against its sources: another word in any of them is another version."""
    digest = hashlib.sha256()
    files = [one for one in resources.files("hospital_hub.clinical").iterdir() if one.name.endswith(_SUFFIXES)]
    for one in sorted(files, key=lambda file: file.name):
        digest.update(one.name.encode() + b"\0" + one.read_bytes() + b"\0")
    return f"grounding@{digest.hexdigest()[:_DIGITS]}"


def device(model: Model, *, card: str) -> Resource:
    """`card` is the reference of its model card."""
    versions = [
        {"type": {"text": name}, "value": value}
        for name, value in (("weights", model.weights), ("revision", model.revision), ("models.toml", model.register))
        if value
    ]
    language_model = {"coding": [{"system": DEVICE_KINDS, "code": "Large-Language-Models"}]}
    return {
        "resourceType": "Device",
        "extension": [
            {"url": KIND_OF, "valueCodeableConcept": language_model},
            {"url": CARD_OF, "valueReference": {"reference": card}},
        ],
        "identifier": [device_identifier(model)],
        "status": "active",
        "deviceName": [{"name": model.weights, "type": "model-name"}],
        "modelNumber": model.tier,
        "type": {"coding": [ARTIFICIAL]},
        "version": versions,
    }


def device_identifier(model: Model) -> Resource:
    return {"system": f"{HUB}:device", "value": f"{model.tier}/{model.version}"}


def model_card(model: Model) -> Resource:
    text = _card_text(model)
    version = hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]
    identifier = {"system": f"{HUB}:model-card", "value": f"{model.tier}/{model.weights}@{version}"}
    markdown = {"coding": [{"system": INPUT_KINDS, "code": "AIModelCardMarkdownFormat"}]}
    return {
        **_document(identifier, "AIModelCard", text=text, title=f"Model card of {model.weights}"),
        "category": [markdown],
    }


def input_prompt(prompt: str) -> Resource:
    """The prompt's version. Filled with a chart it stands nowhere but in the hub: its sources are in the Provenance."""
    text = (
        f"# Prompt {prompt}\n\nInstructions of the hospital hub for a draft, kept under this version with the program. "
        "What a model was given beside them are the chart's facts that the Provenance names as sources.\n"
    )
    identifier = {"system": f"{HUB}:prompt", "value": prompt}
    return _document(identifier, "AIInputPrompt", text=text, title=f"Prompt {prompt}")


def _document(identifier: Resource, kind: str, *, text: str, title: str) -> Resource:
    """A document that is about no patient; its master identifier names exactly this content."""
    data = text.encode()
    return {
        "resourceType": "DocumentReference",
        "masterIdentifier": identifier,
        "status": "current",
        "docStatus": "final",
        "type": {"coding": [{"system": INPUT_KINDS, "code": kind}]},
        "content": [
            {
                "attachment": {
                    "contentType": "text/markdown",
                    "data": base64.b64encode(data).decode("ascii"),
                    "size": len(data),
                    "title": title,
                }
            }
        ],
    }


def _card_text(model: Model) -> str:
    lines = [
        "---",
        "language: [zh, en]",
        f"model_name: {model.weights}",
        "pipeline_tag: text-generation",
        "---",
        f"# {model.weights}",
        "",
        f"- Served as: {model.tier}" + (f" ({model.work})" if model.work else ""),
        f"- Revision of the weights: {model.revision or 'not named in models.toml'}",
        f"- Register of models: {model.register or 'of another version'}",
        "- Runs inside the hospital; nothing it is asked leaves the building.",
        "",
        "## Intended use",
        "Drafts of clinical notes from a patient's chart, for the clinician who reads, changes and signs them.",
        "",
        "## Out of scope",
        "Orders, prescriptions, and any text that reaches a record without a clinician's signature.",
        "",
        "## Limits",
        "It can state what the chart does not say. The hub holds each sentence against the chart by rules, shows the",
        "source of what is supported and marks what is not; the clinician confirms the rest or changes it.",
    ]
    notice = ["", "## Notice", f"{model.notice[0].upper()}{model.notice[1:]}."] if model.notice else []
    return "\n".join([*lines, *notice, ""])
