"""What all tests share."""

pytest_plugins = ["tests.fixtures.databases", "tests.fixtures.project", "tests.fixtures.tracking"]
