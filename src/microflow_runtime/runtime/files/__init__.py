"""Places of files that flows read and write by name: folders of the machine, and servers of FTP, FTPS, SFTP and S3.

Work on files blocks, so each node that uses a place has a thread of its own while it does. Why none of them is reached by
a common library of file systems: docs/decisions/0080-places-of-files.md.

Others use: `FilePlaces`.
"""

from microflow_runtime.runtime.files.places import FilePlaces

__all__ = ["FilePlaces"]
