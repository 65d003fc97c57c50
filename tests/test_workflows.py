"""Rules of the workflows, each with a planted violation."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.fixtures.project import ROOT
from tests.test_conventions import make_targets

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
CI = ROOT / ".github" / "workflows" / "ci.yml"
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}")
COMMENTED = re.compile(r"uses: \S+ # v\d+\.\d+\.\d+$")
UNTRUSTED = {"pull_request_target", "workflow_run", "issue_comment"}  # anyone can trigger them
PRINTS = re.compile(r"\b(echo|printf|cat|tee|env|printenv|set -x|bash -x)\b")
# Write permissions: to push and tag an image, and to publish the site.
WRITERS = {
    ("ci.yml", "push"): {"packages"},
    ("ci.yml", "release"): {"packages"},
    ("pages.yml", "deploy"): {"pages", "id-token"},
}


def violations(text: str, file: str = "ci.yml") -> Iterator[str]:
    """Yield all violations of the project's rules in a workflow."""
    workflow = yaml.safe_load(text)
    events = workflow[True]  # YAML parses the key `on` as True
    for event in sorted(UNTRUSTED & ({events} if isinstance(events, str) else set(events))):
        yield f"untrusted trigger: {event}"
    for line in text.splitlines():
        if "uses: " in line and not COMMENTED.search(line):
            yield f"no version in a comment: {line.strip()}"
    if workflow.get("permissions") != {}:
        yield "default permissions are not {}"
    if "concurrency" not in workflow:
        yield "no concurrency"
    for name, job in workflow["jobs"].items():
        permissions = job.get("permissions")
        written = {scope for scope, right in (permissions or {}).items() if right != "read"}
        if not isinstance(permissions, dict):
            yield f"{name}: permissions are not listed"
        elif written != WRITERS.get((file, name), set()):
            yield f"{name}: writes {', '.join(sorted(written)) or 'nothing'}"
        if "timeout-minutes" not in job:
            yield f"{name}: no timeout"
        for step in job["steps"]:
            yield from (f"{name}: {found}" for found in step_violations(step))


def step_violations(step: dict[str, Any]) -> Iterator[str]:
    used, script = step.get("uses", ""), step.get("run", "")
    if used and not PINNED.fullmatch(used):
        yield f"not pinned: {used}"
    if "actions/checkout@" in used and step.get("with", {}).get("persist-credentials") is not False:
        yield "the token stays in the checkout"
    if "${{" in script:
        yield "an expression in a script"
    secrets = [
        name
        for name, value in step.get("env", {}).items()
        if re.search(r"\$\{\{.*(secrets\.|github\.token)", str(value))
    ]
    for line in script.splitlines():
        if PRINTS.search(line) and any(re.search(rf"\$\{{?{name}\b", line) for name in secrets):
            yield f"a secret is printed: {line.strip()}"


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_workflows_follow_the_rules(file: Path) -> None:
    assert list(violations(file.read_text(encoding="utf-8"), file.name)) == []


def test_every_workflow_is_checked() -> None:
    assert [file.name for file in WORKFLOWS] == ["batch.yml", "ci.yml", "pages.yml"]
    assert sum("uses: " in file.read_text(encoding="utf-8") for file in WORKFLOWS) == 3


@pytest.mark.parametrize(
    ("found", "planted", "violation"),
    [
        ("  pull_request:\n", "  pull_request_target:\n", "untrusted trigger"),
        ("@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2", "@v6.0.2 # v6.0.2", "not pinned"),
        ("@de0fac2e4500dabe0009e67214ff5f5447ce83dd", "@de0fac2e", "not pinned"),
        ("5447ce83dd # v6.0.2", "5447ce83dd", "no version in a comment"),
        ("permissions: {}\n", "permissions: write-all\n", "default permissions"),
        ("permissions: {}\n", "", "default permissions"),
        ("contents: read", "contents: write", "lint: writes contents"),
        ("    permissions:\n      contents: read\n", "", "lint: permissions are not listed"),
        ("persist-credentials: false", "persist-credentials: true", "token stays"),
        ("    timeout-minutes: 15\n", "", "lint: no timeout"),
        ("concurrency:\n", "x-concurrency:\n", "no concurrency"),
        ("- run: make lint", "- run: make ${{ github.head_ref }}", "an expression in"),
        (
            "- run: make lint",
            "- env:\n          T: ${{ secrets.TOKEN }}\n        run: |\n          echo ${T}",
            "lint: a secret is printed: echo ${T}",
        ),
    ],
)
def test_a_violation_is_detected(found: str, planted: str, violation: str) -> None:
    text = CI.read_text(encoding="utf-8")
    assert found in text

    (detected,) = violations(text.replace(found, planted, 1))

    assert violation in detected


def test_an_action_has_one_version() -> None:
    texts = [file.read_text(encoding="utf-8") for file in WORKFLOWS]
    used = {
        line.split("uses: ")[1] for text in texts for line in text.splitlines() if "uses: " in line
    }

    assert len(used) == len({line.split("@")[0] for line in used})


def test_only_tested_images_are_pushed() -> None:
    jobs = yaml.safe_load(CI.read_text(encoding="utf-8"))["jobs"]

    needs = {name: job.get("needs") for name, job in jobs.items()}

    assert needs == {
        "lint": None,
        "test": None,
        "image": None,
        "audit": None,
        "push": ["lint", "test", "image"],
        "scan": "push",
        "sbom": "push",
        "release": ["push", "audit", "scan", "sbom"],
    }
    assert jobs["push"]["if"] == "github.event_name == 'push'"
    pushed = "${{ needs.push.outputs.reference }}"
    for job in ("scan", "sbom"):
        assert jobs[job]["steps"][0]["with"]["image-ref"] == pushed


def test_make_targets_of_workflows_exist() -> None:
    named = {
        target
        for file in WORKFLOWS
        for target in re.findall(r"(?:run:|\") make ([a-z-]+)", file.read_text(encoding="utf-8"))
    }

    assert named == {"lint", "coverage", "image", "acceptance-image", "install", "site"}
    assert named <= make_targets((ROOT / "Makefile").read_text(encoding="utf-8"))
