"""The process in which a lab's checks run: ``python -m cicdlab.lab.check_process <lab> [<check> …]``."""

import argparse
import json
import sys
from dataclasses import asdict

from .checks import Status, answer, choose, load_checks, reading_session
from .errors import LabError
from .guard import refuse_unless_local
from .health import ask_health
from .manifest import load


def main(arguments: list[str] | None = None) -> int:
    """Run checks, print one line each, and return 0 when all passed, 1 when one did not, 2 when one could not run."""
    parser = argparse.ArgumentParser(prog="cicdlab.lab.check_process", description="Look at what a lab asks for.")
    parser.add_argument("lab")
    parser.add_argument("checks", nargs="*")
    parser.add_argument("--json", action="store_true", help="print the answers as one JSON list")
    given = parser.parse_args(arguments)
    try:
        refuse_unless_local()
        ask_health()
        chosen = choose(load_checks(load().find(given.lab)), given.checks)
    except LabError as error:
        print(error, file=sys.stderr)
        return 2
    session = reading_session()
    results = [answer(one, session) for one in chosen]
    print(json.dumps([asdict(one) for one in results]) if given.json else "\n".join(one.line for one in results))
    statuses = {one.status for one in results}
    return 2 if Status.ERROR in statuses else 1 if Status.NOT_YET in statuses else 0


if __name__ == "__main__":
    sys.exit(main())
