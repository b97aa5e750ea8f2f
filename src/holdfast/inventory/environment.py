"""What a path tells: the environment its lines run in, and the deployable unit it belongs to. Opens nothing."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from holdfast.records.use import Environment

# A file that stands for a unit that is deployed or released on its own. Compose names its services in its own text.
UNIT_MARKERS: Final = frozenset(
    {
        "Dockerfile", "Containerfile", "pyproject.toml", "setup.py", "package.json", "Chart.yaml", "go.mod",
        "Cargo.toml", "docker-compose.yml", "docker-compose.yaml", "compose.yml", "compose.yaml", "Procfile",
        "serverless.yml", "app.yaml",
    }
)  # fmt: skip
# Folders whose sub-folders are units by custom.
_UNIT_PARENTS: Final = frozenset(
    {"services", "apps", "packages", "microservices", "workers", "functions", "lambdas", "cmd"}
)
# Folders that hold a marker for the sake of another folder.
_NOT_UNITS: Final = frozenset(
    {
        "docker",
        "deploy",
        "deployment",
        "build",
        "ci",
        "scripts",
        "tools",
        "config",
        "src",
        "lib",
        ".devcontainer",
        "dev",
        "infra",
    }
)
_OUTSIDE_SERVICES: Final = frozenset(
    {Environment.DOCS, Environment.CI, Environment.EXAMPLE, Environment.TEST, Environment.DEV}
)

_FOLDERS: Final = {
    Environment.TEST: frozenset(
        {"test", "tests", "testing", "__tests__", "spec", "specs", "e2e", "fixtures", "testdata", "test_data",
        "conformance",
         "integration_tests", "unit_tests", "integration-tests", "cypress", "playwright", "__mocks__", "mocks",
         "snapshots"}
    ),
    Environment.DOCS: frozenset(
        {"doc", "docs", "documentation", "website", "docusaurus", "mkdocs", "docs_src", "wiki", "blog", "man"}
    ),
    Environment.EXAMPLE: frozenset(
        {"example", "examples", "sample", "samples", "demo", "demos", "tutorial", "tutorials", "cookbook", "cookbooks",
         "notebook", "notebooks", "recipes", "quickstart", "quickstarts", "getting_started", "playground", "showcase"}
    ),
    Environment.DEV: frozenset(
        {"scripts", "script", "tools", "tooling", "dev", "hack", "benchmark", "benchmarks", "bench", "perf", "devtools",
         ".devcontainer", ".vscode", "experiments", "research", "eval", "evals", "evaluation_scripts", "local"}
    ),
    Environment.CI: frozenset({".circleci", ".buildkite", ".azure-pipelines", ".tekton", ".woodpecker", ".drone"}),
}  # fmt: skip
_FOLDER_ENVIRONMENTS: Final = {name: kind for kind, names in _FOLDERS.items() for name in names}

_TEST_FILE: Final = re.compile(
    r"test_.*\.py|.*_test\.py|tests?\.py|conftest\.py|.*[.-](?:test|spec|e2e)\.[cm]?[jt]sx?|.*\.stories\.[jt]sx?|"
    r"(?:docker-)?compose[.-]test.*\.ya?ml|\.env\.test|pytest\.ini|tox\.ini|noxfile\.py|.*\.feature|jest\.config\..*|"
    r"vitest\.config\..*|playwright\.config\..*|requirements[-_.]tests?(?:ing)?\.\w+|tests?[-_.]requirements\.\w+"
)
_CI_PATH: Final = re.compile(
    r"(?:.*/)?(?:\.github/(?:workflows|actions)/.*|\.gitlab-ci.*\.ya?ml|\.gitlab/.*\.ya?ml|azure-pipelines.*\.ya?ml|"
    r"jenkinsfile.*|\.travis\.ya?ml|bitbucket-pipelines\.ya?ml|\.pre-commit-config\.yaml|appveyor\.ya?ml|cloudbuild.*\.ya?ml|"
    r"\.drone\.ya?ml|action\.ya?ml|codecov\.ya?ml|buildspec.*\.ya?ml)"
)
_DOCS_FILE: Final = re.compile(r".*\.(?:md|mdx|markdown|rst|adoc|qmd)|readme.*|mkdocs\.ya?ml|docusaurus\.config\..*")
_EXAMPLE_FILE: Final = re.compile(
    r".*\.ipynb|(?:demo|example|sample)[_-]?\d*\.\w+|.*[_-](?:demo|example)\.(?:py|[jt]s|sh)"
)
_DEV_FILE: Final = re.compile(
    r"(?:docker-)?compose[.-](?:dev|local|override).*\.ya?ml|\.env\.(?:dev|development|local|example|sample)|"
    r"dockerfile\.(?:dev|local)|makefile|justfile|.*\.dev\.ya?ml|bench(?:mark)?[_-].*\.(?:py|sh)|devcontainer\.json|"
    r"debug(?:[._-].*)?\.(?:ya?ml|toml|json|env|ini)|setup\.cfg|taskfile\.ya?ml|\.envrc|"
    r"requirements[-_.](?:dev|develop|development|lint|local)\.\w+|dev[-_.]requirements\.\w+"
)
_PROD_FOLDERS: Final = frozenset(
    {"src", "app", "apps", "lib", "server", "backend", "frontend", "api", "service", "services", "deploy", "deployment",
     "deployments", "k8s", "kubernetes", "helm", "charts", "chart", "manifests", "infra", "infrastructure", "terraform",
     "prod", "production", "packages", "cmd", "internal", "systemd", "worker", "workers", "web", "config",
     "conf", "configs",
     "templates", "ansible", "kustomize", "overlays", "argocd", "docker"}
)  # fmt: skip
_PROD_FILE: Final = re.compile(
    r"(?:docker-)?compose(?:[.-]prod.*)?\.ya?ml|dockerfile(?:\..*)?|containerfile|procfile|modelfile.*|\.env(?:\.prod.*)?|"
    r".*\.service|.*\.tf|.*\.tfvars|values.*\.ya?ml|chart\.ya?ml|(?:app|main|server|wsgi|asgi|settings|config|manage)\.(?:py|[jt]s)"
)


@dataclass(frozen=True, slots=True)
class Layout:
    """What the files of one tree tell about all its paths: folders that ship code, and units by their folder."""

    packages: frozenset[str] = frozenset()
    units: frozenset[str] = frozenset()
    root_name: str = ""  # name of the root's own unit; empty when no marker stands at the root
    charts: Mapping[str, str] = field(default_factory=dict[str, str])  # folder → the name that its Helm chart has

    def get_environment(self, path: str) -> Environment:
        """Environment of a path; code inside a package or a unit is what runs in production."""
        told = get_environment(path)
        if told is Environment.DEV and self._is_packaged(path):
            return Environment.PROD
        if told is not Environment.UNKNOWN or "/" not in path:
            return told
        inside = self.packages | self.units
        return Environment.PROD if any(folder in inside for folder in _get_folders(path)) else told

    def _is_packaged(self, path: str) -> bool:
        """`pkg/tools/x.py` ships with its package; `tools/pkg/x.py` does not."""
        folders = _get_folders(path)
        package = next((folder for folder in folders if folder in self.packages), "")
        return package != "" and _get_folder_environment(package) is Environment.UNKNOWN

    def get_service(self, path: str) -> str:
        """Nearest unit that holds the path; the root's own unit for paths in no other; empty when there is none."""
        found = ""
        for folder in _get_folders(path):
            parent, _, name = folder.rpartition("/")
            custom = parent.rpartition("/")[2] in _UNIT_PARENTS and folder != path
            if folder in self.units or (custom and name not in _NOT_UNITS):
                found = folder
            found = self.charts.get(folder, found)
        if found or get_environment(path) in _OUTSIDE_SERVICES:
            return found
        return self.root_name


def read_layout(markers: Iterable[str], root_name: str, charts: Mapping[str, str] = MappingProxyType({})) -> Layout:
    """Layout from the paths of marker files (UNIT_MARKERS and `__init__.py`), as a walk met them, and chart names."""
    inits: set[str] = set()
    units: set[str] = set()
    for marker in markers:
        folder, _, name = marker.rpartition("/")
        (inits if name == "__init__.py" else units).add(folder)
    topmost = {folder for folder in inits if folder and folder.rpartition("/")[0] not in inits}
    kept = {folder for folder in units if folder and folder.rpartition("/")[2].lower() not in _NOT_UNITS}
    deployable = {folder for folder in kept if _get_folder_environment(folder) is Environment.UNKNOWN}
    named = {folder: name for folder, name in charts.items() if _get_folder_environment(folder) is Environment.UNKNOWN}
    own_name = charts.get("", root_name) if "" in units else ""
    return Layout(frozenset(topmost), frozenset(deployable), own_name, named)


def get_environment(path: str) -> Environment:
    """Environment that a path alone tells, relative to the root; UNKNOWN when it tells nothing."""
    folder, _, name = path.rpartition("/")
    lower = name.lower()
    if _CI_PATH.fullmatch(path.lower()):
        return Environment.CI
    told = _get_folder_environment(folder)
    if told is Environment.TEST or _TEST_FILE.fullmatch(lower):
        return Environment.TEST
    if told is not Environment.UNKNOWN:
        return told
    for pattern, environment in _FILE_RULES:
        if pattern.fullmatch(lower):
            return environment
    in_prod = any(part in _PROD_FOLDERS for part in folder.lower().split("/"))
    return Environment.PROD if in_prod else Environment.UNKNOWN


_FILE_RULES: Final = (
    (_DOCS_FILE, Environment.DOCS),
    (_EXAMPLE_FILE, Environment.EXAMPLE),
    (_DEV_FILE, Environment.DEV),
    (_PROD_FILE, Environment.PROD),
)


@lru_cache(maxsize=4096)
def _get_folder_environment(folder: str) -> Environment:
    """The outermost folder word decides, except that anything inside a folder of tests is a test."""
    told = [_FOLDER_ENVIRONMENTS[part] for part in folder.lower().split("/") if part in _FOLDER_ENVIRONMENTS]
    if Environment.TEST in told:
        return Environment.TEST
    return told[0] if told else Environment.UNKNOWN


def _get_folders(path: str) -> list[str]:
    """Folders above a path, from the outermost: `a/b/c.py` gives `a`, `a/b`."""
    parts = path.split("/")[:-1]
    return ["/".join(parts[: depth + 1]) for depth in range(len(parts))]
