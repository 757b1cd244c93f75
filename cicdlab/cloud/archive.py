"""Pack and unpack zip files: the same bytes on every run, and nothing outside of the target folder."""

import os
import shutil
import stat
import zipfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

MAX_UNPACKED = 2 << 30  # bytes
MAX_ENTRIES = 100_000
MAX_GOAL = 4096  # bytes that a link says: no system follows a longer one
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip can hold


class ArchiveError(Exception):
    """A file that is no zip, or a zip that must not be unpacked."""


def pack(target: Path, files: Iterable[tuple[str, Path]]) -> None:
    """Write a zip whose bytes depend on names, contents and executable bits only.

    Parameters
    ----------
    target
        The zip file to write.
    files
        Name in the archive and file on disk, in any order.
    """
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, path in sorted(files):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.create_system = 3  # Unix, whatever system packs
            entry.compress_type = zipfile.ZIP_DEFLATED
            executable = path.stat().st_mode & stat.S_IXUSR
            entry.external_attr = (stat.S_IFREG | (0o755 if executable else 0o644)) << 16
            with path.open("rb") as source, archive.open(entry, "w") as sink:
                shutil.copyfileobj(source, sink, 1 << 20)


def unpack(source: Path, target: Path, *, max_bytes: int = MAX_UNPACKED, max_entries: int = MAX_ENTRIES) -> None:
    """Unpack a zip into a folder that exists.

    Parameters
    ----------
    source
        The zip file.
    target
        The folder that receives its entries.
    max_bytes
        How much may come out of it, in bytes.
    max_entries
        How many entries it may have.

    Raises
    ------
    ArchiveError
        The file is no zip, is damaged or encrypted, is too large, or has an entry that points out of the folder.
    """
    try:
        with zipfile.ZipFile(source) as archive:
            entries = archive.infolist()
            if len(entries) > max_entries:
                raise ArchiveError(f"the zip has {len(entries)} entries, more than {max_entries}")
            links: list[tuple[Path, str]] = []
            left = max_bytes
            for entry in entries:
                path = target.joinpath(*_parts(entry.filename))
                if entry.is_dir():
                    path.mkdir(parents=True, exist_ok=True)
                elif stat.S_ISLNK(entry.external_attr >> 16):
                    links.append((path, _goal(archive, entry)))
                else:
                    left -= _extract(archive, entry, path, left)
            link(links, target)
    except ArchiveError:
        raise
    except zipfile.BadZipFile as error:
        raise ArchiveError("not a valid zip file") from error
    except (OSError, RuntimeError, NotImplementedError, ValueError, EOFError) as error:
        reason = getattr(error, "strerror", None) or error  # without the place on this machine
        raise ArchiveError(f"the zip could not be unpacked: {reason}") from error
    except Exception as error:  # zlib.error, lzma.LZMAError: each compressor has an error of its own
        raise ArchiveError(f"the zip is damaged: {error}") from error


def _parts(name: str) -> tuple[str, ...]:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts or "\0" in name:
        raise ArchiveError(f"the entry {name!r} points out of the archive")
    return path.parts


def _goal(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> str:
    with archive.open(entry) as stream:
        goal = stream.read(MAX_GOAL + 1)
    if len(goal) > MAX_GOAL:
        raise ArchiveError(f"the link {entry.filename!r} says more than {MAX_GOAL} bytes")
    return goal.decode()


def _extract(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path, left: int) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with archive.open(entry) as stream, path.open("wb") as sink:
        while chunk := stream.read(1 << 20):  # counted, because an entry's header may state any size
            written += len(chunk)
            if written > left:
                raise ArchiveError("the zip unpacks to more than is allowed")
            sink.write(chunk)
    if (entry.external_attr >> 16) & stat.S_IXUSR:
        path.chmod(0o755)
    return written


def link(links: list[tuple[Path, str]], target: Path) -> None:
    """Make the links of an archive last, so that no file is written through one.

    Parameters
    ----------
    links
        Where each link goes and what it says.
    target
        The folder that has everything else of the archive.

    Raises
    ------
    ArchiveError
        One leads outside of the folder, or lies behind one that does. None of them stays.
    """
    made: list[Path] = []
    root = os.path.realpath(target)
    try:
        for path, goal in links:
            _check_inside(path.parent, root)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.symlink_to(goal)
            made.append(path)
        for path in made:
            _check_inside(path, root)
    except BaseException:
        for path in reversed(made):
            path.unlink(missing_ok=True)
        raise


def _check_inside(path: Path, root: str) -> None:
    real = os.path.realpath(path)
    if real != root and not real.startswith(f"{root}{os.sep}"):
        raise ArchiveError(f"the link {path.name!r} points out of the archive")
