"""No commit contains a secret: checks every line ever added."""

import re
import subprocess

import pytest

from tests.fixtures.project import ROOT

TOKEN = re.compile(
    r"BEGIN (?:[A-Z]+ )*PRIVATE KEY|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36}\b"
    r"|\bgithub_pat_\w{60,}|\bxox[abprs]-[\w-]{10,}|\bglpat-[\w-]{20}|\bpypi-AgEI\w+"
)
IN_URL = re.compile(r"://[\w.-]+:([^@/\s\"'`{}$]+)@")
# Placeholders of tests and documents.
PLACEHOLDERS = {"s3cret", "S3cr", "hush", "password", "PASSWORD", "…"}
SECRET_FILES = (".env", "conf/local/*", "*.pem", "*.key", "id_rsa*", ".netrc", ".pypirc")


def git(*arguments: str) -> str:
    """Run git in this repository; skip without one."""
    result = subprocess.run(
        ["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=False
    )
    if result.returncode:
        pytest.skip(f"no git history: {result.stderr.strip()}")
    return result.stdout


def secrets_in(text: str) -> list[str]:
    """Return lines with a known type of token or a URL with a password."""
    return [
        line
        for line in text.splitlines()
        if TOKEN.search(line) or set(IN_URL.findall(line)) - PLACEHOLDERS
    ]


def test_no_commit_contains_a_secret() -> None:
    assert secrets_in(git("log", "--all", "--patch", "--no-color", "--", ".", ":!*.lock")) == []


def test_no_secret_file_was_ever_committed() -> None:
    committed = set(git("log", "--all", "--name-only", "--format=", "--", *SECRET_FILES).split())

    assert committed <= {"conf/local/.gitkeep"}


@pytest.mark.parametrize(
    "planted",
    [
        "-----BEGIN " + "OPENSSH PRIVATE KEY-----",
        "aws = AKIA" + "ABCDEFGHIJKLMNOP",
        "token: gh" + "p_" + 36 * "a",
        "postgresql://triptych:" + "Xy7-pq@db.example/triptych",
    ],
)
def test_a_secret_is_detected(planted: str) -> None:
    assert secrets_in(f"a line\n{planted}\n") == [planted]


def test_placeholders_are_allowed() -> None:
    assert secrets_in("postgresql://u:s3cret@host/x and ://triptych:${TRIPTYCH_PASSWORD}@db") == []
