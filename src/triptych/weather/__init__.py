"""Hourly weather of a location: where it comes from, what is wrong with it, and 3-hour means."""
