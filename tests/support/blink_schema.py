"""Blink's real schema, which no checkout carries."""

import os
from pathlib import Path

import pytest
from graphql import GraphQLSchema, build_schema

ROOT = Path(__file__).resolve().parents[2]


def schema_file() -> Path:
    named = os.environ.get("BLINK_SCHEMA_FILE")
    return Path(named) if named else ROOT.parent / "shared" / "blink" / "schema.graphql"


def load_real_schema() -> GraphQLSchema | None:
    path = schema_file()
    return build_schema(path.read_text(encoding="utf-8")) if path.is_file() else None


def real_schema_or_skip() -> GraphQLSchema:
    """The real schema; without the file the test is skipped, and in CI it fails."""
    schema = load_real_schema()
    if schema is not None:
        return schema
    reason = f"Blink's schema is not at {schema_file()}: set BLINK_SCHEMA_FILE"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
