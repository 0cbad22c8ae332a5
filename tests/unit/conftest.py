"""Hypothesis for the unit tests: enough examples to find it, few enough to wait for."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile(
    "unit",
    deadline=None,
    max_examples=150,
    stateful_step_count=30,
    database=None,
    # The environment that each test gets is the same for every example.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.load_profile("unit")
