"""The packaged rule data and its strict reader: YAML in, frozen records out, every error with file and line.

Refuses unknown keys, duplicate ids and values of the wrong type. Reads only; downloads nothing.
"""

from holdfast.data.packs import data_folder, read_pack_file, read_pack_folder

__all__ = ["data_folder", "read_pack_file", "read_pack_folder"]
