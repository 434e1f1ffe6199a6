"""What apps have been granted, in memory."""

from microflow_runtime.errors import Conflict, NotFound
from microflow_runtime.store.memory.contents import Contents, require_storable
from microflow_runtime.store.records import AppGrant, AuditEntry


class MemoryGrants:
    """See GrantStore."""

    _contents: Contents

    async def list_app_grants(self, app: str | None = None) -> list[AppGrant]:
        """Give the grants, of one app or of all, sorted by app, kind and name."""
        found = sorted(self._contents.app_grants.items())
        return [grant for key, grant in found if app is None or key[0] == app]

    async def add_app_grant(self, grant: AppGrant, audit: AuditEntry) -> None:
        """Keep a grant. Raises Conflict when it is there already."""
        require_storable(grant, audit)
        key = (grant.app, grant.kind, grant.name)
        if key in self._contents.app_grants:
            raise Conflict(f"{grant.app} has been granted the {grant.kind} {grant.name} already.")
        self._contents.app_grants[key] = grant
        self._contents.append(audit)

    async def remove_app_grant(self, app: str, kind: str, name: str, audit: AuditEntry) -> None:
        """Remove a grant. Raises NotFound."""
        require_storable(audit)
        if self._contents.app_grants.pop((app, kind, name), None) is None:
            raise NotFound(f"{app} has not been granted the {kind} {name}.")
        self._contents.append(audit)
