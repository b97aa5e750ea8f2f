"""RAPL against folders laid out as Linux lays out /sys/class/powercap."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from holdfast.measure.energy.energy import Reason
from holdfast.measure.energy.rapl import RaplDomain, find_rapl_domains

SERVER = {
    "intel-rapl:0": "package-0",
    "intel-rapl:0:0": "dram",
    "intel-rapl:1": "package-1",
    "intel-rapl:1:0": "dram",
}
LAPTOP = {
    "intel-rapl:0": "package-0",
    "intel-rapl:0:0": "core",
    "intel-rapl:0:1": "uncore",
    "intel-rapl:1": "psys",
    "intel-rapl-mmio:0": "package-0",
}


def lay_out(root: Path, zones: Mapping[str, str], microjoules: int = 1_000_000) -> Path:
    for zone, name in zones.items():
        (root / zone).mkdir(parents=True)
        (root / zone / "name").write_text(f"{name}\n")
        (root / zone / "energy_uj").write_text(f"{microjoules}\n")
        (root / zone / "max_energy_range_uj").write_text("262143328850\n")
    (root / "intel-rapl").mkdir()  # the control type itself, which is no zone
    return root


def get_names(domains: tuple[RaplDomain, ...]) -> list[str]:
    return sorted(domain.name for domain in domains)


def test_a_servers_packages_and_their_memory_are_counted_each_once(tmp_path: Path) -> None:
    found = find_rapl_domains(lay_out(tmp_path, SERVER))
    assert get_names(found) == ["package-0", "package-0/dram", "package-1", "package-1/dram"]
    assert {domain.wraps_at_j for domain in found} == {262143.32885}


def test_cores_are_inside_their_package_and_a_second_way_to_it_is_not_another_one(tmp_path: Path) -> None:
    (found,) = find_rapl_domains(lay_out(tmp_path, LAPTOP))
    assert (found.name, found.folder.name) == ("package-0", "intel-rapl:0")


def test_the_whole_platform_is_taken_where_no_package_is_told(tmp_path: Path) -> None:
    assert get_names(find_rapl_domains(lay_out(tmp_path, {"intel-rapl:1": "psys"}))) == ["psys"]


def test_a_machine_without_rapl_has_no_domains(tmp_path: Path) -> None:
    assert find_rapl_domains(tmp_path / "none") == ()
    assert find_rapl_domains(tmp_path) == ()


def test_a_counter_is_read_in_joules(tmp_path: Path) -> None:
    (found,) = find_rapl_domains(lay_out(tmp_path, {"intel-rapl:0": "package-0"}, 2_500_000))
    assert found.read().joules == 2.5
    assert found.read().watts is None


def test_a_counter_that_vanishes_or_is_no_number_is_lost(tmp_path: Path) -> None:
    (found,) = find_rapl_domains(lay_out(tmp_path, {"intel-rapl:0": "package-0"}))
    counter = tmp_path / "intel-rapl:0" / "energy_uj"
    counter.write_text("what")
    assert found.read().fault is Reason.SENSOR_LOST
    counter.unlink()
    assert found.read().fault is Reason.SENSOR_LOST


def test_a_counter_for_root_alone_is_not_permitted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may read everything, so a test that runs as root is nobody for one look."""
    (found,) = find_rapl_domains(lay_out(tmp_path, {"intel-rapl:0": "package-0"}))
    (found.folder / "energy_uj").chmod(0o400 if os.geteuid() == 0 else 0)
    found.folder.chmod(0o755)
    monkeypatch.chdir(found.folder)  # a relative path needs no right to the folders above
    here = RaplDomain(found.name, Path(), found.wraps_at_j)
    if os.geteuid() != 0:
        assert here.read().fault is Reason.NOT_PERMITTED
        return
    os.seteuid(65534)
    try:
        reading = here.read()
    finally:
        os.seteuid(0)
    assert reading.fault is Reason.NOT_PERMITTED
