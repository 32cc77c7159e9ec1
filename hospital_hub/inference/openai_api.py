"""/v1: the OpenAI protocol for the departments' own programs, through the same router and the same door."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.routing import Route

from hospital_hub.errors import NotFound
from hospital_hub.identity.keys import Scope
from hospital_hub.identity.permissions import Action
from hospital_hub.identity.principal import Principal
from hospital_hub.inference.chat_endpoint import ChatEndpoint
from hospital_hub.inference.door import KeyGuard, door_of
from hospital_hub.inference.exchange import JSON
from hospital_hub.inference.openai_form import ChatRequest
from hospital_hub.inference.question import AUTO

router = APIRouter(prefix="/v1", tags=["OpenAI protocol"])
Program = Annotated[Principal, Depends(KeyGuard(Action.MODEL_ASK, scope=Scope.MODELS))]
# A bare route: this one answers every word of every program, so nothing stands between it and the server.
chat = Route("/v1/chat/completions", ChatEndpoint(), methods=["POST"], name="chat_completions")
router.routes.append(chat)


@router.get("/models")
async def list_models(request: Request, who: Program) -> dict[str, Any]:  # noqa: ARG001 - the guard is the point
    return {"object": "list", "data": [_model(name) for name in _names(request)]}


@router.get("/models/{name}")
async def one_model(name: str, request: Request, who: Program) -> dict[str, Any]:  # noqa: ARG001 - the guard is the point
    if name not in _names(request):
        raise NotFound(
            "There is no such model.", "Ask /v1/models for the names.", code="model_not_found", place="model"
        )
    return _model(name)


def described(schema: dict[str, Any]) -> dict[str, Any]:
    """Write the bare route into an OpenAPI document, so that clients are made of it like of any other."""
    asked = ChatRequest.model_json_schema(ref_template="#/components/schemas/{model}")
    parts = {**asked.pop("$defs", {}), "ChatRequest": asked}
    schema.setdefault("components", {}).setdefault("schemas", {}).update(parts)
    body = {"required": True, "content": {JSON: {"schema": {"$ref": "#/components/schemas/ChatRequest"}}}}
    answers = {
        "200": {"description": "A chat completion, or its chunks as server-sent events where `stream` is true."},
        "default": {"description": "OpenAI's error object; 429 and 503 say in Retry-After when to ask again."},
    }
    schema["paths"][chat.path] = {
        "post": {
            "tags": ["OpenAI protocol"],
            "summary": "Chat completion",
            "operationId": chat.name,
            "requestBody": body,
            "responses": answers,
        }
    }
    return schema


def _names(request: Request) -> tuple[str, ...]:
    return (AUTO, *door_of(request).models.registry.tiers)


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "hospital-hub"}
