"""How fast the project is, measured; never asserted in a test."""
