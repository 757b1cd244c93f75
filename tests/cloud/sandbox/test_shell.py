"""What a command can do to its shell, and what the next command finds."""

import time

import pytest

from cicdlab.cloud.sandbox import Result, Sandbox, SandboxError


def test_folder_variables_and_functions_carry_over(session):
    session.run("mkdir ~/deep; cd ~/deep; plain=1; export EXPORTED=2; greet() { echo hello $1; }; set -f")
    assert session.says("basename $PWD; echo $plain $EXPORTED; greet you; echo *") == "deep\n1 2\nhello you\n*"


@pytest.mark.parametrize(
    ("command", "status"),
    [
        ("true", 0),
        ("false", 1),
        ("(exit 42)", 42),
        ("no-such-command-at-all", 127),
        ("kill -9 $BASHPID & wait $!", 137),
        ("", 0),
        ("# a comment", 0),
        ("exec 3</dev/null", 0),
        ("continue", 0),
        ("break", 0),
        ("set -x", 0),
    ],
)
def test_a_command_gives_its_status_and_keeps_the_shell(session, command, status):
    session.run("kept=yes")
    assert session.run(command) == Result(status)
    assert session.says("{ echo $kept; } 2>/dev/null") == "yes"


@pytest.mark.parametrize(
    ("command", "status"),
    [
        ("exit 3", 3),
        ("exit", 0),
        ("set -e; false; echo unreachable", 1),
        ("break 5", 0),
        ("exec sh -c 'exit 7'", 7),
        ("kill -9 $$", 137),
        ("kill -TERM $$", 143),
        ("trap 'echo bye' EXIT; exit 5", 5),
    ],
)
def test_a_command_that_ends_the_shell_gives_its_status_and_the_next_one_runs(session, command, status):
    session.run("cd /; export KEPT='two\nlines \"quoted\" $HOME'; lost=yes")
    assert session.run(command) == Result(status, ended=True)
    assert b"unreachable" not in session.output
    assert session.says('pwd; echo "$KEPT"; echo ${lost-lost}') == '/\ntwo\nlines "quoted" $HOME\nlost'


@pytest.mark.parametrize(
    "command",
    [
        "if then",
        "echo 'unterminated",
        "set -u; echo $nothing",
        "${nothing?}",
        "readonly r=1; r=2",
        "return 4",
        "set -Z",
    ],
)
def test_an_error_of_the_shell_language_fails_the_command_and_the_next_one_runs(session, command):
    session.run("export KEPT=yes")
    assert session.run(command).status not in (0, 137)
    assert session.says("echo $KEPT") == "yes"


def test_what_the_last_command_exported_before_it_ended_the_shell_is_kept(session):
    session.run("mkdir ~/there; cd ~/there; export LATE=1; unset DECLARED; exit 9")
    assert session.says("basename $PWD; echo $LATE ${DECLARED-unset}") == "there\n1 unset"


def test_an_unset_variable_error_keeps_what_was_exported_before_it(session):
    session.run("export LATE=1; set -u; echo $no_such_variable")
    assert session.says("echo $LATE") == "1"


def test_a_variable_that_a_fresh_shell_has_read_only_may_be_exported(session):
    session.run("export UID KEPT=yes; readonly KEPT; exit 1")
    assert session.says("echo $KEPT; source /dev/null; set -o | grep posix") == "yes\nposix          \ton"


def test_a_debug_trap_of_the_command_runs_and_harms_nothing(session):
    session.run("trap 'echo trapped' DEBUG")
    assert set(session.says("echo one; (exit 3)").split()) == {"trapped", "one"}
    assert session.run("export KEPT=yes; exit 4").status == 4
    assert session.says("echo $KEPT") == "yes"


def test_an_exit_trap_of_the_command_runs(session):
    assert session.says("trap 'echo bye' EXIT; exit 5") == "bye"


def test_ending_the_shell_writes_nothing_of_our_own(session):
    assert session.says("echo one; exit 3") == "one"
    assert session.says("set -x; exit 3") == "++ exit 3"


def test_tracing_shows_the_commands_and_not_the_machinery(session):
    session.run("set -x")
    assert session.says("echo a") == "++ echo a\na"
    assert session.says("echo b") == "++ echo b\nb"


def test_commands_have_no_descriptor_but_the_first_three(session):
    listing = "import os; print(sorted(int(n) for n in os.listdir('/proc/self/fd')))"
    assert session.says(f'python -I -S -c "{listing}"') == "[0, 1, 2, 3]"  # 3 lists the folder
    assert session.says(f'(:; python -I -S -c "{listing}"; :)') == "[0, 1, 2, 3]"


def test_a_descriptor_that_a_command_opens_stays_open(session):
    session.run("exec 3>~/three 9>~/nine {any}>~/any")
    session.run("echo a >&3; echo b >&9; echo c >&$any")
    assert session.says("cat ~/three ~/nine ~/any") == "a\nb\nc"


def test_writing_to_descriptor_ten_harms_nothing(session):
    assert session.run("exec 10>~/ten; echo noise >&10").status == 0
    assert session.says("echo alive") == "alive"


def test_standard_input_is_empty(session):
    assert session.run("cat; read line") == Result(1)
    assert not session.output


def test_output_keeps_its_order_over_both_streams(session):
    command = "for i in 1 2 3; do echo out$i; echo err$i >&2; done"
    assert session.says(command) == "out1\nerr1\nout2\nerr2\nout3\nerr3"


def test_output_without_newline_and_binary_output_arrive(session):
    session.run(r"printf 'a\0b\377'; printf end")
    assert session.output == b"a\0b\xffend"


def test_closed_output_does_not_harm(session):
    assert session.run("exec >&- 2>&-") == Result(0)
    assert session.run("echo lost").status == 1
    assert session.run("exit 4") == Result(4, ended=True)
    assert session.says("echo back") == "back"


def test_a_hundred_megabytes_pass_in_small_pieces(box):
    sizes: list[int] = []
    with box.open_shell("/", {}) as shell:
        result = shell.run("head -c 100000000 /dev/zero", timeout=60, on_output=lambda piece: sizes.append(len(piece)))
    assert result == Result(0)
    assert sum(sizes) == 100_000_000
    assert max(sizes) <= 65536


def test_a_command_of_a_megabyte_runs(session):
    assert session.says(f"printf %s {'x' * 1_000_000} | wc -c").strip() == "1000000"


def test_a_command_of_many_lines_runs(session):
    assert (
        session.says('cat <<END\nI\'m "here" $((1 + 1))\nEND\nfor i in a b\ndo\n  echo $i\ndone')
        == 'I\'m "here" 2\na\nb'
    )


def test_messages_count_the_lines_of_the_command(session):
    assert session.says("true\nno-such-command") == "sh: line 2: no-such-command: command not found"


def test_non_ascii_commands_and_names_survive(session):
    session.run("mkdir ~/ünï; cd ~/ünï; export WORD=grüß; exit 1")
    assert session.says("basename $PWD; echo $WORD") == "ünï\ngrüß"


def test_a_command_with_a_nul_is_refused(session):
    with pytest.raises(ValueError, match="NUL"):
        session.run("echo a\0b")
    assert session.says("echo on") == "on"


@pytest.mark.parametrize("child", ["sleep 1000 &", "yes &", "(sleep 1000; echo) &", "sleep 1000 & disown"])
def test_a_background_child_that_keeps_the_output_open_does_not_hold_up_the_command(session, child):
    assert session.run(f"{child}\necho started", timeout=30) == Result(0)
    assert session.run("exit 6", timeout=30) == Result(6, ended=True)
    assert session.run("true", timeout=30) == Result(0)


def test_output_of_a_background_child_comes_with_a_later_command(session):
    session.run("mkfifo ~/go; { read line < ~/go; echo late; } &")
    assert session.says("echo > ~/go; wait") == "late"


def test_output_arrives_while_the_command_runs(box):
    go = box.path("/root/go")
    seen = bytearray()

    def hear(piece: bytes) -> None:
        seen.extend(piece)
        if b"waiting" in seen:
            go.write_text("")

    with box.open_shell("/root", {}) as shell:
        result = shell.run("echo waiting; until [ -e ~/go ]; do :; done; echo done", timeout=60, on_output=hear)
    assert result == Result(0)
    assert seen == b"waiting\ndone\n"


def test_an_idle_call_comes_while_a_silent_command_runs(box):
    calls: list[float] = []

    def idle() -> None:
        calls.append(time.monotonic())
        if len(calls) == 3:
            box.path("/root/go").write_text("")

    with box.open_shell("/root", {}) as shell:
        command = "until [ -e ~/go ]; do :; done"
        assert shell.run(command, timeout=60, on_output=lambda _: None, on_idle=idle) == Result(0)
    assert len(calls) >= 3
    assert calls[1] - calls[0] >= 0.24


def test_reset_forgets_everything_but_keeps_background_processes(session):
    session.run("cd /; export E=1; v=1; mkfifo ~/go; { read line < ~/go; echo late; echo > ~/go; } &")
    session.shell.reset()
    assert session.says("[ $PWD = ~ ] && echo home; echo ${E-}${v-}; echo $DECLARED") == "home\n\nyes"
    assert session.says("echo > ~/go; read line < ~/go") == "late"


def test_two_shells_share_files_but_no_state(box):
    with box.open_shell("/", {"A": "1"}) as one, box.open_shell("/root", {}) as two:
        heard = bytearray()
        one.run("export B=2; echo shared > ~/file", timeout=60, on_output=heard.extend)
        two.run("echo ${A-}${B-}; cat ~/file", timeout=60, on_output=heard.extend)
    assert heard == b"\nshared\n"


def test_a_failing_listener_ends_the_sandbox_and_its_error_comes_out(box):
    def fail(_: bytes) -> None:
        raise RuntimeError("disk full")

    with box.open_shell("/", {}) as shell:
        with pytest.raises(RuntimeError, match="disk full"):
            shell.run("echo a; sleep 1000", timeout=60, on_output=fail)
        assert shell.run("true", timeout=60, on_output=fail).interrupted


def test_a_shell_in_a_missing_folder_is_refused(box: Sandbox):
    with pytest.raises(SandboxError, match="/no/such/folder"):
        box.open_shell("/no/such/folder", {})
