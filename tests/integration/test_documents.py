"""Every document that the till sends is one that Blink knows."""

from __future__ import annotations

import pytest
from graphql import OperationDefinitionNode, OperationType, parse, validate

from blinkpos_desktop.services.blink.document_files import FOLDER, document
from blinkpos_desktop.simulator.schema import executable_schema
from tests.support.blink_schema import real_schema_or_skip

NAMES = sorted(path.stem for path in FOLDER.glob("*.graphql"))


def test_there_are_documents_and_nothing_else() -> None:
    assert "pay" in NAMES
    assert {path.suffix for path in FOLDER.iterdir()} == {".graphql"}


@pytest.mark.parametrize("name", NAMES)
def test_it_validates_against_the_simulators_schema(name: str) -> None:
    assert validate(executable_schema(), parse(document(name))) == []


@pytest.mark.parametrize("name", NAMES)
def test_it_validates_against_blinks_schema(name: str) -> None:
    assert validate(real_schema_or_skip(), parse(document(name))) == []


@pytest.mark.parametrize("name", NAMES)
def test_it_holds_one_operation_and_at_most_one_mutation(name: str) -> None:
    [operation] = parse(document(name)).definitions
    assert isinstance(operation, OperationDefinitionNode)
    if operation.operation is not OperationType.QUERY:
        assert len(operation.selection_set.selections) == 1
