"""Sensors looked at by a thread while something runs; NVML through the few questions that are asked of it."""

import threading
from pathlib import Path

import pynvml  # type: ignore[import-untyped]
import pytest
from tests.measure.energy.test_rapl import lay_out

from holdfast.measure.energy.energy import Reason, SensorKind
from holdfast.measure.energy.nvml import Boards, find_boards, open_nvml
from holdfast.measure.energy.recording import Recorder, find_sensors, record_energy


class Clock:
    """Seconds that pass by themselves: one for each look."""

    def __init__(self, step_s: float = 1.0) -> None:
        self.now, self.step_s = 0.0, step_s

    def __call__(self) -> float:
        self.now += self.step_s
        return self.now


class TwoBoards:
    """One board that works at 400 W, and an old one without a counter that idles at 50 W; both by the clock."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.is_gone = False

    def count(self) -> int:
        return 2

    def find_name(self, index: int) -> str:
        return ("New", "Old")[index]

    def find_millijoules(self, index: int) -> int | None:
        if self.is_gone:
            raise OSError("GPU is lost")
        return int(self.clock.now * 400_000) if index == 0 else None

    def find_milliwatts(self, index: int) -> int | None:
        return (400_000, 50_000)[index]


def test_boards_are_read_by_counter_and_by_power() -> None:
    clock = Clock(0.5)
    recorder = Recorder(find_sensors(TwoBoards(clock), Path("/nowhere")), clock)
    for _ in range(100):
        recorder.poll()
    energy = recorder.judge()
    assert energy.joules == pytest.approx(99 * (400 + 50))
    assert [device.name for device in energy.devices] == ["New 0", "Old 1"]
    assert energy.reasons == (Reason.ONE_SOURCE,)


def test_a_board_that_is_lost_makes_the_measurement_invalid() -> None:
    boards = TwoBoards(Clock())
    recorder = Recorder(find_boards(boards), boards.clock)
    recorder.poll()
    boards.is_gone = True
    recorder.poll()
    energy = recorder.judge()
    assert energy.joules is None
    assert Reason.SENSOR_LOST in energy.reasons


def test_a_counter_in_a_folder_is_followed_while_something_runs(tmp_path: Path) -> None:
    """The folder's counter rises by 150 J between the first look and the last, whenever the thread looks."""
    root = lay_out(tmp_path, {"intel-rapl:0": "package-0"}, 1_000_000)
    looks = threading.Semaphore(0)
    clock = Clock()

    def tell() -> float:
        looks.release()
        return clock()

    with record_energy(find_sensors(None, root), tell, interval_s=0.005) as recorder:
        for _ in range(4):
            assert looks.acquire(timeout=30)
        temporary = tmp_path / "next"
        temporary.write_text("151000000")
        temporary.rename(root / "intel-rapl:0" / "energy_uj")
    energy = recorder.judge()
    assert energy.joules == pytest.approx(150.0)
    assert energy.devices[0].kind is SensorKind.CPU


def test_a_block_that_fails_ends_the_thread_and_lets_the_error_out(tmp_path: Path) -> None:
    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt), record_energy(find_sensors(None, tmp_path), Clock(), 0.01):
        raise KeyboardInterrupt
    assert threading.active_count() == before


def test_a_machine_without_sensors_is_not_measurable() -> None:
    energy = Recorder((), Clock()).judge()
    assert energy.reasons == (Reason.NO_SENSOR,)
    assert "not measurable" in energy.say()


def test_nvml_is_opened_where_there_is_a_driver_and_is_none_elsewhere() -> None:
    """The binding's own library decides; on a machine with boards each tells joules, watts or neither."""
    boards = open_nvml()
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        assert boards is None
        return
    assert boards is not None
    for board in find_boards(boards):
        assert board.read().fault is None
        assert board.name


def test_the_real_binding_has_every_question_that_is_asked() -> None:
    for name in (
        *("nvmlInit", "nvmlDeviceGetCount", "nvmlDeviceGetName", "nvmlDeviceGetHandleByIndex"),
        *("nvmlDeviceGetTotalEnergyConsumption", "nvmlDeviceGetPowerUsage", "NVMLError"),
        *("NVML_ERROR_NOT_SUPPORTED", "NVML_ERROR_NO_PERMISSION"),
    ):
        assert hasattr(pynvml, name), name


def test_two_boards_are_what_the_protocol_asks_for() -> None:
    boards: Boards = TwoBoards(Clock())
    assert boards.count() == len(find_boards(boards))
