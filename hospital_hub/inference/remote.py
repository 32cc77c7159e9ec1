"""How a worker asks: over the hub's internal door, so that one process decides about room for everybody."""

import aiohttp
import orjson

from hospital_hub.errors import BadInput, Busy, HubError, ModelsUnavailable, UpstreamFailed
from hospital_hub.identity.guard import BEARER
from hospital_hub.inference.internal import AskIn, AskOut

PATIENCE_SECONDS = 15.0
OK, TOO_BUSY, UNAVAILABLE = 200, 429, 503
WRONG_INPUT = frozenset({400, 413, 422})


async def ask_hub(http: aiohttp.ClientSession, *, url: str, token: str, question: AskIn) -> AskOut:
    """One answer from the hub at `url`.

    Raises:
        Busy: with the hub's own retry-after. ModelsUnavailable: hub or models are down. BadInput: it will never fit.
    """
    timeout = aiohttp.ClientTimeout(total=question.deadline + PATIENCE_SECONDS, connect=PATIENCE_SECONDS)
    try:
        async with http.post(
            f"{url}/internal/ask",
            data=question.model_dump_json(),
            headers={"Authorization": BEARER + token, "Content-Type": "application/json"},
            timeout=timeout,
        ) as response:
            body = await response.read()
            if response.status == OK:
                return AskOut.model_validate(orjson.loads(body))
            raise _error(response.status, response.headers.get("Retry-After", "5"))
    except (TimeoutError, aiohttp.ClientError) as gone:
        raise ModelsUnavailable("The hub did not answer the worker.", "It will be asked again.") from gone


def _error(status: int, retry_after: str) -> HubError:
    if status == TOO_BUSY:
        return Busy("The models are busy with people.", retry_after=int(retry_after) if retry_after.isdigit() else 5)
    if status in WRONG_INPUT:
        return BadInput("This item does not fit any model.", "Shorten it.", code="item_rejected")
    if status == UNAVAILABLE:
        return ModelsUnavailable("No model is running.", "It will be asked again.")
    return UpstreamFailed("The model gave no usable answer.", "It will be asked again.")
