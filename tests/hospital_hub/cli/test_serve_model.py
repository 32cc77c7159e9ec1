"""The command of a model server: what models.toml says, as vLLM takes it."""

import shlex
import tomllib
from typing import Any

import pytest
from typer.testing import CliRunner

from hospital_hub.cli import app
from hospital_hub.cli.serve_model import arguments
from hospital_hub.errors import WrongSetup
from hospital_hub.registry import Registry
from tests.architecture.sources import ROOT


@pytest.fixture
def document() -> dict[str, Any]:
    return tomllib.loads((ROOT / "deploy" / "models.toml").read_text(encoding="utf-8"))


def test_the_largest_model_is_expert_parallel_on_both_kinds_of_cards() -> None:
    for kind, more in (([], "--tensor-parallel-size=8"), (["--ascend"], "--quantization=ascend")):
        result = CliRunner().invoke(app, ["model-args", "r1-671b", *kind])
        words = shlex.split(result.stdout)
        assert words[:2] == ["vllm", "serve"]
        assert {"--served-model-name=r1-671b", "--reasoning-parser=deepseek_r1", "--enable-expert-parallel"} <= {*words}
        assert {"--scheduling-policy=priority", more} <= {*words}
        assert any(word.startswith("--shutdown-timeout=") for word in words)


def test_an_unknown_tier_is_answered_with_the_known_ones() -> None:
    for command in ("model-args", "serve-model"):
        result = CliRunner().invoke(app, [command, "r1-9b"])
        assert result.exit_code == 2
        assert "r1-32b" in result.stderr


def test_switches_values_and_tables(document: dict[str, Any]) -> None:
    document["tiers"]["r1-32b"]["serve"] |= {
        "enable_prefix_caching": False,
        "reasoning_config": {"reasoning_end_str": "</think>"},
    }
    made = arguments(Registry.parse(document).tiers["r1-32b"])
    assert "--no-enable-prefix-caching" in made
    assert '--reasoning-config={"reasoning_end_str": "</think>"}' in made


def test_a_tier_without_an_ascend_block_says_so(document: dict[str, Any]) -> None:
    del document["tiers"]["r1-32b"]["ascend"]
    with pytest.raises(WrongSetup, match=r"tiers\.r1-32b\.ascend"):
        arguments(Registry.parse(document).tiers["r1-32b"], ascend=True)


@pytest.mark.parametrize(
    ("block", "name", "value", "complaint"),
    [
        ("serve", "max_model_len", 4096, "context_tokens"),
        ("serve", "tensor_parallel_size", 4, "hold 4 cards, not 2"),
        ("serve", "pipeline_parallel_size", 2, "hold 4 cards, not 2"),
        ("serve", "tensor_parallel_size", "2", "whole number"),
        ("thinking", "kiosk", 0, "greater than 0"),
        ("repetition", "min_count", 1, "greater than or equal to 2"),
    ],
)
def test_a_server_that_cannot_keep_its_promise_is_refused(
    document: dict[str, Any], *, block: str, name: str, value: object, complaint: str
) -> None:
    document["tiers"]["r1-32b"][block][name] = value
    with pytest.raises(WrongSetup, match=complaint):
        Registry.parse(document)


def test_thinking_ends_before_the_first_token_clock(document: dict[str, Any]) -> None:
    """At 25 tokens a second; the answer's first token comes after the thinking."""
    for label, entry in Registry.parse(document).tiers.items():
        assert entry.thinking is not None
        assert max(entry.thinking.model_dump().values()) / 25 <= entry.clocks.first_token * 1.1, label
