import unittest

from timetable.board import as_html, as_text
from timetable.trains import Train

LATE = Train("09:12", "Sheffield", 3)
EARLY = Train("07:05", "Leeds", 2)


class TestBoard(unittest.TestCase):
    def test_order(self):
        """the next train stands first"""
        first = as_text("Wakefield", [LATE, EARLY]).splitlines()[1]
        self.assertTrue(first.startswith("07:05"), f"the first line is {first!r}")

    def test_columns(self):
        """platforms stand below each other"""
        lines = as_text("Wakefield", [EARLY, LATE]).splitlines()[1:]
        self.assertEqual(1, len({line.index("platform") for line in lines}))

    def test_html(self):
        """names are safe in a web page"""
        self.assertIn("A &amp; B", as_html("A & B", [EARLY]))
