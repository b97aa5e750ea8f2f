"""Energy of processors as Linux tells it under /sys/class/powercap (RAPL, of Intel and AMD).

A package's counter includes its cores, so those are left out; memory has a counter of its own. In most virtual machines
there is none of it.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from holdfast.measure.energy.energy import Reason, SensorKind
from holdfast.measure.energy.sensors import Reading

POWERCAP: Final = Path("/sys/class/powercap")
_ZONE: Final = re.compile(r"intel-rapl(-mmio)?:(\d+)(?::(\d+))?")


@dataclass(frozen=True, slots=True)
class RaplDomain:
    """One counter. `wraps_at_j` is its `max_energy_range_uj`."""

    name: str
    folder: Path
    wraps_at_j: float | None

    @property
    def kind(self) -> SensorKind:
        """A processor's package or its memory."""
        return SensorKind.CPU

    def read(self) -> Reading:
        """Joules so far; RAPL tells no watts."""
        try:
            return Reading(joules=int((self.folder / "energy_uj").read_text()) / 1e6)
        except PermissionError:
            return Reading(fault=Reason.NOT_PERMITTED)
        except (OSError, ValueError):
            return Reading(fault=Reason.SENSOR_LOST)


def find_rapl_domains(root: Path = POWERCAP) -> tuple[RaplDomain, ...]:
    """Each package and its memory, once; the whole platform only where no package is told. Empty where there is no
    RAPL."""
    zones = {folder.name: _read_text(folder / "name") for folder in _list(root)}
    found: dict[str, RaplDomain] = {}
    for zone in sorted(zones):  # intel-rapl-mmio:0 sorts before intel-rapl:0, which then takes its place
        match = _ZONE.fullmatch(zone)
        if match is None:
            continue
        parent = zones.get(f"intel-rapl{match[1] or ''}:{match[2]}", "")
        name = f"{parent}/{zones[zone]}" if match[3] else zones[zone]
        if zones[zone].startswith(("package", "dram", "psys")):
            found[name] = RaplDomain(name, root / zone, _read_range(root / zone))
    packages = tuple(domain for name, domain in found.items() if not name.startswith("psys"))
    return packages or tuple(found.values())


def _list(root: Path) -> list[Path]:
    try:
        return list(root.iterdir())
    except OSError:
        return []


def _read_text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except (OSError, ValueError):
        return ""


def _read_range(folder: Path) -> float | None:
    text = _read_text(folder / "max_energy_range_uj")
    return int(text) / 1e6 if text.isdigit() else None
