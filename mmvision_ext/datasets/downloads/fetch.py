"""A dataset: fetched, compared, unpacked, each step once."""

from pathlib import Path

from mmvision_ext.utils import InputError

from .archives import unpack
from .catalogue import DownloadFile, DownloadSet
from .transfer import file_checksum, transfer


def fetch_set(
    dataset: DownloadSet, root: Path, keep_archives: bool = False
) -> Path:
    """Bring a dataset to where the configs look for it.

    Interrupted, it goes on where it was when it is called again. An archive
    that lies in ``<root>/downloads`` already, put there by hand for instance,
    is taken if it has the checksum. What was deleted is fetched again.

    Args:
        dataset: What to fetch; the first of its files makes its folder.
        root: Folder of all data, ``data`` in the configs.
        keep_archives: Keep what was fetched once it is unpacked.

    Returns:
        The dataset's folder.

    Raises:
        InputError: A file cannot be fetched or unpacked, has another
            checksum, the folder cannot be made, or only a person can fetch
            the dataset.
    """
    result = root / dataset.result
    if not dataset.files:
        if result.exists():
            return result
        raise InputError(
            f'{dataset.name} ({dataset.title}): expected it at {result}. '
            f'{dataset.by_hand} Page: {dataset.page}'
        )
    try:
        (root / 'downloads').mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f'{root}: cannot be the folder of all data: {error}. Name another '
            'one, --data-root or MMVISION_DATA_ROOT.'
        ) from error
    for file in dataset.files:
        made = root / (file.result or dataset.result)
        if not made.exists():  # deleted since, or never there
            _mark(file, root).unlink(missing_ok=True)
        _fetch_file(file, root, keep_archives)
        if not made.exists():
            raise InputError(
                f'{dataset.name}: expected {made} in {file.name}, found none. '
                f'The archive has changed; see {dataset.page}'
            )
    return result


def _fetch_file(file: DownloadFile, root: Path, keep: bool) -> None:
    done = _mark(file, root)
    if done.exists():
        return
    archive = done.with_name(file.name)
    if not archive.exists():
        transfer(file.url, archive, file.checksum)
    else:
        _check(archive, file.checksum)
    target, *inner = file.unpack
    unpack(archive, root / target)
    for name in inner:
        nested = root / target / name
        unpack(nested, nested.parent)
        nested.unlink()
    done.touch()
    if not keep:
        archive.unlink()


def _mark(file: DownloadFile, root: Path) -> Path:
    """The empty file that says that an archive was unpacked."""
    return root / 'downloads' / f'{file.name}.unpacked'


def _check(archive: Path, checksum: str) -> None:
    found = file_checksum(archive, checksum.partition(':')[0])
    if found != checksum:
        raise InputError(
            f'{archive}: expected {checksum}, found {found}: it is damaged or '
            'another file. Remove it, and it is fetched.'
        )
