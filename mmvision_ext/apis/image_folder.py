"""Image files of a folder, and of the folders in it where asked for."""

from collections.abc import Iterable
from pathlib import Path

from mmvision_ext.utils import InputError

from .sources import IMAGE_SUFFIXES

_SHOWN = 5  # names in a message


def list_images(
    folder: str | Path, recursive: bool = False
) -> tuple[list[Path], int]:
    """List the images of a folder.

    Args:
        folder: The folder.
        recursive: Whether those of the folders in it are listed as well.

    Returns:
        The files by path, at least one, and the number of folders in it that
        have images which are left out.

    Raises:
        InputError: There is no such folder or no image in it, or a name is
            not UTF-8.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f'images: expected a folder, found none at {folder}.')
    found = folder.rglob('*') if recursive else folder.iterdir()
    files = sorted(path for path in found if _is_image(path))
    left_out = 0
    if not recursive:
        left_out = sum(
            any(map(_is_image, path.rglob('*')))
            for path in folder.iterdir()
            if path.is_dir()
        )
    if not files:
        raise InputError(
            f'folder {folder}: expected images ({", ".join(IMAGE_SUFFIXES)}), '
            f'found none; {left_out_text(left_out)}.'
        )
    check_names([folder, *files])
    return files, left_out


def left_out_text(count: int) -> str:
    """Say how many folders were left out.

    Args:
        count: Their number.

    Returns:
        A line.
    """
    return f'folders with images left out: {count} (--recursive takes them)'


def check_names(paths: Iterable[str | Path]) -> None:
    """Refuse names of files that JSON and pages cannot hold.

    Args:
        paths: Files and folders.

    Raises:
        InputError: One is not UTF-8.
    """
    wrong = [
        text.encode('utf-8', 'backslashreplace').decode()
        for text in map(str, paths)
        if not _is_text(text)
    ]
    if wrong:
        raise InputError(
            'file names: expected UTF-8, since results name files as text, '
            f'found {len(wrong)} in another encoding:\n  '
            + '\n  '.join(wrong[:_SHOWN])
            + '\nRename them.'
        )


def _is_image(path: Path) -> bool:
    return path.suffix.lower() in IMAGE_SUFFIXES and path.is_file()


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # bytes that Python could not decode
        return False
    return True
