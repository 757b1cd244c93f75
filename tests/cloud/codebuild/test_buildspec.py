import textwrap

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from cicdlab.cloud.codebuild.buildspec import Buildspec, BuildspecError, Commands, Output, is_inline, parse


def spec(text: str) -> str:
    return "version: 0.2\n" + textwrap.dedent(text)


def refused(text: str) -> BuildspecError:
    with pytest.raises(BuildspecError) as caught:
        parse(text)
    return caught.value


def test_a_whole_buildspec_is_read() -> None:
    found = parse(
        spec("""
        env:
          variables: {COLOUR: blue, COUNT: 3, ON: yes}
        phases:
          install:
            runtime-versions: {python: 3.12}
          build:
            commands:
              - make
              - |
                if true; then
                  echo "a: b"
                fi
            finally: [echo bye]
        artifacts:
          files: ['**/*', one.txt]
          exclude-paths: ['*.pyc']
          base-directory: dist
          discard-paths: yes
          name: app-$(date +%F)
        """)
    )
    assert found == Buildspec(
        version="0.2",
        variables={"COLOUR": "blue", "COUNT": "3", "ON": "yes"},
        runtimes={"python": "3.12"},
        phases={
            "install": Commands(),
            "build": Commands(("make", 'if true; then\n  echo "a: b"\nfi\n'), ("echo bye",)),
        },
        artifacts=Output(("**/*", "one.txt"), "dist", True, ("*.pyc",), "app-$(date +%F)"),
    )


@pytest.mark.parametrize("version", ["0.2", '"0.2"', "0.1"])
def test_version_is_a_number_or_text(version: str) -> None:
    assert parse(f"version: {version}\nphases: {{build: {{commands: [make]}}}}").version == version.strip('"')


def test_a_missing_or_unknown_version_is_refused() -> None:
    assert "no version" in refused("phases: {build: {commands: [make]}}").message
    assert "'0.3'" in refused("version: 0.3\nphases: {build: {commands: [make]}}").message


def test_commands_that_yaml_takes_for_other_types_stay_text() -> None:
    assert parse(spec("phases: {build: {commands: [true, 3, 2026-01-01, no]}}")).phases["build"].commands == (
        "true",
        "3",
        "2026-01-01",
        "no",
    )


def test_an_unknown_phase_is_named() -> None:
    message = refused(spec("phases:\n  postbuild:\n    commands: [make]\n")).message
    assert message == (
        "Invalid buildspec phase name: POSTBUILD. Expecting: BUILD,INSTALL,POST_BUILD,PRE_BUILD at line 3"
    )


def test_a_command_with_an_unquoted_colon_is_explained_with_its_line() -> None:
    error = refused(spec("phases:\n  build:\n    commands:\n      - make\n      - echo a: b\n"))
    assert error.code == "YAML_FILE_ERROR"
    assert error.message == (
        "Expected Commands[1] to be of string type: found subkeys instead at line 6, "
        "value of the key tag on line 5 might be empty"
    )


def test_an_empty_command_is_refused_as_on_aws() -> None:
    assert "Commands[0]" in refused(spec("phases:\n  build:\n    commands:\n      -\n")).message


@pytest.mark.parametrize("phase", ["pre_build", "build", "post_build"])
def test_commands_are_required_in_all_phases_but_install(phase: str) -> None:
    assert "needs a list of commands" in refused(spec(f"phases:\n  {phase}:\n    finally: [make]\n")).message
    assert parse(spec("phases:\n  install:\n    finally: [make]\n")).phases["install"].always == ("make",)


def test_artifacts_need_files() -> None:
    message = refused(spec("phases: {build: {commands: [a]}}\nartifacts:\n  name: x\n")).message
    assert message == "artifacts needs a list of files, at line 3."


def test_files_are_needed_even_where_all_artifacts_are_secondary() -> None:
    block = "phases: {build: {commands: [a]}}\nartifacts:\n  secondary-artifacts:\n    one: {files: [a]}\n"
    assert refused(spec(block)).message == "artifacts needs a list of files, at line 3."
    both = block.replace("artifacts:\n  s", "artifacts:\n  files: [a]\n  s", 1)
    assert refused(spec(both.replace("{files: [a]}\n", "{name: b}\n"))).message == (
        "artifacts.secondary-artifacts.one needs a list of files, at line 6."
    )
    assert parse(spec(both)).secondary_artifacts["one"].files == ("a",)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "empty"),
        ("- a\n- b", "the buildspec must be a block of keys, at line 1"),
        ("version: 0.2", "no phases"),
        (spec("phases: [a]"), "phases must be a block of keys, at line 2"),
        (spec("phases: {build: make}"), "phases.build must be a block of keys"),
        (spec("phases: {build: {commands: make}}"), "phases.build.commands must be a list, at line 2"),
        (spec("phases: {build: {commands: [a], command: [b]}}"), "no key 'command'"),
        (spec("phases: {build: {commands: [a], runtime-versions: {python: 3}}}"), "no key 'runtime-versions'"),
        (spec("phases: {build: {commands: [a], commands: [b]}}"), "'commands' already defined"),
        (spec("phases: {build: {commands: [a]}}\nenv: {variables: {A: [b]}}"), "env.variables.A must be text"),
        (spec('phases: {build: {commands: ["a\\0b"]}}'), "that no command can be given"),
        (spec('phases: {build: {commands: ["\\ud800"]}}'), "that no command can be given"),
        (spec("phases: {build: {commands: [a]}}\nenv: {variables: {'A=B': c}}"), "'A=B'"),
        (spec("phases: {build: {commands: [a]}}\nartifacts: {files: [a], filse: [b]}"), "no key 'filse'"),
        (spec("phases: {build: {commands: [a]}}\nenv: {exported-variables: [A-B]}"), "'A-B'"),
        (spec("phases: {build: {commands: [a]}}\nartifacts: {files: [a], secondary-artifacts: [b]}"), "block of keys"),
        ("version: 0.2\nphases:\n\tbuild: x", "at line 3"),
        ("version: 0.2\nphases: {a", "at line 2"),
        ("#" * 100_001, "larger than"),
        ("[" * 50_000, "nested more than"),
        ("{" * 50_000, "nested more than"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, part: str) -> None:
    error = refused(text)
    assert error.code == "YAML_FILE_ERROR"
    assert part in error.message


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("env: {parameter-store: {A: /b}}", "env.parameter-store"),
        ("env: {secrets-manager: {A: b}}", "env.secrets-manager"),
        ("env: {shell: powershell.exe}", "env.shell"),
        ("env: {git-credential-helper: yes}", "env.git-credential-helper"),
        ("run-as: nobody", "run-as"),
        ("proxy: {logs: yes}", "proxy.logs"),
        ("reports: {unit: {files: [a]}}", "reports"),
        (
            "artifacts: {files: [a], secondary-artifacts: {b: {files: [c], s3-prefix: p}}}",
            "artifacts.secondary-artifacts.b.s3-prefix",
        ),
        ("artifacts: {files: [a], enable-symlinks: yes}", "artifacts.enable-symlinks"),
        ("artifacts: {files: [a], s3-prefix: p}", "artifacts.s3-prefix"),
        ("environment_variables: {plaintext: {A: b}}", "environment_variables"),
    ],
)
def test_a_key_that_would_change_the_build_is_refused_by_name(text: str, key: str) -> None:
    error = refused(spec(f"{text}\nphases: {{build: {{commands: [make]}}}}"))
    assert error.code == "NOT_SIMULATED"
    assert error.message == f"{key} at line 2 is not simulated yet."


@pytest.mark.parametrize("key", ["on-failure: CONTINUE", "run-as: nobody"])
def test_a_phase_key_that_would_change_the_build_is_refused_by_name(key: str) -> None:
    error = refused(spec(f"phases:\n  build:\n    commands: [make]\n    {key}\n"))
    assert (error.code, f"phases.build.{key.partition(':')[0]} at line 5" in error.message) == ("NOT_SIMULATED", True)


def test_settings_that_change_nothing_are_accepted() -> None:
    text = spec(
        "run-as: root\nenv: {shell: bash, git-credential-helper: no}\nproxy: {logs: no}\nbatch: {fast-fail: true}\n"
        "cache: {paths: [a]}\nphases: {build: {commands: [make], run-as: root}}"
    )
    assert parse(text).unread == ("batch", "cache")


def test_anchors_and_merge_keys_are_followed() -> None:
    found = parse(
        spec("""
        x-common: &common {commands: [make], finally: [echo done]}
        phases:
          pre_build: *common
          build: {<<: *common, commands: [test]}
        """)
    )
    assert found.phases == {
        "pre_build": Commands(("make",), ("echo done",)),
        "build": Commands(("test",), ("echo done",)),
    }


def test_a_yaml_bomb_costs_nothing() -> None:
    levels = "\n".join(f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 9)}]" for n in range(1, 40))
    assert parse(f"x0: &x0 [a]\n{levels}\nversion: 0.2\nphases: {{build: {{commands: [make]}}}}").phases


@pytest.mark.parametrize("text", ["a: &a {<<: *a}\nversion: 0.2\nphases: *a", "version: 0.2\nphases: &p {build: *p}"])
def test_a_structure_that_holds_itself_is_refused(text: str) -> None:
    refused(text)


def test_merges_of_merges_are_limited() -> None:
    levels = "\n".join(f"x{n}: &x{n} {{<<: [{', '.join([f'*x{n - 1}'] * 9)}]}}" for n in range(1, 30))
    error = refused(f"x0: &x0 {{build: {{commands: [a]}}}}\n{levels}\nversion: 0.2\nphases: {{<<: *x29}}")
    assert "merge key" in error.message


@pytest.mark.parametrize(
    ("text", "inline"),
    [
        ("buildspec.yml", False),
        ("ci/build: it.yml", True),
        ("arn:aws:s3:::bucket/buildspec.yml", False),
        ('{"version":0.2}', True),
        ("version: 0.2\nphases:", True),
        ("", False),
        ("ci/buildspec.yml\n", False),
    ],
)
def test_a_path_is_told_from_a_buildspec(text: str, inline: bool) -> None:
    assert is_inline(text) is inline


_KEYS = st.sampled_from(
    [
        "version", "phases", "env", "variables", "artifacts", "files", "install", "build", "commands", "finally",
        "name", "runtime-versions", "<<", "base-directory", "exclude-paths", "x",
    ]
)  # fmt: skip
_VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.sampled_from(["0.2", "make", "a: b"]) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=5),
    max_leaves=25,
)


def read(text: str) -> None:
    try:
        assert isinstance(parse(text), Buildspec)
    except BuildspecError as error:
        assert error.message
        assert "\n" not in error.message


@given(st.text(max_size=300))
@example("\ud800")
@example("? a\n")
@example("!!binary x")
@example("- !!int a")
@example("%YAML 9.9\n---\na")
@example("a: 1\n---\nb: 2")
@example("&a a: *b")
def test_any_text_is_a_buildspec_or_a_buildspec_error(text: str) -> None:
    read(text)


@given(st.dictionaries(_KEYS, _VALUES, max_size=6))
def test_any_yaml_is_a_buildspec_or_a_buildspec_error(document: dict[str, object]) -> None:
    read(yaml.safe_dump({"version": 0.2, **document}, sort_keys=False))
