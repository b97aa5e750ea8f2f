"""What paths tell about where lines run and which unit they belong to."""

import pytest

from holdfast.inventory.environment import get_environment, read_layout
from holdfast.records.use import Environment


@pytest.mark.parametrize(
    ("path", "environment"),
    [
        ("tests/test_llm.py", "test"),
        ("src/pkg/tests/data/config.yaml", "test"),
        ("web/draft.test.ts", "test"),
        ("pkg/conftest.py", "test"),
        (".github/workflows/evaluate.yml", "ci"),
        (".gitlab-ci.yml", "ci"),
        ("sub/.github/actions/run/action.yml", "ci"),
        ("README.md", "docs"),
        ("docs/guide/setup.py", "docs"),
        ("examples/README.md", "example"),
        ("notebooks/train.ipynb", "example"),
        ("explore.ipynb", "example"),
        ("scripts/backfill.py", "dev"),
        ("Makefile", "dev"),
        ("compose.dev.yaml", "dev"),
        (".env.example", "dev"),
        ("Dockerfile", "prod"),
        ("compose.yaml", "prod"),
        ("deploy/values.yaml", "prod"),
        ("src/app.py", "prod"),
        ("infra/main.tf", "prod"),
        ("something.toml", "unknown"),
        ("odd/place.py", "unknown"),
        ("contest/latest.py", "unknown"),
    ],
)
def test_the_path_tells_the_environment(path: str, environment: str) -> None:
    assert get_environment(path) is Environment(environment)


def test_code_inside_a_package_or_a_unit_is_production_code() -> None:
    layout = read_layout(["gptcache/__init__.py", "gptcache/adapter/__init__.py", "triage/Dockerfile"], "root")
    assert layout.packages == {"gptcache"}
    assert layout.get_environment("gptcache/adapter/base.py") is Environment.PROD
    assert layout.get_environment("triage/settings.py") is Environment.PROD
    assert layout.get_environment("triage/tests/settings.py") is Environment.TEST
    assert layout.get_environment("gptcache/tools/search.py") is Environment.PROD
    assert layout.get_environment("tools/gptcache/search.py") is Environment.DEV
    assert layout.get_environment("elsewhere/thing.py") is Environment.UNKNOWN


def test_a_path_belongs_to_the_nearest_unit_that_holds_it() -> None:
    layout = read_layout(
        ["triage/Dockerfile", "web/package.json", "web/admin/package.json", "docker/Dockerfile"], "root"
    )
    assert layout.get_service("triage/deep/down.py") == "triage"
    assert layout.get_service("web/index.ts") == "web"
    assert layout.get_service("web/admin/index.ts") == "web/admin"
    assert layout.get_service("services/mail/main.go") == "services/mail"
    assert layout.get_service("docker/Dockerfile") == ""
    assert layout.get_service("services/readme.md") == ""


def test_paths_in_no_unit_belong_to_the_root_when_a_marker_stands_there() -> None:
    layout = read_layout(["pyproject.toml"], "helpdesk")
    assert layout.get_service("helpdesk/main.py") == "helpdesk"
    assert layout.get_service("docs/index.md") == ""
    assert read_layout([], "helpdesk").get_service("main.py") == ""
