"""A GNU Health at the wire: Tryton's JSON-RPC with one patient, evaluations, and the workflow of their signature.

tests/gnuhealth asks the same of a real one, so that this one cannot lie.
"""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

Record = dict[str, Any]
NO_RIGHT = ["UserError", ["No right to this, says a sentence about Ana Betz.", "", None]]
NEWER = ["ConcurrencyException", "Records were modified in the meanwhile"]


class Refusal(Exception):
    """`error` is what stands in the answer."""

    def __init__(self, error: list[Any]) -> None:
        super().__init__()
        self.error = error


@dataclass
class FakeGnuHealth:
    """`accounts` are passwords by login, `professionals` who of them may end an evaluation."""

    origin: str = ""
    database: str = "health"
    accounts: dict[str, str] = field(default_factory=dict)
    professionals: dict[str, int] = field(default_factory=dict)
    patients: list[Record] = field(default_factory=list)
    evaluations: dict[int, Record] = field(default_factory=dict)
    sessions: dict[str, str] = field(default_factory=dict)
    clock: int = 0

    @property
    def base(self) -> str:
        return f"{self.origin}/{self.database}"

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/{database}/", self._rpc, methods=["POST"])])

    async def _rpc(self, request: Request) -> Response:
        asked = await request.json()
        if request.path_params["database"] != self.database:
            return Response(status_code=404)
        if asked["method"] == "common.db.login":
            return self._log_in(*asked["params"])
        who = self.sessions.get(request.headers.get("Authorization", ""))
        if who is None:
            return Response(status_code=401)
        if asked["method"] == "common.db.logout":
            del self.sessions[request.headers["Authorization"]]
            return JSONResponse({"id": asked["id"], "result": None})
        try:
            result = self._method(asked["method"])(who, *asked["params"])
        except Refusal as refused:
            return JSONResponse({"id": asked["id"], "error": refused.error})
        return JSONResponse({"id": asked["id"], "result": result})

    def _log_in(self, login: str, parameters: Record, _language: str) -> Response:
        if self.accounts.get(login) != parameters["password"]:
            return Response(status_code=401)
        key = f"key-{len(self.sessions)}"
        token = base64.b64encode(f"{login}:1:{key}".encode()).decode()
        self.sessions[f"Session {token}"] = login
        return JSONResponse({"id": 0, "result": [1, key]})

    def _method(self, name: str) -> Callable[..., Any]:
        return {
            "model.gnuhealth.patient.search_read": self._patients,
            "model.gnuhealth.patient.evaluation.search_read": self._evaluations,
            "model.gnuhealth.patient.evaluation.create": self._create,
            "model.gnuhealth.patient.evaluation.write": self._write,
            "model.gnuhealth.patient.evaluation.end_evaluation": self._end,
            "model.gnuhealth.patient.evaluation.sign_evaluation": self._sign,
        }[name]

    def _patients(self, _who: str, domain: list[Any], *_rest: object) -> list[Record]:
        ((name, _equals, value),) = domain
        return [one for one in self.patients if one[name] == value]

    def _evaluations(self, _who: str, domain: list[Any], *_rest: object) -> list[Record]:
        ((name, _equals, value),) = domain
        return [self._shown(one) for one in self.evaluations.values() if one[name] == value]

    def _shown(self, record: Record) -> Record:
        altered = record["digest"] not in {None, _digest(record)}
        signer = {"rec_name": "Cordara, Cameron"} if record["signed_by"] else None
        return {**record, "digest_status": altered, "signed_by.": signer}

    def _create(self, _who: str, records: list[Record], _context: Record) -> list[int]:
        for values in records:
            known = any(one["code"] == values["code"] for one in self.evaluations.values())
            nobody = values["patient"] not in {one["id"] for one in self.patients}
            if known or nobody or values["healthprof"] not in self.professionals.values():
                raise Refusal(NO_RIGHT)
            number = len(self.evaluations) + 1
            blank = {"signed_by": None, "evaluation_endtime": None, "digest": None, "state": "in_progress"}
            self.evaluations[number] = {"id": number, **blank, **values}
            self._touch(self.evaluations[number])
        return list(self.evaluations)[-len(records) :]

    def _write(self, _who: str, numbers: list[int], values: Record, context: Record) -> None:
        for number in numbers:
            seen = context.get("_timestamp", {}).get(f"gnuhealth.patient.evaluation,{number}")
            if seen not in {None, self.evaluations[number]["_timestamp"]}:
                raise Refusal(NEWER)
            self.evaluations[number].update(values)
            self._touch(self.evaluations[number])

    def _end(self, who: str, numbers: list[int], _context: Record) -> None:
        if who not in self.professionals:
            raise Refusal(NO_RIGHT)
        now = datetime.now(UTC)  # noqa: TID251 - the server's own clock
        parts = ("year", "month", "day", "hour", "minute", "second", "microsecond")
        marked = {"__class__": "datetime", **{name: getattr(now, name) for name in parts}}
        changes = {"state": "done", "signed_by": self.professionals[who], "evaluation_endtime": marked}
        self.evaluations[numbers[0]].update(changes)
        self._touch(self.evaluations[numbers[0]])

    def _sign(self, _who: str, numbers: list[int], _context: Record) -> None:
        record = self.evaluations[numbers[0]]
        record.update({"state": "signed", "digest": _digest(record)})
        self._touch(record)

    def _touch(self, record: Record) -> None:
        self.clock += 1
        record["_timestamp"] = f"{self.clock}.0"


def _digest(record: Record) -> str:
    """Over selected fields, as module health_crypto does; `notes` is none of them."""
    return hashlib.sha512(repr([record["urgency"], record["evaluation_summary"]]).encode()).hexdigest()
