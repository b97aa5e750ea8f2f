"""What a lever is asked about: a model with its builders, endpoint and facts, as plain data."""

from dataclasses import dataclass, field

UNKNOWN_ORG = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One model (or other thing) to assess.

    `builders` holds organisation ids of everyone who built the weights, through every base; `UNKNOWN_ORG` among
    them means that somebody unknown took part. Empty: nobody holds the role (a thing that is no model).
    """

    name: str
    builders: tuple[str, ...] = ()
    developers: tuple[str, ...] = ()
    endpoint: str | None = None  # organisation that runs the API; None: nobody, it runs here
    host: str | None = None  # organisation that hosts the files
    counterparty: str | None = None
    families: tuple[str, ...] = ()
    facts: dict[str, object] = field(default_factory=dict[str, object])
