"""What a launch is to open, as a card of the hub put it into its link (CDS Hooks 2.0.1, "Link": appContext). Pure.

The text comes back through the EMR, so nothing in it is believed: it chooses among what the clinician may see anyway.
"""

import json
import re
import uuid
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

LONGEST: Final = 2000
_KIND: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass(frozen=True)
class Opening:
    """A draft, or a kind of document to be written; by default the panel as it is."""

    draft: uuid.UUID | None = None
    document: str = ""

    @property
    def query(self) -> str:
        """For the panel's address; names no patient."""
        wanted = {"draft": str(self.draft) if self.draft else "", "document": self.document}
        named = urlencode({name: value for name, value in wanted.items() if value})
        return f"?{named}" if named else ""


def opening_of(app_context: str) -> Opening:
    """Another app's context, or a broken one, opens the panel as it is."""
    try:
        found = json.loads(app_context) if len(app_context) <= LONGEST else None
    except (ValueError, RecursionError):
        return Opening()
    if not isinstance(found, dict) or found.get("hub") != "cds":
        return Opening()
    return Opening(_draft(found.get("draft")), _document(found.get("document")))


def _draft(value: Any) -> uuid.UUID | None:  # noqa: ANN401 - JSON from outside
    try:
        return uuid.UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _document(value: Any) -> str:  # noqa: ANN401 - JSON from outside
    return value if isinstance(value, str) and _KIND.fullmatch(value) else ""
