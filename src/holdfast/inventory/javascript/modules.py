"""Dotted names for what modules export, derived from paths alone: `web/src/config` + `.NAME`. Touches no disk."""

import posixpath

_EXTENSIONS = (".js", ".mjs", ".cjs", ".jsx", ".ts", ".tsx", ".mts", ".cts", ".vue", ".svelte", ".astro")
_ROOT_FOLDERS = ("app", "pages", "components", "lib", "server", "hooks", "utils", "routes", "config", "api", "features")


def compute_module_key(path: str) -> str:
    """The name of a module: its path without extension, and without `/index`."""
    stem, extension = posixpath.splitext(path)
    key = stem if extension in _EXTENSIONS else path
    if key == "index":
        return "."
    return key.removesuffix("/index")


def compute_import_key(module: str, importer: str) -> str:
    """The module key that an import specifier means, seen from the file that holds it.

    Relative specifiers are resolved; `@/x`, `~/x`, `$lib/x` and `#x` by the usual places of a source root;
    a package's name stays as it is.
    """
    folder = posixpath.dirname(importer)
    if module.startswith("."):
        return compute_module_key(posixpath.normpath(posixpath.join(folder, module)))
    for alias in ("@/", "~/", "#/", "src/"):
        if module.startswith(alias):
            return compute_module_key(posixpath.join(_compute_source_root(folder), module[len(alias) :]))
    if module.startswith("$lib"):
        return compute_module_key(posixpath.join(_compute_source_root(folder), "lib" + module[len("$lib") :]))
    return module


def _compute_source_root(folder: str) -> str:
    parts = folder.split("/") if folder else []
    if "src" in parts:
        last = len(parts) - 1 - parts[::-1].index("src")
        return "/".join(parts[: last + 1])
    first = next((index for index, part in enumerate(parts) if part in _ROOT_FOLDERS), len(parts))
    return "/".join(parts[:first])
