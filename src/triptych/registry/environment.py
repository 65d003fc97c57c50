"""The environment of a run: code, packages and machine."""

import hashlib
import platform
import re
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any

from triptych.registry.provenance import git_commit

# Not in pyproject.toml: what its packages compute with.
_NUMERICAL = ("scipy", "joblib")


def describe_environment(project: Path) -> dict[str, Any]:
    """Describe code, packages and machine as JSON can say them.

    Returns:
        `git_commit`; `code`: digest by file of the package; `packages`: version by name; `machine`:
        what else can move the last bits of a sum.
    """
    return {
        "git_commit": git_commit(project),
        "code": code_digests(),
        "packages": package_versions(),
        "machine": machine(),
    }


def code_digests() -> dict[str, str]:
    """Digest every Python file of this package: a commit alone does not tell what was changed."""
    package = Path(__file__).parents[1]
    return {
        path.relative_to(package).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()[:16]
        for path in sorted(package.rglob("*.py"))
    }


def package_versions() -> dict[str, str]:
    """The installed versions of Python and of what pyproject.toml's extras of pipelines name."""
    named = [
        re.split(r"[^A-Za-z0-9._-]", line, maxsplit=1)[0]
        for line in requires("triptych") or []
        if re.search(r"extra\s*==\s*['\"](pipelines|networks)['\"]", line)
    ]
    found = {name: _version(name) for name in sorted({*named, *_NUMERICAL})}
    return {"python": platform.python_version()} | {k: v for k, v in found.items() if v is not None}


def machine() -> dict[str, str]:
    """The system, the processor, and the linear algebra that is loaded."""
    import scipy.linalg  # noqa: F401 (its library is listed once it is loaded)
    from threadpoolctl import threadpool_info

    blas = {
        f"{info.get('internal_api')} {info.get('version')} for {info.get('architecture', 'any')}"
        for info in threadpool_info()
        if info.get("user_api") == "blas"
    }
    return {
        "platform": platform.platform(),
        "processor": platform.machine(),
        "blas": ", ".join(sorted(blas)),
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
