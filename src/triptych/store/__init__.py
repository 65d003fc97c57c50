"""The SQL tables: engine, migrations and keyed writes. Imports nothing else of the project."""
