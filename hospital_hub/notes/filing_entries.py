"""Entries of a transaction: conditional creates and guarded updates. Pure."""

import uuid
from collections.abc import Mapping

from hospital_hub.notes.ai_record import Model, device, device_identifier, input_prompt, model_card
from integrations.fhir.client import Resource
from integrations.fhir.paths import items, word


def of_model(model: Model, *, prompt: str, with_device: bool) -> list[Resource]:
    """What all notes of the same model and prompt share."""
    card, asked = model_card(model), input_prompt(prompt)
    entries = [of_content(card), of_content(asked)]
    if with_device:
        own = device_identifier(model)
        made = device(model, card=entries[0]["fullUrl"])
        entries.append(creation(made, url=_url(own), identifier=searched(own)))
    return entries


def of_content(document: Resource) -> Resource:
    own = document["masterIdentifier"]
    return creation(document, url=_url(own), identifier=searched(own))


def _url(identifier: Resource) -> str:
    return uuid.uuid5(uuid.NAMESPACE_URL, f"{identifier['system']}|{identifier['value']}").urn


def entry(resource: Resource, *, url: str) -> Resource:
    return {"fullUrl": url, "resource": resource, "request": {"method": "POST", "url": resource["resourceType"]}}


def creation(resource: Resource, *, url: str, identifier: str) -> Resource:
    made = entry(resource, url=url)
    return {**made, "request": {**made["request"], "ifNoneExist": f"identifier={identifier}"}}


def update(server: str, resource: Resource) -> Resource:
    """Over exactly the version that was read (R4, 3.1.0.5)."""
    path = f"{resource['resourceType']}/{resource['id']}"
    match = f'W/"{word(resource, "meta", "versionId")}"'
    request = {"method": "PUT", "url": path, "ifMatch": match}
    return {"fullUrl": f"{server}/{path}", "resource": resource, "request": request}


def reference_of(resource: Resource) -> str:
    return f"{resource['resourceType']}/{resource['id']}"


def named(resource: Resource, names: Mapping[str, str]) -> Resource:
    """With the server's names in place of placeholders: only a device names another entry, its model card."""
    extensions = [
        {**one, "valueReference": {"reference": names[word(one, "valueReference", "reference")]}}
        if word(one, "valueReference", "reference") in names
        else one
        for one in items(resource, "extension")
    ]
    return {**resource, "extension": extensions} if extensions else resource


def searched(identifier: Resource) -> str:
    """As a token of a search."""
    return f"{identifier['system']}|{identifier['value']}"
