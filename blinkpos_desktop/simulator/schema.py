"""The schema with its resolvers."""

from functools import cache
from importlib.resources import files

from ariadne import InterfaceType, UnionType, make_executable_schema
from graphql import GraphQLSchema

from .context import Info
from .mutations import mutation
from .queries import account_type, query, wallet_types
from .scalars import SCALARS
from .subscriptions import subscription
from .views import View


def _typename(view: View, _info: Info, _type: object) -> str:
    return str(view["__typename"])


_INTERFACES = ("Account", "AccountLimit", "Error", "Invoice", "PriceInterface", "Wallet")
_UNIONS = ("InitiationVia", "SettlementVia", "UserUpdate")


def schema_text() -> str:
    """The schema as it is written: a strict subset of Blink's."""
    return files(__package__).joinpath("schema.graphql").read_text(encoding="utf-8")


@cache
def executable_schema() -> GraphQLSchema:
    """The schema that the server runs."""
    return make_executable_schema(
        schema_text(),
        query,
        mutation,
        subscription,
        account_type,
        *wallet_types,
        *(InterfaceType(name, _typename) for name in _INTERFACES),
        *(UnionType(name, _typename) for name in _UNIONS),
        *SCALARS,
    )
