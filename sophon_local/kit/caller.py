"""Who asks. The first argument of every public verb of a service, so that no surface can forget the permission."""

from __future__ import annotations

import msgspec

from .errors import NotAllowed


class Caller(msgspec.Struct, frozen=True):
    """``kind`` is person, program or agent; ``permissions`` None means all of them (the owner in personal mode)."""

    user_id: str
    kind: str = "person"
    permissions: frozenset[str] | None = None

    def require(self, permission: str) -> None:
        if self.permissions is not None and permission not in self.permissions:
            raise NotAllowed(f"Missing required permission: {permission}", permission=permission)


def owner() -> Caller:
    """The one user of personal mode."""
    return Caller("usr_owner")
