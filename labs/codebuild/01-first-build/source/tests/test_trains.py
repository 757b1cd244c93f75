import unittest

from timetable.trains import Train, read_trains


class TestTrains(unittest.TestCase):
    def test_row(self):
        """a row becomes a train"""
        self.assertEqual([Train("07:05", "Leeds", 2)], read_trains(["time,to,platform", "07:05, Leeds ,2"]))

    def test_short_time(self):
        """7:05 and 07:05 are the same time"""
        self.assertEqual("07:05", read_trains(["time,to,platform", "7:05,Leeds,2"])[0].time)

    def test_wrong_time(self):
        """25:00 is no time of day"""
        with self.assertRaisesRegex(ValueError, "not a time of day"):
            read_trains(["time,to,platform", "25:00,Leeds,2"])
