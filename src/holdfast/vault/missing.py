"""What may be lost without the catalogue knowing it. Packs that were pruned are gone as well, and not missed."""

from holdfast.vault.catalogue.objects import LIVE, PackRow, iterate_packs, list_unread
from holdfast.vault.catalogue.revisions import VERIFYING, find_lacking, iterate_revisions
from holdfast.vault.opening import Vault


def list_gone(vault: Vault) -> list[PackRow]:
    """Packs that the catalogue counts on and the medium does not have."""
    stored = {one.key for one in vault.storage.iterate("packs/")}
    return [pack for pack in iterate_packs(vault.database) if pack.state == LIVE and pack.key not in stored]


def may_lack(vault: Vault) -> bool:
    """Whether something is not here that the documents speak of, or some document that would tell: then a pack that the
    catalogue has never heard of may be what is lost."""
    database = vault.database
    if next(iterate_packs(database), None) is None or list_unread(database) or find_lacking(database):
        return True
    return any(row.state == VERIFYING for row in iterate_revisions(database))
