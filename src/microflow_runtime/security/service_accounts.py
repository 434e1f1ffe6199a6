"""Which flow may run as which service account: read whole, kept for a few seconds, asked on every anonymous call."""

from microflow_runtime.model.principal import Principal
from microflow_runtime.security.permissions import compile_grants
from microflow_runtime.store import Store


class ServiceAccounts:
    """The service accounts in force, as of the revocation word `word` and the monotonic moment `read_at`."""

    def __init__(self, principals: dict[tuple[str, str], Principal], word: int, read_at: float) -> None:
        self._principals = principals
        self.word = word
        self.read_at = read_at

    def find(self, flow: str, account: str) -> Principal | None:
        """Give the principal that `flow` (`Demo/ExchangeRate`) runs as when it names `account`; None when no role lets it."""
        return self._principals.get((flow, account))


async def read_service_accounts(store: Store, word: int, read_at: float) -> ServiceAccounts:
    """Read every grant. An account counts when it is a service account and not disabled.

    The principal may do what its roles permit, and execute the flow that it was granted to.
    """
    principals: dict[tuple[str, str], Principal] = {}
    accounts: dict[str, Principal | None] = {}
    for grant in await store.list_service_grants():
        if grant.account not in accounts:
            accounts[grant.account] = await _read_account(store, grant.account)
        plain = accounts[grant.account]
        if plain is not None:
            principals[grant.flow, grant.account] = Principal(
                username=plain.username,
                roles=plain.roles,
                service_account=True,
                grants=plain.grants | {("microflow", grant.flow, "execute")},
            )
    return ServiceAccounts(principals, word, read_at)


async def _read_account(store: Store, username: str) -> Principal | None:
    rights = await store.read_rights(username)
    if rights.user is None or rights.user.disabled or not rights.user.service_account:
        return None
    roles = tuple(role.name for role in rights.roles)
    return Principal(username=username, roles=roles, service_account=True, grants=compile_grants(rights))
