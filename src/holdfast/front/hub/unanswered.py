"""What hubs answer and a vault does not, and why: 501 says so, where 404 would say that it is not there."""

from collections.abc import Sequence
from typing import Final

from aiohttp import web

from holdfast.front.hub.addresses import Target
from holdfast.front.hub.answers import answer_error

WORDS: Final = {
    "compare": "a vault compares no revisions; download both",
    "jwt": "a vault gives access by tokens of its own",
    "notebook": "a vault runs nothing",
    "scan": "what files are dangerous is told by `holdfast show`",
    "user-access-request": "a vault has no queue for access",
    "user-access-report": "a vault has no queue for access",
    "resource-group": "a vault has no groups; see `holdfast token`",
    "parquet": "a vault converts no datasets",
    "leaderboard": "a vault ranks nothing",
    "sql-console": "a vault queries no datasets",
    "likers": "a vault counts no likes",
    "runtime": "a vault runs no spaces",
    "events": "a vault runs no spaces",
    "logs": "a vault runs no spaces",
    "metrics": "a vault runs no spaces",
    "secrets": "a vault runs no spaces",
    "variables": "a vault runs no spaces",
    "croissant": "a vault describes no datasets",
}
"""By the word after a repository's name."""
FAMILIES: Final = {
    "blog": "a vault has no articles",
    "buckets": "a vault has no buckets for others",
    "collections": "a vault has no collections",
    "daily_papers": "a vault has no papers",
    "docs": "a vault has no documentation of others",
    "inference-endpoints": "a vault runs nothing for others",
    "jobs": "a vault runs nothing for others",
    "notifications": "a vault has no users",
    "organizations": "a vault has no organisations",
    "papers": "a vault has no papers",
    "posts": "a vault has no posts",
    "quicksearch": "search with /api/models?search=",
    "recent-activity": "a vault has no users",
    "scheduled-jobs": "a vault runs nothing for others",
    "settings": "a vault has no users",
    "trending": "a vault ranks nothing",
    "users": "a vault has no users",
}
"""By the first part after `/api/`."""


def find_unanswered(parts: Sequence[str], target: Target | None) -> web.Response | None:
    """501 for what hubs are known to answer; None for what is not known either."""
    if target is not None and target.word in WORDS:
        return answer_error(501, f"This is not answered here: {WORDS[target.word]}.")
    if len(parts) > 1 and parts[0] == "api" and parts[1] in FAMILIES:
        return answer_error(501, f"This is not answered here: {FAMILIES[parts[1]]}.")
    return None
