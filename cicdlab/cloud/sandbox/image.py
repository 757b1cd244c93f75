"""The build image: what every command in a sandbox finds on its machine, and nothing else."""

import os
import shutil
import sys
from pathlib import Path

TOOLS = ("aws", "bash", "curl", "git", "make", "python", "tar", "unzip", "zip")
SHELL = "/bin/bash"
HOSTNAME = "sandbox"

SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
SETTINGS = (  # never whole folders of /etc/ssl or /etc/pki: private keys lie beside the certificates
    "/etc/alternatives",
    "/etc/ca-certificates",
    "/etc/crypto-policies",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/pki/ca-trust",
    "/etc/pki/tls/cert.pem",
    "/etc/pki/tls/certs",
    "/etc/pki/tls/openssl.cnf",
    "/etc/resolv.conf",
    "/etc/ssl/cert.pem",
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
)
SEEDED = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
    "etc/group": "root:x:0:\nnogroup:x:65534:\n",
    "etc/hosts": f"127.0.0.1 localhost {HOSTNAME}\n::1 localhost {HOSTNAME}\n",
    "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
}
PATH = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")


def interpreter() -> str:
    """Return the path of the Python that runs us, without its virtual environment."""
    return str(getattr(sys, "_base_executable", sys.executable))


def read_only() -> list[str]:
    """Return the host paths a sandbox sees read-only at the same place."""
    return [path for path in (*SYSTEM, *SETTINGS) if Path(path).exists()] + python_folders()


def python_folders() -> list[str]:
    """Return the interpreter's own folders: its prefixes, and every folder its chain of links goes through."""
    folders = [Path(sys.prefix), Path(sys.base_prefix), Path(sys.base_prefix).resolve()]
    for program in (Path(sys.executable), Path(interpreter())):
        while program.is_symlink():
            program = Path(os.path.normpath(program.parent / program.readlink()))
            folders.append(program.parent.parent)
    shown: list[str] = []
    for folder in folders:
        if not any(folder.is_relative_to(known) for known in (*SYSTEM, *shown)):
            shown.append(str(folder))
    return shown


def environment(home: str) -> dict[str, str]:
    """Return the whole environment of a command that declares nothing.

    Parameters
    ----------
    home : str
        HOME, as the command sees it.
    """
    path = os.pathsep.join(dict.fromkeys((f"{sys.prefix}/bin", *PATH)))
    return {"PATH": path, "HOME": home, "LANG": "C.UTF-8", "TZ": "UTC"}


def tools() -> dict[str, str | None]:
    """Return where each declared tool is found, None for a missing one."""
    path = environment("/")["PATH"]
    return {tool: shutil.which(tool, path=path) for tool in TOOLS}
