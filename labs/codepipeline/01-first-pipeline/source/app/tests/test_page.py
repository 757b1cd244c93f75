import unittest

from board.page import page

LEEDS = {"time": "07:05", "to": "Leeds", "platform": "2"}
BARNSLEY = {"time": "08:40", "to": "Barnsley", "platform": "1"}


class Page(unittest.TestCase):
    def test_the_earliest_train_comes_first(self):
        board = page([BARNSLEY, LEEDS], "")
        self.assertLess(board.index("Leeds"), board.index("Barnsley"))

    def test_every_train_has_its_platform(self):
        self.assertIn("<td>Leeds</td><td>2</td>", page([LEEDS], ""))

    def test_the_version_is_at_the_bottom(self):
        self.assertTrue(page([], "1.0").endswith("<footer>1.0</footer></html>\n"))


if __name__ == "__main__":
    unittest.main()
