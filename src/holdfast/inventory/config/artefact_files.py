"""The configuration that lies beside weights: what it says is where they come from, a claim and not a use."""

from holdfast.inventory.config.tree import Leaf, Node, Table
from holdfast.inventory.naming import find_named
from holdfast.records.model import Revision, classify_revision
from holdfast.records.use import Artefact, LineageClaim, Place

_ADAPTER_KEYS = frozenset({"peft_type", "base_model_name_or_path"})
_CONFIG_KEYS = frozenset({"architectures", "model_type", "transformers_version", "_class_name", "_diffusers_version"})


def find_artefact(path: str, root: Node) -> Artefact | None:
    """The artefact that `adapter_config.json` or a model's `config.json` describes; None for any other file."""
    if not isinstance(root, Table):
        return None
    keys = root.keys
    folder = path.rpartition("/")[0] or "."
    if keys >= _ADAPTER_KEYS:
        return _describe(path, folder, root, "base_model_name_or_path")
    if len(_CONFIG_KEYS & keys) >= 2:
        return _describe(path, folder, root, "_name_or_path")
    return None


def _describe(path: str, folder: str, root: Table, key: str) -> Artefact:
    entry = next((entry for entry in root.entries if entry.key == key), None)
    base = entry.node.text if entry is not None and isinstance(entry.node, Leaf) else ""
    line = entry.node.line if entry is not None else 1
    is_adapter = key != "_name_or_path"
    source = "adapter_config" if is_adapter else "config"
    relation = "adapter" if is_adapter else "unknown"
    named = find_named(base, "transformers") if base else None
    claim = LineageClaim(folder, str(named.model) if named else base, relation, source, f"{path}:{line}")
    return Artefact(
        place=Place(path, line),
        format=source,
        model=None,
        revision=_get_revision(root),
        architecture=_get_architecture(root),
        claims=(claim,) if base and not base.startswith(("/", "./", "../")) else (),
        evidence=f"{key}: {base}" if base else "",
    )


def _get_revision(root: Table) -> Revision:
    node = root.find("revision")
    return classify_revision(node.text) if isinstance(node, Leaf) and node.is_text and node.text else Revision()


def _get_architecture(root: Table) -> str:
    listed = root.find("architectures")
    if listed is not None and not isinstance(listed, (Leaf, Table)) and listed.leaves:
        return listed.leaves[0].text
    return root.find_text("model_type", "peft_type", "_class_name")
