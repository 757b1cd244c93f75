"""Reads a buildspec: what a build runs and what it leaves.

https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html

The YAML is read as a tree of nodes, never as Python objects: messages can name the line, ``- true`` stays the command
``true``, and an alias costs nothing until somebody reads what it stands for.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NoReturn

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from . import unsupported

MAX_BYTES = 100_000
MAX_DEPTH = 100
MAX_ITEMS = 1_000
MAX_MERGES = 100
PHASE_NAMES = ("install", "pre_build", "build", "post_build")
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
# 'enable-symlinks' and 's3-prefix' are looked at before
_OUTPUT_KEYS = {"files", "name", "base-directory", "discard-paths", "exclude-paths", "enable-symlinks", "s3-prefix"}
_YES = {"yes", "true", "on"}
_MERGE = "tag:yaml.org,2002:merge"
_NULL = "tag:yaml.org,2002:null"


class BuildspecError(Exception):
    """A buildspec that can't be used.

    Parameters
    ----------
    message
        One sentence with the place.
    code
        The status code of the build's phase.
    """

    def __init__(self, message: str, code: str = "YAML_FILE_ERROR") -> None:
        super().__init__(message)
        self.message = message
        self.code = code


@dataclass(frozen=True)
class Commands:
    """What one phase runs."""

    commands: tuple[str, ...] = ()
    always: tuple[str, ...] = ()  # the phase's ``finally``


@dataclass(frozen=True)
class Output:
    """Which files a build leaves, under which name."""

    files: tuple[str, ...]
    base_directory: str = "."
    discard_paths: bool = False
    exclude_paths: tuple[str, ...] = ()
    name: str | None = None


@dataclass(frozen=True)
class Buildspec:
    """A buildspec, checked.

    Parameters
    ----------
    version
        ``0.1`` or ``0.2``.
    phases
        What runs, by the buildspec's name of the phase.
    variables
        Plain-text environment variables.
    artifacts
        The output, or None without an ``artifacts`` block.
    secondary_artifacts
        Further outputs, by their identifiers.
    exported
        Names of the variables that the build leaves to its pipeline.
    runtimes
        The wanted runtime versions, by language.
    unread
        Keys that are there and have no effect.
    shell
        ``/bin/sh`` or ``bash``.
    """

    version: str
    phases: Mapping[str, Commands]
    variables: Mapping[str, str] = field(default_factory=dict)
    artifacts: Output | None = None
    secondary_artifacts: Mapping[str, Output] = field(default_factory=dict)
    exported: tuple[str, ...] = ()
    runtimes: Mapping[str, str] = field(default_factory=dict)
    unread: tuple[str, ...] = ()
    shell: str = "/bin/sh"


def parse(text: str) -> Buildspec:
    """Return the buildspec that a text holds.

    Raises
    ------
    BuildspecError
        The text is no YAML, is no buildspec, or asks for what is not simulated.
    """
    root = _Place(_compose(text), "the buildspec")
    blocks = root.mapping()
    version = _version(blocks)
    if "phases" not in blocks:
        _fail("The buildspec has no phases block.")
    phases = blocks["phases"].mapping()
    for name, place in phases.items():
        if name not in PHASE_NAMES:
            # rule: buildspec-phase-names
            _fail(
                f"Invalid buildspec phase name: {name.upper()}. "
                f"Expecting: BUILD,INSTALL,POST_BUILD,PRE_BUILD at line {place.key_line}"
            )
    _refuse_unsupported(blocks, phases)
    env = blocks["env"].mapping() if "env" in blocks else {}
    install = phases["install"].mapping() if "install" in phases else {}
    known = {"version", "phases", "env", "artifacts", "run-as", "proxy", "reports", "environment_variables"}
    return Buildspec(
        version=version,
        phases={name: _commands(name, place) for name, place in phases.items()},
        variables=_variables(env["variables"]) if "variables" in env else {},
        artifacts=_output(blocks["artifacts"], frozenset({"secondary-artifacts"})) if "artifacts" in blocks else None,
        secondary_artifacts=_secondary(blocks["artifacts"]) if "artifacts" in blocks else {},
        exported=_exported(env["exported-variables"]) if "exported-variables" in env else (),
        runtimes=_runtimes(install["runtime-versions"]) if "runtime-versions" in install else {},
        unread=tuple(name for name in blocks if name not in known),
        shell=env["shell"].text().lower() if "shell" in env else "/bin/sh",  # rule: env-shell
    )


def is_inline(text: str) -> bool:
    """Tell whether a project's ``buildspec`` is a buildspec itself; else it is a path or an S3 ARN."""
    return "\n" in text.strip() or text.lstrip().startswith("{") or ": " in text


def is_passable(text: str) -> bool:
    """Tell whether a text can be an argument or a variable of a process: no null, no half of a surrogate pair."""
    return "\0" not in text and not any("\ud800" <= sign <= "\udfff" for sign in text)


def _fail(message: str) -> NoReturn:
    raise BuildspecError(message)


def _compose(text: str) -> Node:
    if len(text.encode(errors="replace")) > MAX_BYTES:
        _fail(f"The buildspec is larger than {MAX_BYTES} bytes.")
    try:
        depth = 0
        for event in yaml.parse(text, yaml.SafeLoader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_DEPTH:
                _fail(f"The buildspec is nested more than {MAX_DEPTH} levels deep.")
        root = yaml.compose(text, yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        # rule: yaml-error
        _fail(f"{error.problem or error.context} at line {mark.line + 1 if mark else 1}")
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError: PyYAML on numbers and escapes
        _fail(f"The buildspec can't be read as YAML: {' '.join(str(error).split())}")
    if root is None:
        _fail("The buildspec is empty.")
    return root


@dataclass(frozen=True)
class _Place:
    """A node of the YAML, and what to call it."""

    node: Node
    path: str
    key_line: int = 1

    def mapping(self) -> "dict[str, _Place]":
        if not isinstance(self.node, MappingNode):
            _fail(f"{self.path} must be a block of keys, at line {self._line}.")
        found: dict[str, _Place] = {}
        for key, value in _pairs(self.node, [MAX_MERGES]):
            if not isinstance(key, ScalarNode):
                _fail(f"{self.path} has a key that is no text, at line {key.start_mark.line + 1}.")
            if key.value in found:
                _fail(f"mapping key {key.value!r} already defined at line {key.start_mark.line + 1}")
            found[key.value] = _Place(value, self._child(key.value), key.start_mark.line + 1)
            if len(found) > MAX_ITEMS:
                _fail(f"{self.path} has more than {MAX_ITEMS} keys.")
        return found

    def text(self) -> str:
        if not isinstance(self.node, ScalarNode) or self.node.tag == _NULL:
            _fail(f"{self.path} must be text, at line {self._line}.")
        if not is_passable(self.node.value):
            _fail(f"{self.path} holds a character that no command can be given, at line {self._line}.")
        return str(self.node.value)

    def items(self) -> "list[_Place]":
        if not isinstance(self.node, SequenceNode):
            _fail(f"{self.path} must be a list, at line {self._line}.")
        if len(self.node.value) > MAX_ITEMS:
            _fail(f"{self.path} has more than {MAX_ITEMS} entries.")
        return [_Place(node, f"{self.path}[{number}]") for number, node in enumerate(self.node.value)]

    def is_yes(self) -> bool:
        return self.text().lower() in _YES

    def texts(self) -> tuple[str, ...]:
        return tuple(place.text() for place in self.items())

    @property
    def is_plain(self) -> bool:
        return isinstance(self.node, ScalarNode) and self.node.tag != _NULL

    @property
    def _line(self) -> int:
        return int(self.node.start_mark.line) + 1

    @property
    def line(self) -> int:
        return self._line

    def _child(self, key: str) -> str:
        return key if self.path == "the buildspec" else f"{self.path}.{key}"


def _pairs(node: MappingNode, merges: list[int]) -> Iterator[tuple[Node, Node]]:
    """Yield a mapping's keys and values with merged ones (``<<``) last; its own keys win."""
    own = [(key, value) for key, value in node.value if key.tag != _MERGE]
    yield from own
    taken = {key.value for key, _ in own if isinstance(key, ScalarNode)}
    for key, value in node.value:
        if key.tag != _MERGE:
            continue
        for merged in value.value if isinstance(value, SequenceNode) else [value]:
            merges[0] -= 1
            if merges[0] < 0 or not isinstance(merged, MappingNode):
                _fail(f"The merge key at line {key.start_mark.line + 1} can't be followed.")
            for pair in _pairs(merged, merges):
                name = pair[0].value if isinstance(pair[0], ScalarNode) else None
                if name not in taken:
                    taken.add(name)
                    yield pair


def _version(blocks: dict[str, _Place]) -> str:
    if "version" not in blocks:
        # rule: buildspec-version
        _fail("The buildspec has no version; write version: 0.2 at its top.")
    version = blocks["version"].text()
    if version not in ("0.1", "0.2"):
        _fail(f"The buildspec's version is {version!r}; use 0.2.")
    return version


def _refuse_unsupported(blocks: dict[str, _Place], phases: dict[str, _Place]) -> None:
    """Refuse, by name, what would change the build and is not simulated."""
    for key, unused in unsupported.BUILDSPEC.items():
        for place in _at(blocks, key.split(".")):
            if not (place.is_plain and place.text().lower() in unused):
                raise BuildspecError(f"{place.path} at line {place.key_line} is not simulated yet.", "NOT_SIMULATED")


def _at(block: dict[str, _Place], keys: list[str]) -> Iterator[_Place]:
    """Yield what is under these keys; ``*`` is any key."""
    first, *rest = keys
    for place in block.values() if first == "*" else [block[first]] if first in block else []:
        if rest:
            yield from _at(place.mapping(), rest)
        else:
            yield place


def _commands(name: str, place: _Place) -> Commands:
    block = place.mapping()
    unknown = set(block) - {"commands", "finally", "runtime-versions", "on-failure", "run-as"}
    if unknown or ("runtime-versions" in block and name != "install"):
        extra = sorted(unknown)[0] if unknown else "runtime-versions"
        _fail(f"{place.path} has no key {extra!r}, at line {block[extra].key_line}.")
    if name != "install" and "commands" not in block:
        # rule: buildspec-commands-required
        _fail(f"{place.path} needs a list of commands, at line {place.key_line}.")
    return Commands(
        commands=_command_list(block["commands"], "Commands") if "commands" in block else (),
        always=_command_list(block["finally"], "Finally") if "finally" in block else (),
    )


def _command_list(place: _Place, label: str) -> tuple[str, ...]:
    for number, item in enumerate(place.items()):
        if not item.is_plain:
            # rule: buildspec-command-text
            _fail(
                f"Expected {label}[{number}] to be of string type: found subkeys instead at line {item.line}, "
                f"value of the key tag on line {item.line - 1} might be empty"
            )
    return place.texts()


def _variables(place: _Place) -> dict[str, str]:
    variables = {name: value.text() for name, value in place.mapping().items()}
    for name in variables:
        if not name or "=" in name or not is_passable(name):
            _fail(f"env.variables has a name that no environment variable can have: {name!r}.")
    return variables


def _runtimes(place: _Place) -> dict[str, str]:
    if not isinstance(place.node, MappingNode):
        return {text.partition(":")[0].strip(): text.partition(":")[2].strip() for text in place.texts()}
    return {name: value.text() for name, value in place.mapping().items()}


def _exported(place: _Place) -> tuple[str, ...]:
    names = place.texts()
    for name in names:
        if not _NAME.fullmatch(name):
            _fail(f"{place.path} has a name that no variable of a shell can have: {name!r}.")
    return names


def _output(place: _Place, extra: frozenset[str] = frozenset()) -> Output:
    block = place.mapping()
    for key in block:
        if key not in _OUTPUT_KEYS | extra:
            _fail(f"{place.path} has no key {key!r}, at line {block[key].key_line}.")
    if "files" not in block:
        # rule: artifacts-files-required, secondary-artifacts-files-required
        _fail(f"{place.path} needs a list of files, at line {place.key_line}.")
    return Output(
        files=block["files"].texts(),
        base_directory=block["base-directory"].text() if "base-directory" in block else ".",
        discard_paths="discard-paths" in block and block["discard-paths"].is_yes(),
        exclude_paths=block["exclude-paths"].texts() if "exclude-paths" in block else (),
        name=block["name"].text() if "name" in block else None,
    )


def _secondary(place: _Place) -> dict[str, Output]:
    # rule: secondary-artifacts-block
    block = place.mapping().get("secondary-artifacts")
    return {name: _output(each) for name, each in block.mapping().items()} if block else {}
