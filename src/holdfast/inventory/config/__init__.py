"""Which models do configuration files, scripts and documents use? One reader a format; none of them runs anything."""

from collections.abc import Mapping
from types import MappingProxyType

from holdfast.inventory.config.keyed_lines import read_dotenv, read_ini
from holdfast.inventory.config.markdown import read_markdown
from holdfast.inventory.config.requirements import read_requirements
from holdfast.inventory.config.scripts import (
    read_batch,
    read_dockerfile,
    read_makefile,
    read_modelfile,
    read_powershell,
    read_shell,
    read_systemd,
)
from holdfast.inventory.config.trees import read_json, read_terraform, read_toml, read_yaml
from holdfast.inventory.sighting import Detector

READERS: Mapping[str, Detector] = MappingProxyType(
    {
        "yaml": read_yaml,
        "json": read_json,
        "toml": read_toml,
        "ini": read_ini,
        "dotenv": read_dotenv,
        "dockerfile": read_dockerfile,
        "shell": read_shell,
        "powershell": read_powershell,
        "batch": read_batch,
        "makefile": read_makefile,
        "justfile": read_makefile,
        "systemd": read_systemd,
        "modelfile": read_modelfile,
        "terraform": read_terraform,
        "requirements": read_requirements,
        "markdown": read_markdown,
        "rst": read_markdown,
        "asciidoc": read_markdown,
    }
)
