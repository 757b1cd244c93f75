"""What an EC2 instance is on this machine: a lasting sandbox with a root folder and a port of its own.

There is no instance metadata service at 169.254.169.254: the address is the machine's own network's. SDKs on an
instance find its role's credentials, its Region and this cloud by environment variables. Its image, type, user data,
disks and security groups are kept and change nothing.
"""

from .fleet import Fleet
from .instance import Instance
from .machine import Machine, NoProfileError, NotRunningError

__all__ = ["Fleet", "Instance", "Machine", "NoProfileError", "NotRunningError"]
