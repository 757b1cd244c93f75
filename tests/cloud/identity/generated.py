"""Makes requests with policies at random: the same ones for the same seed.

Policies aim at the request and mostly hit it; what misses it misses by one sign, one key or one account.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from .cases import ACCOUNT, ANN, BOB, OTHER, ROLE, ROOT, SERVICE, SESSION, Document, allowed

NOW, EARLIER, LATER = "2026-03-05T10:00:00Z", "2026-03-05T09:59:59Z", "2026-03-06T00:00:00+02:00"
BASE64 = ("cmVk", "Ymx1ZQ==", "Z3JlZW4=")


@dataclass(frozen=True)
class Target:
    """An action with a resource; `shared` when the resource may have a policy, `ruled` when it has to."""

    action: str
    resource: str
    near: tuple[str, ...]
    shared: bool = False
    ruled: bool = False
    keys: tuple[str, ...] = ()


TARGETS = (
    Target("s3:GetObject", "arn:aws:s3:::goods/home/{who}/report", ("s3:PutObject", "s3:Get*Acl"), True),
    Target("s3:PutObject", "arn:aws:s3:::goods/home/{who}/a b/c", ("s3:GetObject", "s3:Put?bject"), True),
    Target("s3:ListBucket", "arn:aws:s3:::goods-{who}", ("s3:ListBuckets",), True, keys=("s3:prefix", "s3:max-keys")),
    Target(
        "kms:Decrypt", "arn:aws:kms:eu-west-1:{owner}:key/k-{who}", ("kms:Encrypt",), True, True, ("kms:ViaService",)
    ),
    Target("kms:GenerateDataKey", "arn:aws:kms:eu-west-1:{owner}:key/k-1", ("kms:Decrypt",), True, True),
    Target(
        "secretsmanager:GetSecretValue",
        "arn:aws:secretsmanager:eu-west-1:{owner}:secret:{who}/db-AbCdEf",
        ("secretsmanager:PutSecretValue",),
        True,
        keys=("secretsmanager:VersionStage",),
    ),
    Target("sns:Publish", "arn:aws:sns:eu-west-1:{owner}:news-{who}", ("sns:Subscribe",), True),
    Target("sts:AssumeRole", "arn:aws:iam::{owner}:role/release", ("sts:TagSession",), True, True, ("sts:ExternalId",)),
    Target("iam:PassRole", "arn:aws:iam::{owner}:role/builds/{who}", ("iam:GetRole",), keys=("iam:PassedToService",)),
    Target("ssm:GetParameter", "arn:aws:ssm:eu-west-1:{owner}:parameter/app/{who}/key", ("ssm:GetParameters",)),
    Target("codebuild:StartBuild", "arn:aws:codebuild:eu-west-1:{owner}:project/{who}-site", ("codebuild:StopBuild",)),
    Target("lambda:InvokeFunction", "arn:aws:lambda:eu-west-1:{owner}:function:f-{who}", ("lambda:GetFunction",), True),
    Target(
        "logs:PutLogEvents",
        "arn:aws:logs:eu-west-1:{owner}:log-group:/app/{who}:log-stream:s1",
        ("logs:CreateLogStream",),
    ),
)

# Every key with the operators that suit it and the values that it may have.
STRING = ("StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase")
STRING += ("StringLike", "StringNotLike")
NUMERIC = tuple(
    f"Numeric{name}"
    for name in ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
)
DATE = tuple(name.replace("Numeric", "Date") for name in NUMERIC)
ARN = ("ArnEquals", "ArnNotEquals", "ArnLike", "ArnNotLike")
ADDRESSES = ("203.0.113.9", "203.0.113.130", "10.1.2.3", "2001:db8:1::5")
KEYS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "aws:PrincipalTag/team": (STRING, ("red", "blue", "Red", "a*b")),
    "aws:ResourceTag/team": (STRING, ("red", "blue", "green")),
    "aws:RequestTag/env": (STRING, ("test", "prod", "")),
    "aws:RequestedRegion": (STRING, ("eu-west-1", "eu-west-2", "us-east-1")),
    "aws:UserAgent": (STRING, ("aws-cli/2.1 linux", "Boto3/1.3")),
    "aws:PrincipalOrgID": (STRING, ("o-12345", "o-54321")),
    "aws:SourceAccount": (STRING, (ACCOUNT, OTHER)),
    "aws:SourceIdentity": (("BinaryEquals",), BASE64),
    "aws:MultiFactorAuthAge": (NUMERIC, ("10", "300", "300.5", "-1", "0")),
    "aws:CurrentTime": (DATE, (NOW, EARLIER, LATER)),
    "aws:TokenIssueTime": (DATE, (NOW, EARLIER, LATER)),
    "aws:SecureTransport": (("Bool",), ("true", "false")),
    "aws:MultiFactorAuthPresent": (("Bool",), ("true", "false")),
    "aws:SourceIp": (("IpAddress", "NotIpAddress"), ADDRESSES),
    "aws:SourceArn": (ARN, ("arn:aws:sns:eu-west-1:111111111111:news", "arn:aws:s3:::goods", ANN, ROLE)),
    "aws:TagKeys": (STRING, ("env", "team", "cost", "Env", "")),
    "aws:CalledVia": (STRING, ("athena.amazonaws.com", "cloudformation.amazonaws.com")),
    "s3:prefix": (STRING, ("home/ann/", "home/bob/", "")),
    "s3:max-keys": (NUMERIC, ("10", "100")),
    "kms:ViaService": (STRING, ("s3.eu-west-1.amazonaws.com", "sns.eu-west-1.amazonaws.com")),
    "secretsmanager:VersionStage": (STRING, ("AWSCURRENT", "AWSPREVIOUS")),
    "sts:ExternalId": (STRING, ("e-1", "e-2")),
    "iam:PassedToService": (STRING, ("codebuild.amazonaws.com", "ec2.amazonaws.com")),
    "aws:username": (STRING, ("ann", "bob")),
}
SEVERAL = ("aws:TagKeys", "aws:CalledVia")
PRINCIPALS = (ANN, ANN, ANN, ANN, SESSION, SESSION, SESSION, ROOT, SERVICE, "anonymous")


def cases(seed: int, count: int) -> Iterator[dict[str, Any]]:
    """Yield so many cases."""
    for number in range(count):
        # A generator for each case: a change to how one is made leaves the others alone.
        yield Maker(random.Random(f"{seed}/{number}")).case(f"{seed}/{number}")


def decided(seed: int, count: int) -> str:
    """Return what our evaluator says to so many cases, four to a hexadecimal digit."""
    bits = "".join(str(int(allowed(each))) for each in cases(seed, count))
    return f"{int(bits, 2):0{count // 4}x}"


@dataclass
class Maker:
    """Makes one case."""

    rng: random.Random
    target: Target = TARGETS[0]
    resource: str = ""
    who: str = ""
    owner: str = ""
    principal: str = ""
    context: dict[str, list[str]] = field(default_factory=dict)

    def case(self, name: str) -> dict[str, Any]:
        """Return the case."""
        self.target = self.rng.choice(TARGETS)
        self.principal = self.rng.choice(PRINCIPALS)
        if not self.target.shared and self.principal in (SERVICE, "anonymous"):
            self.principal = ANN
        self.owner = OTHER if self.target.shared and self.chance(0.2) else ACCOUNT
        self.who = self.rng.choice(("ann", "bob"))
        self.resource = self.target.resource.format(who=self.who, owner=self.owner)
        self._fill_context()
        return {
            "id": name,
            "principal": self.principal,
            "action": self.target.action,
            "resource": self.resource,
            "owner": self.owner,
            "context": self.context,
            **self._policies(),
        }

    def chance(self, probability: float) -> bool:
        """Return True so often."""
        return self.rng.random() < probability

    def _fill_context(self) -> None:
        keys = [key for key in KEYS if key.startswith("aws:")]
        for key in [*self.rng.sample(keys, 9), *self.target.keys]:
            if key == "aws:username" or not self.chance(0.85):
                continue
            count = self.rng.randint(1, 3) if key in SEVERAL else 1
            values = KEYS[key][1]
            self.context[key] = self.rng.sample(values, min(count, len(values)))
        if self.principal == ANN:
            self.context["aws:username"] = ["ann"]

    def _policies(self) -> dict[str, Any]:
        rng, own = self.rng, self.principal.startswith("arn:")
        bounded = own and self.principal != ROOT and self.chance(0.25)
        count = rng.choice((0, 1, 1, 2, 3)) if own else 0
        shared = self.target.ruled or (self.target.shared and (not own or self.chance(0.5)))
        version = rng.choice(("2008-10-17", "")) if self.chance(0.06) else "2012-10-17"
        sessions = rng.randint(1, 2) if self.principal == SESSION and self.chance(0.35) else 0
        return {
            "identity": [self._document(version) for _ in range(count)],
            "boundary": self._document(version, 0.95) if bounded else None,
            "session": [self._document(version, 0.95) for _ in range(sessions)],
            "resource_policy": self._document(version, 0.9, shared=True) if shared else None,
        }

    def _document(self, version: str, hit: float = 0.9, shared: bool = False) -> Document:
        count = self.rng.choice((1, 1, 2, 3))
        statements = [self._statement(hit, shared) for _ in range(count)]
        written: Any = statements[0] if count == 1 and self.chance(0.3) else statements
        return {**({"Version": version} if version else {}), "Statement": written}

    def _statement(self, hit: float, shared: bool) -> Document:
        denies = self.chance(0.16)
        hit = 0.6 if denies else hit
        statement: Document = {"Effect": "Deny" if denies else "Allow", **self._action(hit)}
        if shared:
            statement |= self._principal(hit, denies)
        if not shared or self.target.action != "sts:AssumeRole":
            statement |= self._resource(hit)
        if tests := self._conditions(hit):
            statement["Condition"] = tests
        return statement

    def _action(self, hit: float) -> Document:
        service, name = self.target.action.split(":")
        cut = self.rng.randrange(1, len(name))
        right = (
            self.target.action,
            f"{service}:*",
            f"{service}:{name[:cut]}*",
            f"{service}:*{name[cut:]}",
            f"{service}:{name[:cut]}?{name[cut + 1 :]}",
            self.target.action.lower(),
            "*",
        )
        wrong = (*self.target.near, f"{service}:{name}?", "ec2:*")
        if self.chance(0.1):
            return {"NotAction": self._some(wrong if self.chance(hit) else right)}
        return {"Action": self._some(right if self.chance(hit) else wrong)}

    def _resource(self, hit: float) -> Document:
        before, _, last = self.resource.rpartition("/") if "/" in self.resource else self.resource.rpartition(":")
        sign = self.resource[len(before)]
        whole = f"{before}{sign}"
        cut = self.rng.randrange(0, len(last))
        right = ["*", self.resource, f"{whole}*", f"{whole}{last[:cut]}*", f"{whole}{last[:cut]}?{last[cut + 1 :]}"]
        right.append(self.resource.replace(f":{self.owner}:", ":*:").replace("eu-west-1", "*-west-1"))
        right += [f"{whole}{last[:cut]}*{last[cut:]}", f"{':'.join(self.resource.split(':')[: cut % 3 + 2])}:*"]
        if f"/{self.who}" in self.resource:
            right += [self.resource.replace(f"/{self.who}", f"/{name}", 1) for name in self._variables()]
        wrong = (
            f"{whole}{last}?",
            f"{whole}{last[:cut]}#{last[cut + 1 :]}",
            self.resource.replace(self.who, "eve"),
            self.resource.replace("eu-west-1", "eu-west-2").replace("goods", "gods"),
            f"{whole}{last.upper()}x",
            self.resource.replace(f":{self.owner}:", ":${aws:SourceAccount}:").replace("report", "Report"),
        )
        if self.chance(0.08):
            return {
                "NotResource": self._some([*wrong, f"{before}{sign}${{aws:username}}"] if self.chance(hit) else right)
            }
        return {"Resource": self._some(right if self.chance(hit) else wrong)}

    def _variables(self) -> tuple[str, ...]:
        return (
            "${aws:username}",
            "${AWS:UserName}",
            "${aws:username, 'bob'}",
            "${aws:PrincipalTag/name, 'ann'}",
            "*${aws:username}",
            "${aws:TagKeys}",
            "${aws:TagKeys, 'bob'}",
            "${aws:PrincipalTag/team}",
            "${*}",
        )

    def _principal(self, hit: float, denies: bool) -> Document:
        near = f"arn:aws:iam::{OTHER}:user/ann"
        usual: tuple[Any, ...] = ({"AWS": ROOT}, {"AWS": ACCOUNT}, "*", {"AWS": "*"})
        right = {
            ANN: (*usual, {"AWS": ANN}, {"AWS": ANN}, {"AWS": [BOB, ANN]}),
            SESSION: (*usual, {"AWS": SESSION}, {"AWS": ROLE}, {"AWS": [BOB, ROLE]}),
            ROOT: (*usual, {"AWS": ROOT}),
            SERVICE: ({"Service": SERVICE}, {"Service": ["ec2.amazonaws.com", SERVICE]}, "*"),
            "anonymous": ("*", {"AWS": "*"}),
        }[self.principal]
        if self.principal == SERVICE and self.chance(0.1):
            return {"Principal": {"AWS": "*"}}
        wrong = ({"AWS": near}, {"AWS": BOB}, {"AWS": OTHER}, {"Service": "ec2.amazonaws.com"}, {"AWS": f"{SESSION}2"})
        if self.target.action != "sts:AssumeRole" and self.chance(0.25 if denies else 0.03):
            above = [ROLE, SESSION] if self.principal == SESSION else [ANN]
            sets = ([*above, ROOT], [*above, ROOT], above, above[:1], [BOB], [ROOT], [BOB, ACCOUNT])
            return {"NotPrincipal": {"AWS": self.rng.choice(sets)}}
        return {"Principal": self.rng.choice(right if self.chance(hit) else wrong)}

    def _conditions(self, hit: float) -> Document:
        found: dict[str, Document] = {}
        for _ in range(self.rng.choice((0, 0, 0, 1, 1, 2))):
            key = self._key(hit)
            if key in SEVERAL:
                operator, values = self._set_test(key, hit)
            elif self.chance(0.1):
                operator, values = "Null", [str(self.chance(hit) is (key not in self.context)).lower()]
            else:
                operator, values = self._test(key, hit)
            name = key.swapcase() if self.chance(0.1) else key
            found.setdefault(operator, {})[name] = self._written(operator, values)
        return found

    def _written(self, operator: str, values: list[str]) -> Any:
        """Return the values as a policy writes them: one without a list, numbers and truth as such."""
        written: list[Any] = list(values)
        if self.chance(0.3) and operator.startswith(("Null", "Bool")):
            written = [each == "true" if each in ("true", "false") else each for each in values]
        if self.chance(0.3) and operator.startswith("Numeric"):
            written = [float(each) if "." in each else int(each) for each in values]
        return written[0] if len(written) == 1 and self.chance(0.5) else written

    def _key(self, hit: float) -> str:
        present = list(self.context)
        if present and self.chance(hit):
            return self.rng.choice(present)
        return self.rng.choice([key for key in KEYS if key.startswith("aws:")])

    def _set_test(self, key: str, hit: float) -> tuple[str, list[str]]:
        operator, values = self._test(key, hit)
        if self.chance(0.05):
            return operator, values
        if self.chance(0.5):
            values = [*values, *self.context.get(key, ())]
        return f"{self.rng.choice(('ForAllValues', 'ForAnyValue'))}:{operator}", values

    def _test(self, key: str, hit: float) -> tuple[str, list[str]]:
        operators, known = KEYS[key]
        operator = self.rng.choice(operators)
        given = self.context.get(key, [self.rng.choice(known)])[0]
        others = [each for each in known if each != given]
        holds = self.chance(hit)
        negated = "Not" in operator
        if operator.startswith(("Numeric", "Date")):
            values = [self.rng.choice(known)]
        else:
            fits = SHAPES.get(operator.replace("Not", ""), _exact)(self, given)
            values = [fits] if holds is not negated else [self.rng.choice(others)]
            values += self.rng.sample(others, self.rng.randint(0, len(others) - 1)) if self.chance(0.4) else []
            if self.chance(0.04) and operator.startswith(("String", "Arn")):
                values.append("${aws:PrincipalTag/none}")
        suffix = "IfExists" if self.chance(0.2) else ""
        return f"{operator}{suffix}", values

    def _some(self, choices: Any) -> Any:
        """Return one of these texts, or a list of some."""
        return self.rng.choice(choices) if self.chance(0.6) else self.rng.sample(list(choices), self.rng.randint(1, 2))


def _exact(maker: Maker, value: str) -> str:
    if value == maker.who and maker.chance(0.3):
        return maker.rng.choice(("${aws:username}", "${aws:PrincipalTag/team, 'ann'}"))
    return "${aws:PrincipalTag/team}" if maker.chance(0.08) else value.replace("*", "${*}")


def _other_case(maker: Maker, value: str) -> str:
    return value.swapcase()


def _pattern(maker: Maker, value: str) -> str:
    cut = maker.rng.randrange(0, len(value) + 1)
    value = value.replace("*", "#")
    shapes = (
        value,
        f"{value[:cut]}*",
        f"*{value[cut:]}",
        f"{value[:cut]}*{value[cut:]}",
        f"{value[:cut]}?{value[cut + 1 :]}",
    )
    return maker.rng.choice(shapes).replace("#", maker.rng.choice(("${*}", "?")))


def _arn_pattern(maker: Maker, value: str) -> str:
    parts = value.split(":", 5)
    place = maker.rng.randrange(3, 6)
    parts[place] = maker.rng.choice((parts[place], "*", f"{parts[place][:1]}*"))
    return ":".join(parts)


def _network(maker: Maker, value: str) -> str:
    sizes = ("/32", "/64") if ":" in value else ("/24", "/25", "/32", "/8", "")
    return f"{value}{maker.rng.choice(sizes)}"


def _truth(maker: Maker, value: str) -> str:
    return "${aws:SecureTransport}" if maker.chance(0.15) else value


SHAPES: dict[str, Callable[[Maker, str], str]] = {
    "StringEqualsIgnoreCase": _other_case,
    "StringLike": _pattern,
    "ArnEquals": _arn_pattern,
    "ArnLike": _arn_pattern,
    "IpAddress": _network,
    "Bool": _truth,
}
