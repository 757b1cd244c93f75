"""Tests of the timetable: ``python3 -m tests``."""
