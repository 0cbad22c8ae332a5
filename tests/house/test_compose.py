"""docker-compose.yml: nothing open to the network, no password of its own, everything watched."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # it ships no types

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
every_service = pytest.mark.parametrize("name", SERVICES)


def test_the_shops_servers_and_their_tools_are_there() -> None:
    assert ":-postgres:15" in SERVICES["postgres"]["image"]
    assert ":-redis:7" in SERVICES["redis"]["image"]
    tools = {name for name, service in SERVICES.items() if service.get("profiles") == ["tools"]}
    assert tools == {"redis-commander", "pgadmin"}


@every_service
def test_a_port_is_bound_to_this_machine_only(name: str) -> None:
    ports = SERVICES[name]["ports"]
    assert ports
    # What tills need can be opened to them by hand, the tools cannot.
    can_be_opened = name in {"postgres", "redis"}
    before = "${BIND_ADDRESS:-127.0.0.1}:" if can_be_opened else "127.0.0.1:"
    assert all(port.startswith(before) for port in ports)


@every_service
def test_a_service_is_watched_and_its_image_can_be_changed(name: str) -> None:
    service = SERVICES[name]
    assert service["healthcheck"]["test"]
    assert re.fullmatch(r"\$\{[A-Z_]+_IMAGE:-[^}]+\}", service["image"])


@every_service
def test_passwords_are_required_and_none_is_given(name: str) -> None:
    settings = {
        key: value
        for key, value in SERVICES[name]["environment"].items()
        if key.endswith("PASSWORD")
    }
    assert settings
    for value in settings.values():
        assert re.fullmatch(r"\$\{[A-Z_]+:\?[^}]+\}", value)


def test_data_is_kept_in_named_volumes() -> None:
    used = {
        volume.split(":")[0]
        for service in SERVICES.values()
        for volume in service.get("volumes", [])
    }
    assert used == set(COMPOSE["volumes"])
    assert {"postgres", "redis"} <= used


def test_the_example_names_every_variable_and_fills_in_no_password() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    offered = dict(re.findall(r"^#?([A-Z_]+)=(.*)$", example, flags=re.MULTILINE))
    required = set(re.findall(r"(?<!\$)\$\{([A-Z_]+):\?", TEXT))
    optional = dict(re.findall(r"(?<!\$)\$\{([A-Z_]+):-([^}]+)\}", TEXT))
    assert set(offered) == required | set(optional)
    assert all(offered[name] == "" for name in required)
    assert all(offered[name] == value for name, value in optional.items())
