"""Our schema is a strict subset of Blink's, compared literally."""

import pytest
from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    build_schema,
    find_breaking_changes,
    is_required_argument,
    is_required_input_field,
    is_specified_scalar_type,
    print_ast,
)

from blinkpos_desktop.simulator.schema import executable_schema, schema_text
from tests.support import blink_schema


@pytest.fixture(name="real", scope="module")
def _real() -> GraphQLSchema:
    return blink_schema.real_schema_or_skip()


def _default(argument: GraphQLArgument) -> str | None:
    node = argument.ast_node
    assert node is not None
    return None if node.default_value is None else print_ast(node.default_value)


def _fields(ours: GraphQLNamedType, theirs: GraphQLNamedType) -> list[str]:
    assert isinstance(ours, GraphQLObjectType | GraphQLInterfaceType)
    assert isinstance(theirs, GraphQLObjectType | GraphQLInterfaceType)
    wrong = []
    for name, field in ours.fields.items():
        path = f"{ours.name}.{name}"
        other = theirs.fields.get(name)
        if other is None:
            wrong.append(f"{path} is not Blink's")
            continue
        if str(field.type) != str(other.type):
            wrong.append(f"{path}: {field.type} is {other.type} at Blink")
        if field.deprecation_reason != other.deprecation_reason:
            wrong.append(f"{path} differs in its deprecation")
        for key, argument in field.args.items():
            if key not in other.args:
                wrong.append(f"{path}({key}) is not Blink's")
            elif str(argument.type) != str(other.args[key].type):
                wrong.append(f"{path}({key}): {argument.type} is {other.args[key].type} at Blink")
            elif _default(argument) != _default(other.args[key]):
                wrong.append(f"{path}({key}) has another default at Blink")
        wrong += [
            f"{path}({key}) is required at Blink"
            for key, argument in other.args.items()
            if is_required_argument(argument) and key not in field.args
        ]
    wrong += [
        f"{ours.name} implements {interface.name}, not so at Blink"
        for interface in ours.interfaces
        if interface.name not in {i.name for i in theirs.interfaces}
    ]
    return wrong


def _inputs(ours: GraphQLInputObjectType, theirs: GraphQLInputObjectType) -> list[str]:
    wrong = []
    for name, field in ours.fields.items():
        other = theirs.fields.get(name)
        if other is None:
            wrong.append(f"{ours.name}.{name} is not Blink's")
        elif str(field.type) != str(other.type):
            wrong.append(f"{ours.name}.{name}: {field.type} is {other.type} at Blink")
    wrong += [
        f"{ours.name}.{name} is required at Blink"
        for name, field in theirs.fields.items()
        if is_required_input_field(field) and name not in ours.fields
    ]
    return wrong


def differences(ours: GraphQLSchema, theirs: GraphQLSchema) -> list[str]:
    wrong = []
    for name, kind in ours.type_map.items():
        if name.startswith("__") or is_specified_scalar_type(kind):
            continue
        other = theirs.type_map.get(name)
        if other is None or type(kind) is not type(other):
            wrong.append(f"{name} is not Blink's, or not of that kind")
        elif isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            wrong += _fields(kind, other)
        elif isinstance(kind, GraphQLInputObjectType):
            assert isinstance(other, GraphQLInputObjectType)
            wrong += _inputs(kind, other)
        elif isinstance(kind, GraphQLEnumType):
            assert isinstance(other, GraphQLEnumType)
            # All values of them: a client must meet here what it may meet there.
            if set(kind.values) != set(other.values):
                wrong.append(f"{name} has other values at Blink")
        elif isinstance(kind, GraphQLUnionType):
            assert isinstance(other, GraphQLUnionType)
            if not {t.name for t in kind.types} <= {t.name for t in other.types}:
                wrong.append(f"{name} has types that are not Blink's")
    return wrong


def test_it_is_a_subset_of_the_real_one(real: GraphQLSchema) -> None:
    assert differences(executable_schema(), real) == []


def test_every_type_is_there_when_read_from_its_text(real: GraphQLSchema) -> None:
    text = build_schema(schema_text())
    assert differences(text, real) == []
    breaking = find_breaking_changes(text, real)
    # Blink's unions and enums are wider; nothing else may break.
    assert [c for c in breaking if not c.type.name.startswith("TYPE_ADDED")] == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  memo: Memo\n  recipientWalletId", "  memo: Memo!\n  recipientWalletId"),
        ("  amount: SatAmount!\n  expiresIn: Minutes\n", "  expiresIn: Minutes\n"),
        ("  id: ID!\n  initiationVia", "  id: ID\n  initiationVia"),
        ("invoiceByPaymentHash(paymentHash: PaymentHash!)", "invoiceByPaymentHash"),
        ("{ READ RECEIVE WRITE }", "{ READ RECEIVE }"),
        ('currency: DisplayCurrency = "USD")', 'currency: DisplayCurrency = "EUR")'),
        ("  flag: String!\n", "  flag: String!\n  colour: String\n"),
        ("input RealtimePriceInput {", "input RealtimePriceInput {\n  colour: String"),
        ("union UserUpdate = ", "union UserUpdate = Currency | "),
        ("  me: User\n  realtimePrice", "  me(id: ID): User\n  realtimePrice"),
    ],
)
def test_the_comparison_sees_what_differs(real: GraphQLSchema, old: str, new: str) -> None:
    assert old in schema_text()
    changed = build_schema(schema_text().replace(old, new), assume_valid=True)
    assert len(differences(changed, real)) >= 1


def test_a_missing_file_fails_in_ci_and_skips_elsewhere(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setenv("BLINK_SCHEMA_FILE", f"{tmp_path}/none.graphql")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="BLINK_SCHEMA_FILE"):
        blink_schema.real_schema_or_skip()
    monkeypatch.delenv("CI")
    with pytest.raises(pytest.skip.Exception, match="BLINK_SCHEMA_FILE"):
        blink_schema.real_schema_or_skip()
