"""The originals on disk, by SHA-256: ``blobs/ab/abcd...``. Files are 0600 and folders 0700; a file is there whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from pathlib import Path

from ...kit.errors import StorageFull

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Blobs:
    """Blocking: call it on a thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, sha256: str) -> Path:
        return self._folder / sha256[:2] / sha256

    def take(self, source: Path, sha256: str) -> None:
        """Move ``source`` here, durably. On failure nothing of it stays here. StorageFull when the disk is full."""
        target = self.path(sha256)
        half = target.with_name(target.name + ".part")
        try:
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            try:
                source.replace(half)
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise
                shutil.copyfile(source, half)  # another disk
                source.unlink()
            half.chmod(0o600)
            with half.open("rb") as written:
                os.fsync(written.fileno())
            half.replace(target)
            _sync_folder(target.parent)
        except OSError as error:
            half.unlink(missing_ok=True)
            if error.errno in _FULL:
                raise StorageFull("The disk is full: the file was not added. Free some space and add it again; reading goes on working.") from None
            raise

    def remove(self, sha256: str) -> None:
        target = self.path(sha256)
        target.unlink(missing_ok=True)
        target.with_name(target.name + ".part").unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # others are in it
            target.parent.rmdir()


def _sync_folder(folder: Path) -> None:
    """Make a rename in ``folder`` survive a power cut. Windows knows no such call and needs none."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
