"""How much of a file from outside is read. What lies beyond a limit is reported as skipped, with the limit."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes, lengths in characters, times in seconds."""

    text_bytes_max: int = 2_000_000
    notebook_bytes_max: int = 20_000_000
    line_chars_max: int = 100_000
    script_line_chars_max: int = 20_000
    depth_max: int = 200
    file_wait_s: float = 20.0

    def get_bytes_max(self, format_name: str) -> int:
        """The size up to which a file of this format is read."""
        return self.notebook_bytes_max if format_name == "notebook" else self.text_bytes_max
