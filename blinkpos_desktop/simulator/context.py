"""What a resolver knows about its request."""

from dataclasses import dataclass

from graphql import GraphQLResolveInfo

from .accounts import Account, Identity, Scope, Wallet
from .faults import Fault, FaultKind
from .hub import Hub
from .refusals import NotAuthorizedRefusal, Refusal
from .world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The world, who asks, and the fault that this request meets."""

    world: World
    hub: Hub
    identity: Identity | None
    fault: Fault | None = None

    def account(self, scope: Scope) -> Account:
        """The account that asks, if its key has that scope."""
        if self.identity is None or scope not in self.identity.scopes:
            raise NotAuthorizedRefusal
        return self.identity.account

    def own_wallet(self, wallet_id: str, scope: Scope) -> Wallet:
        """A wallet of the account that asks; another's is refused without a code."""
        account = self.account(scope)
        wallet = next((w for w in account.wallets if w.id == wallet_id), None)
        if wallet is None:
            raise Refusal(None, "Invalid wallet")
        return wallet

    def fault_of(self, kind: FaultKind) -> Fault | None:
        """The request's fault, if it is of that kind."""
        return self.fault if self.fault is not None and self.fault.kind is kind else None


Info = GraphQLResolveInfo[Context]


def context_of(info: Info) -> Context:
    """The context of the request under way."""
    return info.context
