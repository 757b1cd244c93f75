"""The first process of every sandbox: starts what its owner asks for, and takes everything with it when the owner goes.

A program of its own, run by file name; the package never imports it. It reads requests from a socket: a length
(4 bytes, little endian), `marshal` of (argv, environment, folder, apart), and three file descriptors: the output, the
control socket and the pipe that gets the wait status (4 bytes). A program that is kept apart has no control socket: the
second descriptor is its stderr, and its process id comes through the pipe first. A request (id, number) without
descriptors sends a signal to the group of such a program. The end of the socket is the end of the sandbox, so nothing
has to be told when the owner dies of SIGKILL. Under bubblewrap this is process 1, and the kernel ends the rest.
"""

# signal, socket, pathlib and contextlib double the start-up time of Python; C modules do all that is needed here.
# ruff: noqa: PTH112, PTH123, PTH208, SIM105
import _signal as signal
import _socket as socket
import marshal
import os
import sys
import time

CONTROL = 77  # the descriptor on which a started program finds its control socket: one that scripts do not use
PR_SET_CHILD_SUBREAPER = 36
IGNORED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
RESTORED = (*IGNORED, signal.SIGCHLD, signal.SIGPIPE, signal.SIGXFSZ)

Request = tuple[list[str], dict[str, str], str, bool]
reports: dict[int, int] = {}  # process id -> pipe for its wait status


def main(fd: int, alone: bool) -> None:
    """Serve requests until the owner closes the socket or dies; `alone` where no process 1 of our own ends the rest."""
    os.set_inheritable(fd, False)
    owner = socket.socket(fileno=fd)
    for number in IGNORED:
        signal.signal(number, signal.SIG_IGN)
    if alone and sys.platform == "linux":
        adopt_orphans()
    signal.signal(signal.SIGCHLD, reap)
    while (received := receive(owner)) is not None:
        request, fds = received
        if fds:
            start(request, fds)
        else:
            send_signal(*request)
    if alone:
        end_descendants()


def receive(owner: socket.socket) -> tuple[tuple, list[int]] | None:
    """Return the next request and its descriptors, or None when the owner has gone."""
    try:
        header, ancillary, _, _ = owner.recvmsg(4, socket.CMSG_LEN(3 * 4))
        if len(header) < 4:
            return None
        size = int.from_bytes(header, "little")
        body = bytearray()
        while len(body) < size:
            chunk = owner.recv(size - len(body))
            if not chunk:
                return None
            body += chunk
    except OSError:
        return None
    data = ancillary[0][2] if ancillary else b""
    fds = [int.from_bytes(data[at : at + 4], sys.byteorder) for at in range(0, len(data), 4)]
    for fd in fds:
        os.set_inheritable(fd, False)
    return marshal.loads(bytes(body)), fds


def start(request: Request, fds: list[int]) -> None:
    """Start a program in a session of its own; its end goes to the third descriptor."""
    output, second, report = fds
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])  # a child may end before it is written down
    pid = os.fork()
    if pid == 0:
        become(request, output, second, report)
    reports[pid] = report
    os.close(output)
    os.close(second)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGCHLD])


def become(request: Request, output: int, second: int, report: int) -> None:
    """In the child: turn into the program asked for."""
    argv, environment, folder, apart = request
    try:
        os.setsid()
        if apart:
            tell(report, os.getpid())  # not before there is a group: a signal to none is lost
        os.dup2(output, 1)
        os.dup2(second if apart else output, 2)
        if not apart:
            os.dup2(second, CONTROL)
            os.set_inheritable(CONTROL, True)  # dup2 leaves the flag alone where both numbers are the same
        for number in RESTORED:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGCHLD])
        os.chdir(folder)
        os.execve(argv[0], argv, environment)
    except OSError as error:
        os.write(2, f"{argv[0]}: {error}\n".encode(errors="replace"))
    finally:
        os._exit(126)


def reap(*_: object) -> None:
    """Take the status of every child that has ended, and report it."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        report = reports.pop(pid, None)
        if report is None:
            continue
        tell(report, status)
        os.close(report)


def tell(report: int, number: int) -> None:
    """Write a number to somebody who may have stopped listening."""
    try:
        os.write(report, number.to_bytes(4, "little"))
    except BrokenPipeError:
        pass


def send_signal(leader: int, number: int) -> None:
    """Send a signal to a program and to those of its children that have not left its group."""
    try:
        os.killpg(leader, number)
    except (ProcessLookupError, PermissionError):
        pass


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends, so that none can leave the family."""
    import ctypes

    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def end_descendants() -> None:
    """Kill until nothing is left; killed parents hand their children to us, so each round sees the next generation."""
    for leader in list(reports):
        try:
            os.killpg(leader, signal.SIGKILL)
        except ProcessLookupError:
            pass
    while sum(map(kill, descendants())):
        reap()
        time.sleep(0.001)


def kill(pid: int) -> bool:
    """Kill a process; return False for one that is not ours to kill, which somebody's sudo has made."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    except PermissionError:
        return False
    return True


def descendants() -> list[int]:
    """Return the ids of all processes below this one; none where there is no /proc (macOS)."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc") if os.path.isdir("/proc/self") else []:
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", "rb") as file:
                    parent = int(file.read().rpartition(b")")[2].split()[1])
            except (OSError, IndexError):
                continue
            children.setdefault(parent, []).append(int(name))
    family = children.get(os.getpid(), [])
    for pid in family:
        family.extend(children.get(pid, []))
    return family


if __name__ == "__main__":
    main(int(sys.argv[1]), alone=sys.argv[2] == "alone")
