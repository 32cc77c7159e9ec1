"""What can go wrong between the hub and an EMR's authorisation server, as the hub needs to tell it apart."""

from enum import StrEnum


class Fault(StrEnum):
    UNREACHABLE = "unreachable"  # no connection, or too slow
    STATUS = "status"  # an HTTP status that the protocol does not foresee, redirects among them
    MALFORMED = "malformed"  # not the JSON that the specification asks for
    TOO_LARGE = "too_large"
    UNSUITED = "unsuited"  # the server lacks what the hub insists on (S256, https, the client's way to prove itself)
    FOREIGN = "foreign"  # an endpoint lies on an origin that is not registered for this EMR
    MIXED_UP = "mixed_up"  # another authorisation server answered than was asked (RFC 9207)
    WIDENED = "widened"  # more was granted than was asked
    OTHER_PATIENT = "other_patient"  # a renewed token is for another patient
    DENIED = "denied"  # an OAuth error; `oauth_code` says which (RFC 6749, 5.2)
    ID_TOKEN = "id_token"  # noqa: S105 - the id_token is not one that the issuer made for this launch


class SmartFault(Exception):
    """`detail` is a word of ours, never what the server sent; `oauth_code` is one of RFC 6749's."""

    def __init__(self, fault: Fault, detail: str = "", *, oauth_code: str = "", status: int = 0) -> None:
        super().__init__(f"{fault}: {detail or oauth_code or status}")
        self.fault = fault
        self.detail = detail
        self.oauth_code = oauth_code
        self.status = status

    @property
    def passing(self) -> bool:
        """Whether the same request may succeed later."""
        later = self.oauth_code in {"server_error", "temporarily_unavailable"}
        return later or self.fault is Fault.UNREACHABLE or (self.fault is Fault.STATUS and self.status >= 500)  # noqa: PLR2004
