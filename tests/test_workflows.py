"""Rules of the workflows, each with a deliberate violation."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.fixtures.project import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
CI = ROOT / ".github" / "workflows" / "ci.yml"
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}")
COMMENTED = re.compile(r"uses: \S+ # v\d+\.\d+\.\d+$")
OUTSIDERS = {"pull_request_target", "workflow_run", "issue_comment"}  # a stranger starts them
SHOWING = re.compile(r"\b(echo|printf|cat|tee|env|printenv|set -x|bash -x)\b")
# Who may do more than read, and why: push and name an image; publish the site.
WRITERS = {
    ("ci.yml", "push"): {"packages"},
    ("ci.yml", "release"): {"packages"},
    ("pages.yml", "deploy"): {"pages", "id-token"},
}


def triggers(workflow: dict[Any, Any]) -> set[str]:
    """Return the events that start a workflow; YAML parses the key `on` as True."""
    given = workflow[True]
    return {given} if isinstance(given, str) else set(given)


def steps(workflow: dict[Any, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, job in workflow["jobs"].items():
        for step in job["steps"]:
            yield name, step


def faults(text: str, file: str = "ci.yml") -> list[str]:
    """Return all violations of the project's rules in a workflow."""
    workflow = yaml.safe_load(text)
    lines = [line.strip().removeprefix("- ") for line in text.splitlines()]
    return [
        *(f"starts for strangers: {name}" for name in sorted(triggers(workflow) & OUTSIDERS)),
        *(f"no version beside: {x}" for x in lines if "uses: " in x and not COMMENTED.search(x)),
        *_permission_faults(workflow, file),
        *(f"{name}: {fault}" for name, step in steps(workflow) for fault in _step_faults(step)),
        *(
            f"{name}: no limit"
            for name, job in workflow["jobs"].items()
            if "timeout-minutes" not in job
        ),
        *(["no concurrency"] if "concurrency" not in workflow else []),
    ]


def _permission_faults(workflow: dict[Any, Any], file: str) -> Iterator[str]:
    if workflow.get("permissions") != {}:
        yield "permissions are not {} at the top"
    for name, job in workflow["jobs"].items():
        given = job.get("permissions")
        if not isinstance(given, dict):
            yield f"{name}: permissions are not listed"
            continue
        written = {what for what, right in given.items() if right not in ("read", "none")}
        if written != WRITERS.get((file, name), set()):
            yield f"{name}: writes {', '.join(sorted(written)) or 'nothing'}"


def _step_faults(step: dict[str, Any]) -> Iterator[str]:
    used, script = step.get("uses", ""), step.get("run", "")
    if used and not PINNED.fullmatch(used):
        yield f"not pinned: {used}"
    if "actions/checkout@" in used and step.get("with", {}).get("persist-credentials") is not False:
        yield "the token stays in the checkout"
    if "${{" in script:
        yield "an expression within a script"
    secrets = [
        name
        for name, value in step.get("env", {}).items()
        if re.search(r"\$\{\{.*(secrets\.|github\.token)", str(value))
    ]
    for line in script.splitlines():
        if SHOWING.search(line) and any(re.search(rf"\$\{{?{name}\b", line) for name in secrets):
            yield f"a secret is shown: {line.strip()}"


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_workflows_follow_the_rules(file: Path) -> None:
    assert faults(file.read_text(encoding="utf-8"), file.name) == []


def test_every_workflow_is_checked() -> None:
    assert [file.name for file in WORKFLOWS] == ["batch.yml", "ci.yml", "pages.yml"]
    assert sum("uses: " in file.read_text(encoding="utf-8") for file in WORKFLOWS) == 3


@pytest.mark.parametrize(
    ("found", "planted", "fault"),
    [
        ("  pull_request:\n", "  pull_request_target:\n", "starts for strangers"),
        ("@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2", "@v6.0.2 # v6.0.2", "not pinned"),
        ("@de0fac2e4500dabe0009e67214ff5f5447ce83dd", "@de0fac2e", "not pinned"),
        ("5447ce83dd # v6.0.2", "5447ce83dd", "no version beside"),
        ("permissions: {}\n", "permissions: write-all\n", "not {} at the top"),
        ("permissions: {}\n", "", "not {} at the top"),
        ("contents: read", "contents: write", "lint: writes contents"),
        ("    permissions:\n      contents: read\n", "", "lint: permissions are not listed"),
        ("persist-credentials: false", "persist-credentials: true", "token stays"),
        ("    timeout-minutes: 15\n", "", "lint: no limit"),
        ("concurrency:\n", "x-concurrency:\n", "no concurrency"),
        ("- run: make lint", "- run: make ${{ github.head_ref }}", "an expression within"),
        (
            "- run: make lint",
            "- env:\n          T: ${{ secrets.TOKEN }}\n        run: |\n          echo ${T}",
            "lint: a secret is shown: echo ${T}",
        ),
    ],
)
def test_a_violation_is_detected(found: str, planted: str, fault: str) -> None:
    text = CI.read_text(encoding="utf-8")
    assert found in text

    noticed = faults(text.replace(found, planted, 1))

    assert len(noticed) == 1
    assert fault in noticed[0]


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
    targets = set(
        re.findall(r"(?m)^([a-z][a-z-]*):(?!=)", (ROOT / "Makefile").read_text(encoding="utf-8"))
    )
    named = {
        target
        for file in WORKFLOWS
        for _, step in steps(yaml.safe_load(file.read_text(encoding="utf-8")))
        for target in re.findall(r"\bmake ([a-z-]+)", step.get("run", ""))
    }

    assert named == {"lint", "test", "image", "acceptance-image", "install", "site"}
    assert named <= targets
