"""Turns a list of trains into a departure board."""
