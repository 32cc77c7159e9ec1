"""What a caller is told when there is no answer: the hub's errors, by what routing, the gate or a server said."""

from hospital_hub.errors import Busy, HubError, ModelsUnavailable, TooLong, UpstreamFailed
from integrations.vllm.errors import UpstreamFault
from routing import Refusal

BUSY = 429
RETRY_SECONDS = 5


def refused(refusal: Refusal) -> HubError:
    if refusal.code == "too_long":
        return TooLong("The text is longer than any model can read.", "Shorten it, or split it into parts.")
    if refusal.code == "down":
        return ModelsUnavailable("No model that may answer this is running.", "Please try again in a few seconds.")
    return Busy("All models that may answer this are busy.", "Please try again soon.", retry_after=refusal.retry_after)


def failed(fault: UpstreamFault, *, spoke: bool) -> HubError:
    if spoke:
        return UpstreamFailed(
            "The answer broke off.", "What is shown is incomplete. Please ask again.", code="answer_cut"
        )
    if fault.caller_is_wrong:
        return TooLong("The model cannot take this request.", "Shorten the text and try again.", code="model_rejected")
    if fault.status == BUSY:
        wait = round(fault.retry_after) if fault.retry_after else RETRY_SECONDS
        return Busy("All models that may answer this are busy.", "Please try again soon.", retry_after=max(1, wait))
    return ModelsUnavailable("No model gave an answer.", "Please try again in a few seconds.")


def undecided() -> HubError:
    """Two opinions differ and the third is not to be had: none of them is the answer."""
    return ModelsUnavailable(
        "Two models answered differently, and the third one gave no answer.",
        "Please try again in a few seconds.",
        code="no_agreement",
    )
