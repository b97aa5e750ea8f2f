"""Collects what one file says and hands it back as a report. Merges what is said twice; keeps no secret value."""

import re
from collections.abc import Sequence
from dataclasses import replace

from holdfast.inventory.naming import find_named
from holdfast.inventory.sighting import FileReport, Handing, Reference, Setting, Sighting, Source, Suspect
from holdfast.records.use import Artefact, Catalogue, Confidence, Place, Skipped

CATALOGUE_LENGTH_MIN = 8
ZOO_LENGTH_MIN = 12
SETTINGS_MAX = 2_000
SAMPLE_LENGTH = 5
# Reports are kept on disk: what may be a password is not put into them.
_SECRET = re.compile(
    r"(?i)(?:^|_)(?:key|token|secret|password|passwd|pwd|pass|credentials?|auth|dsn|salt|private|cert)(?:_|$|\d)"
)
_SETTING_VALUE = re.compile(r"[\w./:@+#\[\]=,$\{\}~-]{1,200}")
_WORD = re.compile(r"[A-Za-z0-9][\w.+-]{1,63}")
_PASSED_ON = re.compile(r"\{\{-?\s*\.Values\.[\w.-]+[^{}]{0,100}\}\}")
_LIKELY_SECRET = re.compile(
    r"(?i)^(?:sk|pk|ghp|hf|xox[abp]|AKIA|AIza|ey[JI])[-_A-Za-z0-9]|^[A-Fa-f0-9]{32,}$|://[^/]*@"
)


class Gathering:
    """What a detector has found so far in one file."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._sightings: dict[tuple[int, str], Sighting] = {}
        self._references: dict[tuple[int, str], Reference] = {}
        self._handings: list[Handing] = []
        self._suspects: dict[tuple[int, str], Suspect] = {}
        self._settings: dict[tuple[int, str], Setting] = {}
        self._catalogues: dict[int, Catalogue] = {}
        self._artefacts: list[Artefact] = []

    def see(self, sighting: Sighting) -> None:
        """Add a sighting; the same text on the same line is one, with the call lines of both."""
        where = (sighting.line, sighting.text)
        known = self._sightings.get(where)
        if known is None:
            self._sightings[where] = sighting
            return
        better = known if _is_read(known) or not _is_read(sighting) else sighting
        calls = tuple(sorted({*known.call_lines, *sighting.call_lines}))
        self._sightings[where] = replace(
            better,
            call_lines=calls,
            revision=known.revision or sighting.revision,
            endpoint=known.endpoint or sighting.endpoint,
        )

    def suspect(self, text: str, line: int, rule: str) -> None:
        """Add a word in a place that plainly says model, which only the whole project can tell to be one.

        What is trained is an architecture.
        """
        if len(self._suspects) < SETTINGS_MAX and _WORD.fullmatch(text) and "train" not in rule:
            self._suspects.setdefault((line, text), Suspect(line, text, rule))

    def has(self, line: int, text: str) -> bool:
        """Whether this text on this line has been seen as a model."""
        return (line, text) in self._sightings

    def refer(self, name: str, sighting: Sighting) -> None:
        """Add a value to be looked up elsewhere in the project; without a name it is unresolved at once."""
        opened = replace(sighting, confidence=Confidence.UNRESOLVED)
        if name:
            self._references.setdefault((sighting.line, name), Reference(sighting.line, name, opened))
        else:
            self.see(opened)

    def follow(self, name: str, sighting: Sighting) -> None:
        """Add a value that is only passed on: worth a word where the project sets it, and no use where it does not."""
        self._references.setdefault((sighting.line, name), Reference(sighting.line, name, sighting))

    def set(self, name: str, line: int, value: str | None) -> None:
        """Add a named value that code may read; secrets and prose are left out."""
        if _SECRET.search(name) or len(self._settings) >= SETTINGS_MAX or not name or len(name) > 150:
            return
        if value is not None and (
            not (_SETTING_VALUE.fullmatch(value) or _PASSED_ON.fullmatch(value)) or _LIKELY_SECRET.search(value)
        ):
            return
        self._settings.setdefault((line, name), Setting(name, line, value))

    def list_models(self, line: int, names: Sequence[str]) -> None:
        """Add a list that is too long to be anyone's configuration."""
        different = tuple(dict.fromkeys(names))
        place = self.source_place(line)
        self._catalogues.setdefault(line, Catalogue(place, len(different), different[:SAMPLE_LENGTH]))

    def source_place(self, line: int) -> Place:
        """A line of this file."""
        return Place(self.source.path, line)

    def claim(self, artefact: Artefact) -> None:
        """Add what an artefact's own configuration says."""
        self._artefacts.append(artefact)

    def take(self, report: FileReport) -> None:
        """Add everything that another reader said about a part of this file."""
        for sighting in report.sightings:
            self.see(sighting)
        for reference in report.references:
            self._references.setdefault((reference.line, reference.name), reference)
        for setting in report.settings:
            self.set(setting.name, setting.line, setting.value)
        for catalogue in report.catalogues:
            self._catalogues.setdefault(catalogue.place.line, catalogue)
        self._artefacts.extend(report.artefacts)
        self._handings.extend(report.handings)
        self._suspects.update({(one.line, one.text): one for one in report.suspects})

    def _turn_zoo_into_catalogue(self) -> None:
        """A data file that names many models in one and the same way is a zoo, however deep its branches are."""
        if not self.source.path.endswith(".json"):
            return
        by_rule: dict[str, list[tuple[int, str]]] = {}
        for key, sighting in sorted(self._sightings.items()):
            by_rule.setdefault(sighting.rule, []).append(key)
        for keys in by_rule.values():
            if len({text for _, text in keys}) >= ZOO_LENGTH_MIN:
                self.list_models(keys[0][0], [text for _, text in keys])
                self._sightings = {key: one for key, one in self._sightings.items() if key not in keys}

    def report(self, skipped: str | None = None) -> FileReport:
        """Everything, in the order of the file; of several catalogues the longest."""
        self._turn_zoo_into_catalogue()
        longest = sorted(self._catalogues.values(), key=lambda one: (-one.length, one.place))[:1]
        return FileReport(
            path=self.source.path,
            sightings=tuple(self._sightings[key] for key in sorted(self._sightings)),
            catalogues=tuple(longest),
            artefacts=tuple(self._artefacts),
            settings=tuple(self._settings[key] for key in sorted(self._settings)),
            references=tuple(self._references[key] for key in sorted(self._references)),
            handings=tuple(self._handings),
            suspects=tuple(one for key, one in sorted(self._suspects.items()) if key not in self._sightings),
            skipped=Skipped(self.source.path, skipped) if skipped else None,
        )


def _is_read(sighting: Sighting) -> bool:
    """Whether the name can be read with what the sighting knows."""
    return find_named(sighting.text, sighting.via, sighting.endpoint) is not None


def skip(source: Source, reason: str) -> FileReport:
    """A file that could not be read, and why."""
    return FileReport(source.path, skipped=Skipped(source.path, reason))
