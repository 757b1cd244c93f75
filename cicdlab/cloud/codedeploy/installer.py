"""Copies the files of a revision to where its AppSpec file wants them, and removes those of the revision before.

https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-files.html
"""

import json
import posixpath
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import BinaryIO

from .appspec import AppSpec, Source
from .disk import Disk
from .errors import failed, not_on_instances
from .permissions import Permission, chosen

MAX_INSTRUCTIONS = 100_000
MAX_CLEANUP = 64 << 20  # bytes


@dataclass(frozen=True)
class Instruction:
    """One step: ``mkdir``, ``copy`` or ``chmod``, where, and from what or to which mode."""

    type: str
    path: str
    value: str = ""


@dataclass
class Plan:
    """What an installation will do, in order."""

    steps: list[Instruction] = field(default_factory=list)
    copies: dict[str, str] = field(default_factory=dict)
    folders: dict[str, None] = field(default_factory=dict)
    permitted: set[str] = field(default_factory=set)

    def copy(self, source: str, path: str) -> None:
        """Plan to copy a file.

        Raises
        ------
        LifecycleError
            Something else is to be at the same place.
        """
        if path in self.copies:
            raise failed(
                "The deployment failed because the application specification file specifies two source files named "
                f"{source} and {self.copies[path]} for the same destination ({path}). Remove one of the source file "
                "paths from the AppSpec file, and then try again."
            )
        if path in self.folders:
            raise failed(
                "The deployment failed because the application specification file calls for installing the file "
                f"{source}, but a file with that name already exists at the location ({path}). Update your AppSpec "
                "file or directory structure, and then try again."
            )
        self._add(Instruction("copy", path, source))
        self.copies[path] = source

    def make_folder(self, path: str) -> None:
        """Plan to make a folder, once.

        Raises
        ------
        LifecycleError
            A file is to be at the same place.
        """
        if path in self.copies:
            raise failed(
                "The deployment failed because the application specification file includes an mkdir command more than "
                f"once for the same destination path ({path}) from ({self.copies[path]}). Update the files section of "
                "the AppSpec file, and then try again."
            )
        if path not in self.folders:
            self._add(Instruction("mkdir", path))
            self.folders[path] = None

    def permit(self, path: str, permission: Permission) -> None:
        """Plan to set the permissions of a file or folder.

        Raises
        ------
        LifecycleError
            They are set already.
        """
        if path in self.permitted:
            raise failed(
                f"The deployment failed because the permissions setting for ({path}) is specified more than once in the"
                " application specification file. Update the files section of the AppSpec file, and then try again."
            )
        self.permitted.add(path)
        if permission.mode:
            self._add(Instruction("chmod", path, permission.mode))

    def _add(self, step: Instruction) -> None:
        if len(self.steps) >= MAX_INSTRUCTIONS:
            raise failed(f"The revision has more than {MAX_INSTRUCTIONS} files to install.")
        if "\n" in step.path:
            raise failed(f"The revision has a file with a line break in its name: {step.path!r}.")
        self.steps.append(step)


class Installer:
    """Installs revisions of one deployment group.

    Parameters
    ----------
    disk
        The instance's disk.
    instructions
        The folder on it where the agent notes what it has installed.
    group_id
        The deployment group.
    is_stopped
        Tells whether the deployment was stopped.
    """

    def __init__(self, disk: Disk, instructions: str, group_id: str, is_stopped: Callable[[], bool]) -> None:
        self._disk = disk
        self._cleanup = f"{instructions}/{group_id}-cleanup"
        self._install = f"{instructions}/{group_id}-install.json"
        self._is_stopped = is_stopped

    def install(self, spec: AppSpec, archive: str, behavior: str) -> None:
        """Remove what the revision before has put there, and install this one.

        Parameters
        ----------
        spec
            The revision's AppSpec file.
        archive
            The folder of the revision, on the instance.
        behavior
            What the deployment says of files that are there already; the AppSpec file's own word counts more.

        Raises
        ------
        LifecycleError
            It can't be installed.
        """
        for permission in spec.permissions:
            permission.check_simulated()
        self._remove_previous()
        # rule: file-exists-of-the-appspec
        plan = self._plan(spec, archive, spec.file_exists_behavior or behavior)
        steps = [vars(step) for step in plan.steps]
        self._disk.write(self._install, json.dumps({"instructions": steps}))
        with self._disk.append(self._cleanup) as noted:
            for step in plan.steps:
                if self._is_stopped():
                    raise failed("The deployment was stopped.")
                self._carry_out(step, noted)

    def _remove_previous(self) -> None:
        # rule: cleanup
        if not self._disk.exists(self._cleanup):
            return
        lines = self._disk.read(self._cleanup, MAX_CLEANUP).decode(errors="surrogateescape").split("\n")
        for path in reversed(lines[:-1]):  # what follows the last line break was not written to its end
            self._disk.remove(path)
        self._disk.remove(self._cleanup)

    def _carry_out(self, step: Instruction, noted: BinaryIO) -> None:
        match step.type:
            case "copy":
                _note(noted, step.path)
                self._disk.copy(step.value, step.path)
            case "mkdir":
                self._disk.make_folder(step.path)
                _note(noted, step.path)
            case "chmod":
                self._disk.change_mode(step.path, int(step.value, 8))

    def _plan(self, spec: AppSpec, archive: str, behavior: str) -> Plan:
        plan = Plan()
        for each in spec.files:
            self._plan_source(plan, each, archive, behavior)
        for permission in spec.permissions:
            self._plan_permission(plan, permission)
        return plan

    def _plan_source(self, plan: Plan, each: Source, archive: str, behavior: str) -> None:
        # rule: files-folder, files-file
        source = f"{archive}/{each.source}"
        self._check_place(each.destination)
        if self._disk.is_folder(source):
            self._plan_ancestors(plan, each.destination)
            self._plan_folder(plan, source, each.destination, behavior, ())
        else:
            path = posixpath.join(each.destination, posixpath.basename(each.source.rstrip("/")))
            self._plan_ancestors(plan, path)
            self._plan_copy(plan, source, path, behavior)

    def _plan_ancestors(self, plan: Plan, path: str) -> None:
        parents: list[str] = []
        while (path := posixpath.dirname(path)) != "/" and not self._disk.exists(path):
            parents.append(path)
        for each in reversed(parents):
            self._check_place(each)
            plan.make_folder(each)

    def _plan_folder(self, plan: Plan, source: str, path: str, behavior: str, above: tuple[str, ...]) -> None:
        real = str(self._disk.followed(source))
        if real in above:
            raise failed(f"The revision has a folder that leads into itself by a link: {source}.")
        if not self._disk.is_folder(path):
            self._check_place(path)
            plan.make_folder(path)
        for name in self._disk.names(source):
            inner, goal = f"{source}/{name}", posixpath.join(path, name)
            if self._disk.is_folder(inner):
                self._plan_folder(plan, inner, goal, behavior, (*above, real))
            else:
                self._plan_copy(plan, inner, goal, behavior)

    def _plan_copy(self, plan: Plan, source: str, path: str, behavior: str) -> None:
        self._check_place(path)
        # rule: file-exists-disallow, file-exists-overwrite, file-exists-retain
        if self._disk.exists(path):
            if behavior == "RETAIN":
                return
            if behavior != "OVERWRITE":
                raise failed(f"The deployment failed because a specified file already exists at this location: {path}")
        plan.copy(source, path)

    def _plan_permission(self, plan: Plan, permission: Permission) -> None:
        name = permission.object
        if name in plan.copies:
            if "file" in permission.types:
                permission.check_file()
                plan.permit(name, permission)
        elif name in plan.folders or self._disk.is_folder(name):
            for path in chosen(permission, plan.copies, plan.folders):
                plan.permit(path, permission)

    def _check_place(self, path: str) -> None:
        if self._disk.is_fixed(path):
            raise not_on_instances(f"installing to {path}", "that place belongs to the image and can't be written")


def _note(file: BinaryIO, path: str) -> None:
    file.write(f"{path}\n".encode(errors="surrogateescape"))
    file.flush()
