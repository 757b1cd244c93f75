"""AppSpec files: what is read, and what is refused in the agent's words, without running any of it."""

import time

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cicdlab.cloud.codedeploy import appspec
from cicdlab.cloud.codedeploy.appspec import AppSpec, Hook, Source, parse
from cicdlab.cloud.codedeploy.errors import LifecycleError
from cicdlab.cloud.codedeploy.permissions import Permission

START = "version: 0.0\nos: linux\n"


def refused(text: str | bytes) -> str:
    with pytest.raises(LifecycleError) as error:
        parse(text if isinstance(text, bytes) else text.encode())
    assert error.value.code == "UnknownError"
    assert len(error.value.message) < 600
    return error.value.message


def read(text: str) -> AppSpec:
    return parse((START + text).encode())


def test_a_whole_file_is_read() -> None:
    found = read(
        """
files:
  - source: /
    destination: /var/www/html/
  - {source: app.conf, destination: /etc/app}
file_exists_behavior: OVERWRITE
permissions:
  - object: /var/www/html
    pattern: "*.sh"
    except: [a.sh, " b.sh "]
    owner: root
    group: root
    mode: 4750
    type:
      - file
hooks:
  BeforeInstall:
    - location: scripts/one.sh
      timeout: 300
      runas: root
    - location: scripts/two.sh
  AfterInstall:
"""
    )
    assert found == AppSpec(
        files=(Source("/", "/var/www/html"), Source("app.conf", "/etc/app")),
        file_exists_behavior="OVERWRITE",
        permissions=(Permission("/var/www/html", "*.sh", ("a.sh", "b.sh"), ("file",), "root", "root", "4750"),),
        hooks={"BeforeInstall": (Hook("scripts/one.sh", 300, "root"), Hook("scripts/two.sh"))},
    )


def test_version_and_os_are_enough() -> None:
    assert parse(b"version: 0.0\nos: linux") == parse(b'{"version": 0, "os": "linux"}') == AppSpec()


def test_keys_that_the_agent_does_not_know_are_left_alone() -> None:
    assert read("flavour: vanilla\nhooks: {}\nfiles:\npermissions:") == AppSpec()


@pytest.mark.parametrize("text", ["", "---\n", "# nothing\n", "null"])
def test_an_empty_file_is_refused(text: str) -> None:
    assert "the application specification file was empty" in refused(text)


@pytest.mark.parametrize(
    ("version", "shown"),
    [("1.0", "1.0"), ('"0.0"', "0.0"), ("", ""), ("false", "false"), ("[0.0]", "a list"), (".nan", "nan")],
)
def test_the_version_is_a_number_and_nought(version: str, shown: str) -> None:
    message = refused(f"version: {version}\nos: linux")
    assert f"an invalid version value ({shown}) was entered" in message


@pytest.mark.parametrize("text", ["just words", "- a\n- list", "42", "{os: linux}"])
def test_a_file_without_a_version_is_refused(text: str) -> None:
    assert "an invalid version value ()" in refused(text)


@pytest.mark.parametrize(
    ("system", "shown"), [("ubuntu", "ubuntu"), ("windows", "windows"), ("Linux", "Linux"), ("", "")]
)
def test_the_instances_run_linux(system: str, shown: str) -> None:
    assert f"an unsupported operating system ({shown})" in refused(f"version: 0.0\nos: {system}")


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("{destination: /srv}", "specifies a destination file, but no source file"),
        ("{source: a.txt}", "specifies only a source file (a.txt)"),
        ("{source: a.txt, destination: srv}", "the destination (srv) in the files section"),
        ("{source: [a], destination: /srv}", "has a list where a text is expected"),
        ('{source: "a\\0b", destination: /srv}', "a line break or a null"),
        ('{source: a, destination: "/s\\nrv"}', "a line break or a null"),
        ("a.txt", "an entry of files"),
    ],
)
def test_files_need_a_source_and_an_absolute_destination(entry: str, said: str) -> None:
    assert said in refused(f"{START}files:\n  - {entry}")


@pytest.mark.parametrize("section", ["files", "permissions"])
@pytest.mark.parametrize("value", ["text", "{a: b}", "7"])
def test_a_section_that_is_no_list_is_refused(section: str, value: str) -> None:
    assert f"{section} in the application specification file is not a list" in refused(f"{START}{section}: {value}")


def test_a_destination_has_no_detours() -> None:
    assert read("files: [{source: a, destination: //srv/./x/../../etc//}]").files == (Source("a", "/etc"),)


@pytest.mark.parametrize("value", ["disallow", "REPLACE", "[RETAIN]", "true"])
def test_other_behaviors_for_existing_files_are_refused(value: str) -> None:
    assert "Make sure your AppSpec file specifies one of DISALLOW,OVERWRITE,RETAIN" in refused(
        f"{START}file_exists_behavior: {value}"
    )


# --- hooks


@pytest.mark.parametrize("entry", ["{}", "{timeout: 3}", "{location: }", "{location: ''}", "{location: '  '}"])
def test_a_script_needs_a_location(entry: str) -> None:
    assert "specifies a script with no location value" in refused(f"{START}hooks:\n  AfterInstall:\n    - {entry}")


@pytest.mark.parametrize(("value", "seconds"), [("60", 60), ("'60'", 60), ("1.9", 1), ("3600", 3600), ("", None)])
def test_a_timeout_is_a_number_of_seconds(value: str, seconds: int | None) -> None:
    hooks = read(f"hooks: {{AfterInstall: [{{location: a.sh, timeout: {value}}}]}}").hooks
    assert hooks["AfterInstall"] == (Hook("a.sh", seconds),)


@pytest.mark.parametrize("value", ["0", "-1", "soon", "0.5", ".inf", ".nan", "true"])
def test_a_timeout_that_is_none_is_refused(value: str) -> None:
    assert "an invalid timeout value" in refused(f"{START}hooks: {{AfterInstall: [{{location: a, timeout: {value}}}]}}")


@pytest.mark.parametrize("timeouts", [(3601,), (3600, 1), (10**30,)])
def test_an_event_has_an_hour(timeouts: tuple[int, ...]) -> None:
    scripts = ", ".join(f"{{location: a.sh, timeout: {each}}}" for each in timeouts)
    assert "a lifecycle event has 3600 at most" in refused(f"{START}hooks: {{AfterInstall: [{scripts}]}}")


@pytest.mark.parametrize(
    ("hooks", "said"),
    [
        ("hooks: [a]", "has no lifecycle events"),
        ("hooks: {AfterInstall: {location: a.sh}}", "AfterInstall in the application specification file is not a list"),
        ("hooks: {AfterInstall: [a.sh]}", "an entry of AfterInstall"),
    ],
)
def test_hooks_are_lists_of_scripts_by_event(hooks: str, said: str) -> None:
    assert said in refused(START + hooks)


def test_only_known_events_pass_the_installation() -> None:
    every = (*appspec.SCRIPTED, *appspec.RESERVED)
    read(f"hooks: {{{', '.join(f'{name}: []' for name in every)}}}").check_events("appspec.yml")
    with pytest.raises(LifecycleError) as error:
        read("hooks: {afterInstall: [], AfterInstall: [], Lunch: []}").check_events("appspec.yaml")
    assert error.value.message == 'appspec.yaml file contains unknown lifecycle events: ["afterInstall", "Lunch"]'


# --- permissions


@pytest.mark.parametrize(
    ("value", "mode"),
    [("644", "644"), ("'0644'", "0644"), ("4755", "4755"), ("7", "007"), ("'1777'", "1777"), ("0644", "420"), ("", "")],
)
def test_a_mode_is_octal_digits_and_0644_without_quotes_is_another_number(value: str, mode: str) -> None:
    assert read(f"permissions: [{{object: /srv, mode: {value}}}]").permissions[0].mode == mode


@pytest.mark.parametrize(
    ("value", "said"),
    [("'00644'", "the length of a permissions mode (00644)"), ("888", "contains an invalid character (8)"),
     ("0755", "mode (493) in the application specification file contains an invalid character (9)"),
     ("u+x", "contains an invalid character (u)")],
)  # fmt: skip
def test_a_mode_that_is_none_is_refused(value: str, said: str) -> None:
    assert said in refused(f"{START}permissions: [{{object: /srv, mode: {value}}}]")


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("{mode: 644}", "has no object value"),
        ("{object: srv}", "the object (srv) in the permissions section"),
        ("{object: /srv, type: [link]}", "an object type not supported for permissions (link)"),
        ("{object: /srv, type: file}", "type in the application specification file is not a list"),
        ("{object: /srv, except: a.sh}", "except in the application specification file is not a list"),
        ("{object: /srv, acls: ['u:web:rw']}", "an access control list (acls)"),
        ("{object: /srv, context: {type: t}}", "an SELinux context (context)"),
    ],
)
def test_permissions_that_can_not_be_had_are_refused(entry: str, said: str) -> None:
    assert said in refused(f"{START}permissions: [{entry}]")


# --- what is no AppSpec file


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("version: 0.0\nos: [linux", "can't be read as YAML: "),
        ("version: 0.0\n\tos: linux", "at line 2 column 1"),
        ("a: b: c", "at line 1 column 5"),
        ("os: *nothing", "found undefined alias"),
        ("os: !!python/object/apply:os.system [true]", "could not determine a constructor"),
        ("when: 2026-99-99", "can't be read as YAML"),
        ("{[a]: b}", "found unhashable key"),
        (b"\xff\xfe\x00", "no text in UTF-8"),
        (b"version: \x00", "can't be read as YAML"),
        ("[" * 5000, "nested more than 20 levels deep"),
    ],
)
def test_what_is_no_yaml_is_refused_with_its_place(text: str | bytes, said: str) -> None:
    assert said in refused(text)


def test_a_megabyte_of_garbage_is_refused_at_once() -> None:
    started = time.monotonic()
    assert "larger than 256 KiB" in refused(b"\x00\xff{[*&!" * (1 << 17))
    assert time.monotonic() - started < 1


@pytest.mark.parametrize(
    "value", ["[*a, *a, *a, *a, *a, *a, *a, *a, *a]", "{<<: [*a, *a, *a, *a, *a, *a, *a, *a, *a]}"]
)
def test_a_few_lines_that_stand_for_a_billion_are_refused(value: str) -> None:
    names = "abcdefghi"
    lines = ["a: &a {x: y}"]
    lines += [
        f"{name}: &{name} {value.replace('*a', f'*{before}')}" for before, name in zip(names, names[1:], strict=False)
    ]
    assert "too many aliases" in refused("\n".join(lines))


def test_aliases_in_an_ordinary_number_are_read() -> None:
    text = "hooks: {BeforeInstall: &one [{location: a.sh}], AfterInstall: *one}"
    assert read(text).hooks["AfterInstall"] == (Hook("a.sh"),)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.binary(max_size=4) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FILES = st.fixed_dictionaries({}, optional={"source": VALUES, "destination": VALUES | st.just("/srv")})
HOOKS = st.fixed_dictionaries({}, optional={"location": VALUES, "timeout": VALUES, "runas": VALUES})
KEYS = ("object", "pattern", "except", "owner", "group", "mode", "type", "acls", "context")
PERMISSIONS = st.fixed_dictionaries({}, optional=dict.fromkeys(KEYS, VALUES))
SPECS = st.fixed_dictionaries(
    {"version": st.just(0.0), "os": st.just("linux")},
    optional={
        "files": st.lists(FILES | VALUES, max_size=2) | VALUES,
        "permissions": st.lists(PERMISSIONS | VALUES, max_size=2) | VALUES,
        "hooks": st.dictionaries(st.sampled_from(appspec.SCRIPTED), st.lists(HOOKS, max_size=2) | VALUES) | VALUES,
        "file_exists_behavior": VALUES,
    },
)


@given(SPECS)
def test_whatever_is_in_the_sections_is_read_or_refused_in_one_way(content: dict[str, object]) -> None:
    try:
        found = parse(yaml.safe_dump(content).encode())
    except LifecycleError as error:
        assert error.message
        return
    for hooks in found.hooks.values():
        assert all(hook.location and (hook.timeout is None or 0 < hook.timeout <= 3600) for hook in hooks)
    assert all(each.source and each.destination.startswith("/") for each in found.files)
    assert all("\0" not in str(vars(each)) for each in (*found.files, *found.permissions))


@given(st.binary(max_size=200) | st.text(alphabet="[]{}&*!|>'\"%@`,#?:-\n\t <a0.\\", max_size=60).map(str.encode))
def test_whatever_the_file_is_it_is_read_or_refused_in_one_way(data: bytes) -> None:
    try:
        parse(data)
    except LifecycleError as error:
        assert error.message
