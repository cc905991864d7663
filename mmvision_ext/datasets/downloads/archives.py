"""Archives that cannot write outside the folder they are unpacked into."""

import tarfile
import zipfile
import zlib
from pathlib import Path

from rich.console import Console
from rich.progress import wrap_file

from mmvision_ext.apis.progress import track
from mmvision_ext.utils import InputError

_CHUNK = 1 << 20  # bytes


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a zip or tar file.

    Args:
        archive: ``.zip``, ``.tar``, ``.tar.gz`` or ``.tgz``.
        folder: Made where missing; files that are there are written anew.

    Raises:
        InputError: It is no such archive, is damaged, or holds a file that
            would lie outside the folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        if zipfile.is_zipfile(archive):
            _unzip(archive, folder)
        else:
            _untar(archive, folder)
    except (
        tarfile.TarError,
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        OSError,
        RuntimeError,  # encrypted, or packed in a way that Python lacks
    ) as error:
        raise InputError(
            f'{archive}: cannot be unpacked into {folder}: {error}. Remove '
            'it where it is damaged, and it is fetched again.'
        ) from error


def _untar(archive: Path, folder: Path) -> None:
    with (
        archive.open('rb') as file,
        wrap_file(
            file,
            archive.stat().st_size,
            description=f'unpacking {archive.name}',
            console=Console(stderr=True),
        ) as source,
        tarfile.open(fileobj=source) as tar,
    ):
        tar.extractall(folder, filter='data')
        while tar.fileobj.read(_CHUNK):
            pass  # the checksum is at the end of the compressed file


def _unzip(archive: Path, folder: Path) -> None:
    root = folder.resolve()
    with zipfile.ZipFile(archive) as file:
        members = file.infolist()
        for member in members:
            if not (root / member.filename).resolve().is_relative_to(root):
                raise zipfile.BadZipFile(
                    f'{member.filename} would lie outside the folder'
                )
        name = f'unpacking {archive.name}'
        for member in track(members, name, len(members)):
            file.extract(member, root)
