"""Volumes: whether the disks of database and archive can take what comes in, asked before anything is taken.

A claim that is refused in words costs its sender nothing; one that meets a full disk halfway costs room that
recovery needs.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from gateway.store.errors import StoreUnavailable


class NoSpace(StoreUnavailable):
    """A volume cannot take what comes in. The text says which and why, and names no path."""


class Volume(msgspec.Struct, frozen=True):
    """A folder on a volume, and what stands there in words."""

    holds: str
    folder: Path


class Volumes:
    """The volumes that must take a write; each keeps `least` bytes free, 0 does not look."""

    def __init__(self, volumes: Sequence[Volume], least: int) -> None:
        self._volumes = volumes
        self._least = least

    def require_space(self) -> None:
        """Nothing, while every volume can be written and has the space. Raises NoSpace."""
        for volume in self._volumes if self._least else ():
            trouble = find_trouble(volume.folder, self._least)
            if trouble:
                raise NoSpace(f"The volume of {volume.holds} {trouble}.")


def find_trouble(folder: Path, least: int) -> str:
    """Why the volume of the folder can take nothing, or ""."""
    try:
        told = os.statvfs(folder)
    except OSError as failure:
        return f"cannot be asked ({errno.errorcode.get(failure.errno or 0, 'no code')})"
    if told.f_flag & os.ST_RDONLY:
        return "can only be read"
    free = told.f_bavail * told.f_frsize
    if free < least:
        return f"has {free >> 20} MiB free, and {least >> 20} MiB are to stay free"
    return "has no place for further files" if told.f_files and not told.f_favail else ""
