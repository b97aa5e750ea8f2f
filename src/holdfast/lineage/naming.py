"""What a model's name alone tells of its origin. Guesses are marked as patterns; names that tell nothing stay unknown.

Declared namespace before exact name before pattern before unknown. A family's name in an unknown namespace means a
derivative by somebody unknown, unless a known re-packager's name says that it was only converted.
"""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

from holdfast.lineage.registry import Registry
from holdfast.lineage.spelling import Parts, is_conversion, is_plain, split_name
from holdfast.lineage.stems import Hit, Words, split_words
from holdfast.records.evidence import Sureness
from holdfast.records.family import Openness
from holdfast.records.lineage import Basis, NameOrigin
from holdfast.records.model import ModelName
from holdfast.records.organisation import Role

USER_NAMED = "The deployment's name is chosen by the user; it need not be the model's."
USER_TUNED = "A fine-tune ordered by a user of the provider."
NOT_KNOWN = "The registry does not know this name; that its provider built it is an assumption."

_Determined = tuple[str | None, Basis, Sureness]
_NOBODY: _Determined = (None, Basis.UNKNOWN, Sureness.UNKNOWN)


class _Reading(NamedTuple):
    """A name with everything found in it, before anyone decides."""

    name: ModelName
    parts: Parts
    words: Words
    hits: tuple[Hit, ...]
    owner: str | None  # organisation of the namespace or vendor word
    tagged: str | None  # organisation named at the head of the text, as in `bartowski/Qwen_Qwen3-8B-GGUF`


class NameReader:
    """Reads names against one registry. Answers are remembered; the registry never changes."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._known: dict[ModelName, NameOrigin] = {}

    @property
    def registry(self) -> Registry:
        """What names are read against."""
        return self._registry

    def read(self, name: ModelName) -> NameOrigin:
        """What the name tells. Never fails: a name that tells nothing has no developer and basis UNKNOWN."""
        origin = self._known.get(name)
        if origin is None:
            origin = self._known[name] = self.read_once(name)
        return origin

    def read_once(self, name: ModelName) -> NameOrigin:
        """The same, without remembering: for tables whose names are all different."""
        return self._determine(self._take_apart(name))

    def _take_apart(self, name: ModelName) -> _Reading:
        parts = split_name(name, self._registry.naming)
        words, owner = split_words(parts.text), self._find_owner(parts)
        hits = self._sharpen([hit for hit in self._registry.stems.find(words) if self._counts(hit, parts, owner)])
        return _Reading(name, parts, words, hits, owner, self._find_tag(parts))

    def _counts(self, hit: Hit, parts: Parts, owner: str | None) -> bool:
        """Everyday words, and closed models in the names of published weights, count only beside their developer."""
        closed = parts.hub != "api" and self._registry.families[hit.owner].openness is Openness.CLOSED
        if not (hit.weak or closed) or owner in self._developers(hit):
            return True
        bare = parts.hub in ("api", "generic") and not parts.vendors
        return not closed and (bare or self._registry.has_role(owner, Role.REPACKAGER))

    def _find_tag(self, parts: Parts) -> str | None:
        head, sign, _ = parts.text.partition("_")
        return self._registry.hub_owners.get(("huggingface", head.lower())) if sign and parts.vendors else None

    def _sharpen(self, hits: Sequence[Hit]) -> tuple[Hit, ...]:
        """Without brands beside a family of the same developer: `Qwen_Qwen3-8B` is Qwen3."""
        if len(hits) < 2:
            return tuple(hits)
        sharp = {developer for hit in hits if not self._is_brand(hit) for developer in self._developers(hit)}
        return tuple(hit for hit in hits if not (self._is_brand(hit) and sharp.intersection(self._developers(hit))))

    def _find_owner(self, parts: Parts) -> str | None:
        registry = self._registry
        if parts.hub == "api":
            words = (*reversed(parts.vendors), parts.hint)
            return next((owner for owner in map(self._find_vendor, words) if owner), None)
        if not parts.vendors:
            return registry.hub_owners.get(("ollama", "library")) if parts.hub == "ollama" else None
        return registry.hub_owners.get((parts.hub, parts.vendors[0].lower()))

    def _find_vendor(self, word: str) -> str | None:
        registry = self._registry
        return registry.api_owners.get(word.lower()) or registry.hub_owners.get(("huggingface", word.lower()))

    def _is_brand(self, hit: Hit) -> bool:
        return self._registry.families[hit.owner].brand

    def _developers(self, hit: Hit) -> tuple[str, ...]:
        return self._registry.get_developers(hit.owner)

    # --- deciding ---------------------------------------------------------------------------------------------------

    def _determine(self, reading: _Reading) -> NameOrigin:
        exact = self._find_exact(reading)
        if exact is not None:
            repacks = self._registry.has_role(reading.owner, Role.REPACKAGER)
            found = (Basis.EXACT, Sureness.HIGH)
            return self._from_family(reading, exact, found, repackager=reading.owner if repacks else None)
        if reading.parts.hub == "api":
            return self._determine_hosted(reading)
        if reading.owner is not None:
            return self._determine_owned(reading, reading.owner)
        if reading.parts.vendors:
            return self._derivative(reading)
        return self._determine_bare(reading)

    def _find_exact(self, reading: _Reading) -> str | None:
        registry, path = self._registry, reading.name.path
        if reading.parts.hub in ("huggingface", "modelscope"):
            return registry.exact_names.get(path.lower())
        if reading.parts.hub == "ollama":
            return self._find_glob("ollama", path.lower())
        return self._find_glob("api", path.lower()) if reading.parts.hub == "api" else None

    def _find_glob(self, kind: str, text: str) -> str | None:
        globs = self._registry.ollama_globs if kind == "ollama" else self._registry.api_globs
        return next((family for glob, family in globs if fnmatchcase(text, glob)), None)

    def _determine_owned(self, reading: _Reading, owner: str) -> NameOrigin:
        builds = _builds(self._registry, owner)
        own = self._pick_own(reading.hits, owner)
        if own is not None:
            others = self._bases_beside(reading.hits, own)
            return self._origin(reading, (owner, Basis.NAMESPACE, Sureness.HIGH), own.owner, bases=others)
        if self._is_repackaged(reading, owner):
            return self._repackaged(reading, owner)
        if not builds and reading.parts.hub == "api":
            return self._derivative(reading)
        bases = tuple(dict.fromkeys(hit.owner for hit in reading.hits))
        sureness = Sureness.HIGH if builds else Sureness.MEDIUM
        return self._origin(reading, (owner, Basis.NAMESPACE, sureness), None, bases=bases)

    def _is_repackaged(self, reading: _Reading, owner: str) -> bool:
        """Others' weights in a namespace of someone who converts them, or who builds none of his own."""
        registry = self._registry
        repacks, builds = registry.has_role(owner, Role.REPACKAGER), _builds(registry, owner)
        if not self._is_copy(reading):
            return repacks and not builds
        return repacks or not builds or is_conversion(reading.words, registry.naming)

    def _pick_own(self, hits: Sequence[Hit], developer: str) -> Hit | None:
        own = [hit for hit in hits if developer in self._developers(hit)]
        return max(own, key=lambda hit: (not self._is_brand(hit), hit.end - hit.start), default=None)

    @staticmethod
    def _bases_beside(hits: Sequence[Hit], chosen: Hit) -> tuple[str, ...]:
        return tuple(dict.fromkeys(hit.owner for hit in hits if hit.owner != chosen.owner))

    def _is_copy(self, reading: _Reading) -> bool:
        """Nothing in the name but one family's name, sizes, stages and formats."""
        naming = self._registry.naming
        covered = {index for hit in reading.hits for index in range(hit.start, hit.end)}
        rest = [word for index, word in enumerate(reading.words) if index not in covered]
        return bool(reading.hits) and all(
            is_plain(word, naming) or self._is_vendor_word(word, reading) for word in rest
        )

    def _is_vendor_word(self, word: str, reading: _Reading) -> bool:
        owner = self._find_vendor(word)
        return owner is not None and any(owner in self._developers(hit) for hit in reading.hits)

    def _repackaged(self, reading: _Reading, repackager: str) -> NameOrigin:
        tagged = reading.tagged
        if tagged is not None and _builds(self._registry, tagged):
            own = self._pick_own(reading.hits, tagged)
            bases = tuple(dict.fromkeys(hit.owner for hit in reading.hits if hit is not own))
            determined = (tagged, Basis.PATTERN, Sureness.MEDIUM)
            return self._origin(reading, determined, own.owner if own else None, repackager=repackager, bases=bases)
        chosen = self._pick_primary(reading)
        if chosen is None or not self._is_copy(reading):
            return self._derivative(reading, repackager)
        return self._from_family(reading, chosen.owner, (Basis.PATTERN, Sureness.MEDIUM), repackager=repackager)

    def _pick_primary(self, reading: _Reading) -> Hit | None:
        """The one hit that all others are bases of; None when the name leaves a choice."""
        for hit in reading.hits:
            developers, ancestors = set(self._developers(hit)), self._registry.get_ancestors(hit.owner)
            others = [h for h in reading.hits if h.owner != hit.owner]
            if all(h.owner in ancestors or developers & set(self._developers(h)) for h in others):
                return hit
        return None

    def _determine_bare(self, reading: _Reading) -> NameOrigin:
        """No namespace: a legacy hub name, an engine's short name, or a file."""
        chosen = self._pick_primary(reading)
        is_file = reading.parts.hub == "file"
        if chosen is None or (is_file and not self._is_copy(reading)):
            return self._derivative(reading)
        doubtful = is_file or self._registry.families[chosen.owner].architecture
        sureness = Sureness.LOW if doubtful else Sureness.MEDIUM
        return self._from_family(reading, chosen.owner, (Basis.PATTERN, sureness))

    def _determine_hosted(self, reading: _Reading) -> NameOrigin:
        parts = reading.parts
        provider = self._registry.api_owners.get(parts.provider)
        if parts.text.startswith("ft:"):
            return self._derivative(reading, note=USER_TUNED)
        if parts.provider in self._registry.naming.user_named_endpoints:
            return self._determine_deployment(reading)
        if reading.owner is not None and reading.owner != provider:
            return self._determine_owned(reading, reading.owner)
        if parts.vendors and reading.owner is None:
            return self._derivative(reading)
        return self._determine_unprefixed(reading, provider)

    def _determine_deployment(self, reading: _Reading) -> NameOrigin:
        chosen = self._pick_primary(reading)
        if chosen is None:
            return self._derivative(reading, note=USER_NAMED)
        return self._from_family(reading, chosen.owner, (Basis.PATTERN, Sureness.LOW), note=USER_NAMED)

    def _determine_unprefixed(self, reading: _Reading, provider: str | None) -> NameOrigin:
        own = self._pick_own(reading.hits, provider) if provider else None
        if own is not None and provider is not None:
            others = self._bases_beside(reading.hits, own)
            return self._origin(reading, (provider, Basis.NAMESPACE, Sureness.HIGH), own.owner, bases=others)
        chosen = self._pick_primary(reading)
        if chosen is not None:
            return self._from_family(reading, chosen.owner, (Basis.PATTERN, Sureness.MEDIUM))
        vouched = reading.owner is not None or reading.parts.provider not in self._registry.naming.mixed_endpoints
        if provider is not None and vouched and _builds(self._registry, provider):
            return self._origin(reading, (provider, Basis.NAMESPACE, Sureness.LOW), None, note=NOT_KNOWN)
        return self._derivative(reading)

    # --- answers ----------------------------------------------------------------------------------------------------

    def _from_family(
        self,
        reading: _Reading,
        family: str,
        found: tuple[Basis, Sureness],
        *,
        repackager: str | None = None,
        note: str = "",
    ) -> NameOrigin:
        developers = self._registry.get_developers(family)
        hit = next((h for h in reading.hits if h.owner == family), None)
        bases = self._bases_beside(reading.hits, hit) if hit else ()
        if reading.owner in developers:
            determined: _Determined = (reading.owner, Basis.NAMESPACE, Sureness.HIGH)
        elif developers:
            determined = (developers[0], *found)
        else:
            determined = _NOBODY
        return self._origin(reading, determined, family, repackager=repackager, bases=bases, note=note)

    def _derivative(self, reading: _Reading, repackager: str | None = None, note: str = "") -> NameOrigin:
        """Made by somebody unknown on whatever families the name tells."""
        bases = tuple(dict.fromkeys(hit.owner for hit in reading.hits))
        return self._origin(reading, _NOBODY, None, repackager=repackager, bases=bases, note=note)

    def _origin(
        self,
        reading: _Reading,
        determined: _Determined,
        family: str | None,
        *,
        repackager: str | None = None,
        bases: tuple[str, ...] = (),
        note: str = "",
    ) -> NameOrigin:
        developer, basis, sureness = determined
        repacked = repackager is not None or is_conversion(reading.words, self._registry.naming)
        return NameOrigin(
            name=reading.name,
            developer=developer,
            basis=basis,
            confidence=sureness,
            family=family,
            bases=bases,
            repackager=None if repackager == developer else repackager,
            repackaged=repacked,
            words=reading.words,
            note=note,
        )


def _builds(registry: Registry, organisation: str) -> bool:
    return registry.has_role(organisation, Role.DEVELOPER)
