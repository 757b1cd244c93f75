"""Compares our policy evaluator with one that others wrote: ``python -m tools.differential --cases 5000 --seed 1``.

The oracle is the npm package @cloud-copilot/iam-simulate: it comes into ``.cache/oracle`` when it is needed, is only
run, and is no part of the course. Where the two disagree and AWS's documentation speaks for ours, a deviation below
says so. Status 1 means that a disagreement is left which none explains.
"""

import argparse
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from cicdlab.cloud.identity.document import PolicyError
from cicdlab.cloud.identity.matching import resolve
from tests.cloud.identity.cases import allowed, deny, document
from tests.cloud.identity.generated import cases, decided

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / ".cache" / "oracle"
PACKAGE = "@cloud-copilot/iam-simulate@0.1.173"
GUIDE = "https://docs.aws.amazon.com/IAM/latest/UserGuide"
DECISIONS = ROOT / "tests" / "cloud" / "identity" / "decisions.txt"
STORED_SEEDS, STORED_CASES = range(1, 5), 500
HEADER = """\
# What our evaluator decides on generated cases: a seed, and one bit a case in hexadecimal, 1 for allowed.
# When the generator or the evaluator changes on purpose, `python -m tools.differential --store` compares these cases
# with the oracle and, when no disagreement is left without an explanation, writes this file anew.
"""
Case = dict[str, Any]


class OracleError(Exception):
    """The oracle does not run; the message is one sentence that says why."""


@dataclass(frozen=True)
class Deviation:
    """What the oracle does otherwise than AWS's documentation says.

    Parameters
    ----------
    name
        What it is called.
    source
        The page that speaks for ours.
    rewrite
        Changes a case so that our evaluator reads it as the oracle does.
    """

    name: str
    source: str
    rewrite: Callable[[Case], None]


def variables_in_old_versions(given: Case) -> None:
    """The oracle replaces variables in every version of the policy language; AWS only in 2012-10-17."""
    for each in _documents(given):
        each["Version"] = "2012-10-17"


def negated_without_value(given: Case) -> None:
    """A variable without a value makes a negated condition of the oracle fail; AWS says that it matches."""
    for statement in _statements(given):
        for operator, tests in statement.get("Condition", {}).items():
            present = [values for key, values in tests.items() if key.lower() in _context(given)]
            if "not" in operator.lower() and _unresolved(given, present):
                _never(statement)
                break


def not_resource_without_value(given: Case) -> None:
    """A Deny with a variable without a value in NotResource does nothing in the oracle; nothing equals no value."""
    for statement in _statements(given):
        if statement["Effect"] == "Deny" and _unresolved(given, statement.get("NotResource", [])):
            _never(statement)


def misplaced_variable(given: Case) -> None:
    """AWS has no variables before an ARN's fifth colon: ours lets such a NotResource allow nothing, the oracle all."""
    _replace_in_allowing(given, lambda pattern: "${" in ":".join(pattern.split(":", 5)[:5]))


def part_begins_without_value(given: Case) -> None:
    """Without its variable's value a statement is invalid; the oracle excepts nothing where a part begins with it."""
    _replace_in_allowing(given, lambda pattern: ":${" in pattern and _unresolved(given, pattern))


def signs_in_equals(given: Case) -> None:
    """The oracle does not read ``${*}`` as a star where there are no wildcards; AWS does wherever variables count."""
    for statement in _statements(given):
        for operator, tests in statement.get("Condition", {}).items():
            if "StringEquals" in operator.replace("Not", ""):
                for key, values in tests.items():
                    tests[key] = [str(each).replace("${*}", "#") for each in _listed(values)]


def addresses_of_two_versions(given: Case) -> None:
    """An IPv6 address is none of the IPv4 ones, nor the other way round; NotIpAddress of the oracle fails on them."""
    here = {":" in each for each in given["context"].get("aws:SourceIp", [])}
    for statement in _statements(given):
        for operator, tests in statement.get("Condition", {}).items():
            there = {":" in str(each) for found in tests.values() for each in _listed(found)}
            if operator.startswith("NotIpAddress") and here and there != here:
                _never(statement)
                break


def services_are_any_aws(given: Case) -> None:
    """The oracle takes a service for one of AWS's accounts: the two wildcards are equivalent for anonymous users."""
    for statement in _statements(given):
        if given["principal"].endswith(".amazonaws.com") and statement.get("Principal") == {"AWS": "*"}:
            statement["Principal"] = "*"


def not_principal_without_account(given: Case) -> None:
    """The oracle excepts whom a NotPrincipal names in any way; AWS may deny her without role and account."""
    everybody = _names(given["principal"])
    for statement in _statements(given):
        if everybody & set(statement.get("NotPrincipal", {}).get("AWS", ())):
            statement["NotPrincipal"] = {"AWS": sorted(everybody)}


def session_limits_direct_grants(given: Case) -> None:
    """The oracle lets a session's policies limit what a resource's policy grants to the session itself or to all."""
    alone = {**given, "identity": given["session"], "session": [], "boundary": None, "resource_policy": None}
    if given["session"] and not allowed({**alone, "owner": given["principal"].split(":")[4]}):
        given["session"][0] = document(deny("*"))


DEVIATIONS = (
    Deviation("variables-in-old-versions", f"{GUIDE}/reference_policies_variables.html", variables_in_old_versions),
    Deviation("negated-without-value", f"{GUIDE}/reference_policies_variables.html", negated_without_value),
    Deviation("not-resource-without-value", f"{GUIDE}/reference_policies_variables.html", not_resource_without_value),
    Deviation("misplaced-variable", f"{GUIDE}/reference_policies_variables.html", misplaced_variable),
    Deviation("part-begins-without-value", f"{GUIDE}/reference_policies_variables.html", part_begins_without_value),
    Deviation("signs-in-equals", f"{GUIDE}/reference_policies_variables.html", signs_in_equals),
    Deviation(
        "addresses-of-two-versions",
        f"{GUIDE}/reference_policies_elements_condition_operators.html",
        addresses_of_two_versions,
    ),
    Deviation("services-are-any-aws", f"{GUIDE}/reference_policies_elements_principal.html", services_are_any_aws),
    Deviation(
        "not-principal-without-account",
        f"{GUIDE}/reference_policies_elements_notprincipal.html",
        not_principal_without_account,
    ),
    Deviation(
        "session-limits-direct-grants",
        f"{GUIDE}/reference_policies_evaluation-logic_policy-eval-denyallow.html",
        session_limits_direct_grants,
    ),
)


def explanation(given: Case, oracle: bool) -> tuple[Deviation, ...]:
    """Return the fewest deviations that make our decision the oracle's; none when nothing does."""
    for count in (1, 2, 3):
        for chosen in combinations(DEVIATIONS, count):
            rewritten = deepcopy(given)
            for each in chosen:
                each.rewrite(rewritten)
            if allowed(rewritten) is oracle:
                return chosen
    return ()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.differential", description="Compare with another evaluator.")
    parser.add_argument("--cases", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--oracle", type=Path, help="folder that has the oracle in its node_modules")
    parser.add_argument("--disagreements", type=Path, help="file for the cases on which the two disagree")
    parser.add_argument("--store", action="store_true", help="store our decisions on 2,000 cases, once they compare")
    given = parser.parse_args(arguments)
    try:
        folder = given.oracle or _install()
        if given.store:
            return _store(folder)
        return _compare(list(cases(given.seed, given.cases)), folder, given.disagreements)
    except OracleError as error:
        print(error, file=sys.stderr)
        return 2


def _compare(compared: list[Case], folder: Path, file: Path | None) -> int:
    skipped: Counter[str] = Counter()
    explained: Counter[str] = Counter()
    disagreements = []
    for each, answer in zip(compared, _ask(folder, compared), strict=True):
        reason, ours = answer.get("skipped", ""), False
        try:
            ours = allowed(each)
        except PolicyError as error:
            reason = reason or str(error)
        if reason:
            skipped[reason] += 1
        elif ours is not answer["allowed"]:
            why = " + ".join(found.name for found in explanation(each, answer["allowed"]))
            explained[why] += 1
            disagreements.append({"case": each, "oracle": answer["allowed"], "ours": ours, "why": why})
    if file:
        file.write_text("".join(f"{json.dumps(each)}\n" for each in disagreements), encoding="utf-8")
    _report(len(compared) - skipped.total(), skipped, explained)
    for each in disagreements:
        if not each["why"]:
            print(json.dumps(each))
    return 1 if explained[""] else 0


def _store(folder: Path) -> int:
    for seed in STORED_SEEDS:
        if status := _compare(list(cases(seed, STORED_CASES)), folder, None):
            return status
    lines = [f"{seed} {decided(seed, STORED_CASES)}\n" for seed in STORED_SEEDS]
    DECISIONS.write_text("".join([HEADER, *lines]), encoding="utf-8")
    return 0


def _report(count: int, skipped: Counter[str], explained: Counter[str]) -> None:
    print(f"{count} compared, {count - explained.total()} agreed, {explained['']} disagreed without an explanation")
    sources = {each.name: each.source for each in DEVIATIONS}
    for why, times in explained.most_common():
        if why:
            print(f"  {times} explained by {why}: {' '.join(sorted({sources[each] for each in why.split(' + ')}))}")
    for reason, times in skipped.most_common():
        print(f"  {times} skipped: {reason}")


def _ask(folder: Path, compared: list[Case]) -> list[Any]:
    lines = "".join(f"{json.dumps(each)}\n" for each in compared)
    command = ["node", str(Path(__file__).with_name("oracle.mjs")), str(folder)]
    answer = _run(command, lines)
    return [json.loads(line) for line in answer.splitlines()]


def _install() -> Path:
    """Return the folder of the oracle, filled on first use."""
    if not (FOLDER / "node_modules" / PACKAGE.rpartition("@")[0]).is_dir():
        FOLDER.mkdir(parents=True, exist_ok=True)
        _run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(FOLDER), PACKAGE])
    return FOLDER


def _run(command: list[str], text: str = "") -> str:
    try:
        return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout
    except OSError as error:
        raise OracleError(f"{command[0]} is missing; install Node.js with npm to compare. ({error})") from error
    except subprocess.CalledProcessError as error:
        raise OracleError(f"{command[0]} failed: {error.stderr.strip()[-400:]}") from error


def _documents(given: Case) -> Iterator[dict[str, Any]]:
    yield from given["identity"]
    yield from given["session"]
    yield from (given[name] for name in ("boundary", "resource_policy") if given[name])


def _statements(given: Case) -> Iterator[dict[str, Any]]:
    for each in _documents(given):
        yield from _listed(each["Statement"])


def _replace_in_allowing(given: Case, chosen: Callable[[str], bool]) -> None:
    """Make the chosen patterns of each NotResource that belongs to an Allow except nothing."""
    for statement in _statements(given):
        if statement["Effect"] == "Allow" and "NotResource" in statement:
            patterns = _listed(statement["NotResource"])
            statement["NotResource"] = [each.replace("${", "#") if chosen(each) else each for each in patterns]


def _never(statement: dict[str, Any]) -> None:
    statement.pop("NotAction", None)
    statement["Action"] = "none:None"


def _unresolved(given: Case, values: Any) -> bool:
    """Tell whether one of the texts, in lists or not, has a variable without a value."""
    if isinstance(values, list):
        return any(_unresolved(given, each) for each in values)
    return isinstance(values, str) and "${" in values and resolve(values, _context(given)) is None


def _context(given: Case) -> dict[str, tuple[str, ...]]:
    return {key.lower(): tuple(found) for key, found in given["context"].items()}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _names(principal: str) -> set[str]:
    """Return a caller with her role and her account."""
    if not principal.startswith("arn:"):
        return {principal}
    account = principal.split(":")[4]
    found = {principal, f"arn:aws:iam::{account}:root", account}
    if ":assumed-role/" in principal:
        found.add(f"arn:aws:iam::{account}:role/{principal.split('/')[1]}")
    return found


if __name__ == "__main__":
    sys.exit(main())
