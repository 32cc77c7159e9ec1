"""This EMR as a client of the hub's CDS Hooks services: each call with a new token, none longer than a chart may wait.

A hub that is away, slow or answers nonsense is no failure of the EMR: the answer is then simply not there.
"""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final, Literal

import aiohttp
import orjson

from hospital_hub.embedded.emr.cards import Card, WrongAnswer, cards_of
from hospital_hub.embedded.emr.clients import CDS_CLIENT
from hospital_hub.embedded.emr.config import EmrConfig
from hospital_hub.embedded.emr.tokens import Context, Tokens

Hook = Literal["patient-view", "encounter-discharge"]
Language = Literal["zh-CN", "en"]
TIMEOUT: Final = aiohttp.ClientTimeout(total=1.5)


@dataclass(frozen=True)
class Decision:
    """What a doctor did with a card: took a suggestion, or dismissed it for a reason, in words, or both."""

    card: str
    suggestion: str = ""
    reason: str = ""
    reason_system: str = ""
    comment: str = ""

    def to_json(self, *, at: datetime) -> dict[str, Any]:
        """One entry of `feedback` (CDS Hooks 2.0.1, "Feedback")."""
        entry = {"card": self.card, "outcomeTimestamp": at.isoformat().replace("+00:00", "Z")}
        if self.suggestion:
            return {**entry, "outcome": "accepted", "acceptedSuggestions": [{"id": self.suggestion}]}
        reason = {"reason": {"code": self.reason, "system": self.reason_system}} if self.reason else {}
        told = {**reason, **({"userComment": self.comment} if self.comment else {})}
        return {**entry, "outcome": "overridden", **({"overrideReason": told} if told else {})}


@dataclass(frozen=True)
class HubHooks:
    config: EmrConfig
    http: aiohttp.ClientSession
    tokens: Tokens

    async def call(self, hook: Hook, context: Context, *, language: Language) -> tuple[Card, ...] | None:
        """The cards; None where the hub gave none that can be used."""
        answer = await self._send(f"/cds-services/{hook}", self._request(hook, context), language=language)
        try:
            return None if answer is None else cards_of(answer)
        except WrongAnswer:
            return None

    async def tell(self, hook: Hook, decision: Decision) -> bool:
        """Whether the hub took it; to the EMR it makes no difference."""
        entry = decision.to_json(at=datetime.fromtimestamp(self.config.now(), UTC))
        answer = await self._send(f"/cds-services/{hook}/feedback", {"feedback": [entry]}, language="en")
        return isinstance(answer, dict) and "issue" not in answer

    def _request(self, hook: Hook, context: Context) -> dict[str, Any]:
        scope, seconds = CDS_CLIENT.scope, CDS_CLIENT.token_seconds
        token = self.tokens.access(CDS_CLIENT, scope=scope, context=context, token_id=str(uuid.uuid4()))
        return {
            "hook": hook,
            "hookInstance": str(uuid.uuid4()),
            "fhirServer": self.config.fhir_base,
            "fhirAuthorization": {
                "access_token": token,
                "token_type": "Bearer",
                "expires_in": seconds,
                "scope": scope,
                "subject": CDS_CLIENT.client_id,
                "patient": context.patient,
            },
            "context": {
                "userId": context.fhir_user,
                "patientId": context.patient,
                **({"encounterId": context.encounter} if context.encounter else {}),
            },
        }

    async def _send(self, path: str, body: dict[str, Any], *, language: Language) -> object:
        url = self.config.hub + path
        headers = {
            "Authorization": f"Bearer {self.tokens.for_hub(url)}",
            "Content-Type": "application/json",
            "Accept-Language": language,
        }
        try:
            async with self.http.post(
                url, data=orjson.dumps(body), headers=headers, timeout=TIMEOUT, allow_redirects=False
            ) as response:
                return orjson.loads(await response.read()) if response.status == HTTPStatus.OK else None
        except (aiohttp.ClientError, TimeoutError, orjson.JSONDecodeError):
            return None
