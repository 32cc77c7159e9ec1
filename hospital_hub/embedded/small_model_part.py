"""The small model's server as a part; apart from the server itself, whose library is large."""

import sys
from collections.abc import Mapping

from hospital_hub.embedded.parts import Part
from hospital_hub.embedded.process import Program
from hospital_hub.embedded.ready import HttpOk


def small_model_part(port: int, *, env: Mapping[str, str]) -> Part:
    argv = (sys.executable, "-m", "hospital_hub.embedded.small_model", "--port", str(port))
    program = Program(argv=argv, env=env, grace=3.0)
    return Part(name="model", title="Small model", program=program, ready=HttpOk(port, "/health"))
