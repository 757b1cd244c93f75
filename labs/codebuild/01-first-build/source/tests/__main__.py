"""Runs the tests: one line for each, and a status that says whether all passed."""

import sys
import unittest


class OneLineEach(unittest.TestResult):
    """Says what happened to each test, in a form that is the same in every run."""

    def addSuccess(self, test):
        super().addSuccess(test)
        print("ok  ", test.shortDescription())

    def addFailure(self, test, error):
        super().addFailure(test, error)
        print("FAIL", test.shortDescription(), "-", str(error[1]).splitlines()[0])

    def addError(self, test, error):
        super().addError(test, error)
        print("FAIL", test.shortDescription(), "-", repr(error[1]))


def main():
    result = OneLineEach()
    unittest.defaultTestLoader.discover("tests", top_level_dir=".").run(result)
    passed = result.testsRun - len(result.failures) - len(result.errors)
    print(f"{passed} of {result.testsRun} tests passed")
    return 0 if result.testsRun and result.wasSuccessful() else 1


sys.exit(main())
