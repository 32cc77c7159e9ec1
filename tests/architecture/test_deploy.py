"""models.toml, compose.yaml, the Dockerfile and the settings say the same; else it would only show on a GPU host."""

import re
import tomllib
from typing import Any

import pytest
import yaml

from hospital_hub.cli.serve import GRACE_SECONDS, WORKER_OPTIONS
from hospital_hub.cli.serve_model import arguments
from hospital_hub.embedded import demo_parts
from hospital_hub.registry import Registry
from hospital_hub.settings import Settings
from routing import Tier
from tests.architecture.sources import ROOT

DEPLOY = ROOT / "deploy"
HUB_PARTS = ("hub", "schema", "worker", "publisher")
STORES = ("postgres", "redis")
SECONDS = re.compile(r"(\d+)s")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def registry() -> Registry:
    return Registry.parse(tomllib.loads((DEPLOY / "models.toml").read_text(encoding="utf-8")))


def seconds(text: str) -> int:
    found = SECONDS.fullmatch(text)
    assert found, f"write {text} in seconds"
    return int(found[1])


def test_the_tiers_are_those_of_the_router(registry: Registry) -> None:
    assert list(registry.tiers) == [tier.label for tier in Tier]


def test_each_model_is_started_as_models_toml_says(compose: dict[str, Any], registry: Registry) -> None:
    for label, entry in registry.tiers.items():
        assert sorted(compose["services"][label]["command"]) == sorted(arguments(entry)), label


def test_each_replica_url_is_a_service_and_its_port(compose: dict[str, Any], registry: Registry) -> None:
    urls = [replica.url for entry in registry.tiers.values() for replica in entry.replicas]
    assert urls == [f"http://{label}:8000/v1" for label in registry.tiers]
    for label in registry.tiers:
        assert ":8000/health" in str(compose["services"][label]["healthcheck"]["test"])


def test_each_model_holds_the_gpus_that_its_cost_counts(compose: dict[str, Any], registry: Registry) -> None:
    largest = max(entry.gpus for entry in registry.tiers.values())
    for label, entry in registry.tiers.items():
        (devices,) = compose["services"][label]["deploy"]["resources"]["reservations"]["devices"]
        assert devices["count"] == entry.gpus == entry.serve["tensor_parallel_size"], label
        assert entry.cost == pytest.approx(entry.gpus / largest), label


def test_a_model_may_read_what_the_router_sends_it(registry: Registry) -> None:
    for label, entry in registry.tiers.items():
        assert entry.serve["max_model_len"] == entry.context_tokens, label
        assert entry.serve["max_num_seqs"] >= entry.max_inflight, label


def test_everything_has_time_to_finish(compose: dict[str, Any], registry: Registry) -> None:
    services = compose["services"]
    for label, entry in registry.tiers.items():
        assert seconds(services[label]["stop_grace_period"]) > entry.serve["shutdown_timeout"], label
    assert seconds(services["hub"]["stop_grace_period"]) > GRACE_SECONDS
    assert all("stop_grace_period" in services[name] for name in (*HUB_PARTS[2:], *STORES))


def test_every_variable_and_secret_is_a_setting(compose: dict[str, Any]) -> None:
    known = {f"HUB_{name.upper()}" for name in Settings.model_fields}
    for name in HUB_PARTS:
        service = compose["services"][name]
        used = set(service["environment"]) | {one.upper() for one in service["secrets"] if one.startswith("hub_")}
        assert used <= known, name
        assert {"HUB_DATABASE_URL", "HUB_REDIS_URL", "HUB_SECRET_KEY_FILE"} <= used, name


def test_every_named_secret_exists_and_is_a_file(compose: dict[str, Any]) -> None:
    declared = compose["secrets"]
    assert all(set(secret) == {"file"} for secret in declared.values())
    for name, service in compose["services"].items():
        assert set(service.get("secrets", ())) <= declared.keys(), name
        for value in service.get("environment", {}).values():
            path = str(value)
            assert not path.startswith("/run/secrets/") or path.removeprefix("/run/secrets/") in service["secrets"], (
                name
            )


def test_no_password_stands_in_the_file(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        loud = [key for key in service.get("environment", {}) if re.search(r"PASSWORD|TOKEN|SECRET", key)]
        assert all(key.endswith("_FILE") for key in loud), name


def test_only_loopback_ports_are_published(compose: dict[str, Any]) -> None:
    published = [port for service in compose["services"].values() for port in service.get("ports", ())]
    assert published == ["127.0.0.1:8700:8700"]


def test_models_and_stores_reach_nothing_outside(compose: dict[str, Any], registry: Registry) -> None:
    inner = {name for name, network in compose["networks"].items() if network.get("internal")}
    for name in (*registry.tiers, *STORES, "schema", "publisher"):
        assert set(compose["services"][name]["networks"]) <= inner, name
    beside_models = {name for name, service in compose["services"].items() if "models" in service.get("networks", ())}
    assert beside_models == {"hub", *registry.tiers}


def test_every_service_belongs_to_a_profile(compose: dict[str, Any]) -> None:
    profiles = {name: service["profiles"] for name, service in compose["services"].items()}
    assert profiles.pop("demo") == ["demo"]
    assert set(map(tuple, profiles.values())) == {("gpu",)}


def test_the_hub_is_no_root_and_cannot_write(compose: dict[str, Any]) -> None:
    for name in HUB_PARTS:
        service = compose["services"][name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"], name
    dockerfile = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    stages = dockerfile.split("\nFROM ")[1:]
    for stage in stages:
        if "ENTRYPOINT" in stage:
            assert re.search(r"^USER 10001$", stage, re.MULTILINE), stage.splitlines()[0]


def test_what_the_image_copies_is_there() -> None:
    dockerfile = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    for line in re.findall(r"^COPY (?!--from)(.+)$", dockerfile, re.MULTILINE):
        for source in line.split()[:-1]:
            assert (ROOT / source).exists(), source


def test_the_demonstrations_worker_is_the_worker() -> None:
    assert sorted(demo_parts.WORKER_OPTIONS) == sorted(WORKER_OPTIONS)
