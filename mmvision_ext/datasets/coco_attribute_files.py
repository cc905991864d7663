"""The annotation files of COCO Attributes, published and converted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmvision_ext.utils import brief

from .errors import AnnotationError, DatasetError, require_file
from .joblib_files import read_joblib
from .json_files import read_json

#: Score of an attribute that nobody looked at.
UNOBSERVED = -1.0
_LARGEST_ID = 2**63 - 1
#: Arrays of a converted file: kinds of numpy's types, dimensions, content.
_ARRAYS = dict(
    attributes=('U', 1, 'texts'),
    ann_ids=('iu', 1, 'whole numbers'),
    training=('b', 1, 'booleans'),
    scores=('f', 2, 'floats'),
)
_KEYS_SHOWN = 10
_PATCHES = ('ann_vecs', 'patch_id_to_ann_id', 'split', 'attributes')
_LAYOUTS = (
    'ann_vecs, patch_id_to_ann_id, split and attributes, or ann_attrs and '
    'attributes'
)


@dataclass(frozen=True)
class ObjectAttributes:
    """Attribute scores of N objects.

    Attributes:
        names: The A attributes, in the order of the scores.
        ann_ids: COCO annotation id of each object, int64 (N,).
        training: Whether an object is of the training split, bool (N,).
        scores: Share of the annotators who saw the attribute, from 0 to 1,
            or :data:`UNOBSERVED`; float32 (N, A).
    """

    names: tuple[str, ...]
    ann_ids: NDArray[np.int64]
    training: NDArray[np.bool_]
    scores: NDArray[np.float32]


def read_object_attributes(path: str | Path) -> ObjectAttributes:
    """Read an annotation file of any layout.

    Args:
        path: The published file (``cocottributes_eccv_version.jbl``), one
            with ``ann_attrs``, each as joblib, pickle or JSON, or an ``.npz``
            of :func:`write_object_attributes`. Its content decides, not its
            suffix.

    Returns:
        Its content, checked.

    Raises:
        DatasetError: If there is no such file.
        AnnotationError: If it is malformed, a vector has not one score an
            attribute, or a score is neither in [0, 1] nor -1.
    """
    path = Path(path)
    require_file(path, 'ann_file', 'a file of COCO Attributes')
    with path.open('rb') as file:
        start = file.read(1)
    if start == b'P':  # of PK, the mark of zip files
        table = _read_npz(path)
    else:
        content = read_json(path) if start == b'{' else read_joblib(path)
        table = _from_published(path, content)
    _check_scores(path, table)
    _check_splits(path, table)
    return table


def write_object_attributes(table: ObjectAttributes, path: Path) -> None:
    """Write a file that is read fast and can hold no code.

    Args:
        table: What to write.
        path: The file, ``.npz``: ``attributes`` (text), ``ann_ids``,
            ``training`` and ``scores``. It replaces another one.

    Raises:
        DatasetError: If the name has another suffix.
    """
    if path.suffix != '.npz':
        raise DatasetError(f"expected a name ending in .npz, found '{path}'")
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f'.{path.name}.part')
    try:
        with unfinished.open('wb') as file:
            np.savez_compressed(
                file,
                attributes=np.array(table.names),
                ann_ids=table.ann_ids,
                training=table.training,
                scores=table.scores,
            )
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def converted_names(path: str | Path) -> tuple[str, ...] | None:
    """Attributes of a converted file, without reading its scores.

    Args:
        path: The file.

    Returns:
        The names; None for a file of another layout, or none.
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return tuple(str(name) for name in arrays['attributes'])
    except Exception:  # a garbled archive makes numpy raise anything
        return None


def account(table: ObjectAttributes) -> str:
    """What a file holds, as one line.

    Args:
        table: Its content.

    Returns:
        Numbers of objects and attributes, and the share of known entries.
    """
    known = (table.scores != UNOBSERVED).mean() if len(table.scores) else 0
    return (
        f'{len(table.ann_ids)} objects ({int(table.training.sum())} of the '
        f'training split), {len(table.names)} attributes, '
        f'{known:.1%} of the entries known'
    )


def _read_npz(path: Path) -> ObjectAttributes:
    """A converted file."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            found = {key: arrays[key] for key in _ARRAYS}
    except Exception as error:  # a garbled archive makes numpy raise anything
        raise AnnotationError(
            f'{path}: expected the arrays {", ".join(_ARRAYS)}, without '
            f'objects, found a file that cannot be read ({brief(error)}). '
            'Convert it again with '
            'tools/dataset_converters/coco_attributes.py.'
        ) from error
    for key, (kinds, axes, content) in _ARRAYS.items():
        array = found[key]
        if array.dtype.kind not in kinds or array.ndim != axes:
            raise AnnotationError(
                f'{path}, {key}: expected {content} in {axes} dimensions, '
                f'found {array.dtype} of shape {array.shape}'
            )
    names = _names(path, found['attributes'].tolist())
    count = len(found['ann_ids'])
    if found['scores'].shape != (count, len(names)) or (
        found['training'].shape != (count,)
    ):
        raise AnnotationError(
            f'{path}: expected scores ({count}, {len(names)}) and training '
            f'({count},), for {count} ann_ids and {len(names)} attributes, '
            f'found {found["scores"].shape} and {found["training"].shape}'
        )
    return ObjectAttributes(
        names,
        found['ann_ids'].astype(np.int64),
        found['training'].astype(bool),
        found['scores'].astype(np.float32),
    )


def _from_published(path: Path, content: Any) -> ObjectAttributes:
    """The content of either published layout."""
    if not isinstance(content, Mapping):
        raise AnnotationError(
            f'{path}: expected a dict of {_LAYOUTS}, found a '
            f'{type(content).__name__}'
        )
    if all(isinstance(content.get(key), Mapping) for key in _PATCHES[:3]):
        key, entries = 'ann_vecs', _patch_entries(path, content)
    elif isinstance(content.get('ann_attrs'), Mapping):
        key = 'ann_attrs'
        entries = _object_entries(path, content[key])
    else:
        raise AnnotationError(
            f'{path}: expected a dict of {_LAYOUTS}, found '
            f'{_kinds(content) or "an empty one"}'
        )
    if not entries:
        raise AnnotationError(f'{path}, {key}: expected objects, found none')
    names = _names(path, content.get('attributes'))
    return ObjectAttributes(
        names,
        np.array([ann_id for ann_id, _, _ in entries], np.int64),
        np.array(
            [_in_training(path, ann_id, split) for ann_id, _, split in entries]
        ),
        np.stack(
            [
                _vector(path, ann_id, vector, names)
                for ann_id, vector, _ in entries
            ]
        ),
    )


def _kinds(content: Mapping[Any, Any]) -> str:
    """The keys of a dict, each with the type of its value."""
    return ', '.join(
        f'{brief(key)}: {type(value).__name__}'
        for key, value in list(content.items())[:_KEYS_SHOWN]
    )


def _patch_entries(
    path: Path, content: Mapping[str, Any]
) -> list[tuple[int, Any, Any]]:
    """Annotation id, vector and split of the layout by patches."""
    entries = []
    for patch, vector in content['ann_vecs'].items():
        place = f'{path}, ann_vecs, patch {brief(patch)}'
        if patch not in content['patch_id_to_ann_id']:
            raise AnnotationError(
                f'{place}: expected its annotation id in patch_id_to_ann_id, '
                'found none'
            )
        if patch not in content['split']:
            raise AnnotationError(f'{place}: expected it in split, found none')
        ann_id = _id(
            f'{place}, patch_id_to_ann_id',
            content['patch_id_to_ann_id'][patch],
        )
        entries.append((ann_id, vector, content['split'][patch]))
    return entries


def _object_entries(
    path: Path, objects: Mapping[Any, Any]
) -> list[tuple[int, Any, Any]]:
    """Annotation id, vector and split of the layout by annotation ids."""
    entries = []
    for ann_id, entry in objects.items():
        place = f'{path}, ann_attrs[{brief(ann_id)}]'
        if not isinstance(entry, Mapping) or not {
            'attrs_vector',
            'split',
        } <= set(entry):
            raise AnnotationError(
                f'{place}: expected attrs_vector and split, found '
                f'{brief(entry)}'
            )
        entries.append(
            (_id(place, ann_id), entry['attrs_vector'], entry['split'])
        )
    return entries


def _id(place: str, value: Any) -> int:
    """An annotation id, which JSON has as text."""
    try:
        found = int(value)
        whole = isinstance(value, str) or found == value
        if whole and abs(found) <= _LARGEST_ID and not isinstance(value, bool):
            return found
    except (TypeError, ValueError, OverflowError):
        pass
    raise AnnotationError(
        f'{place}: expected an id, a whole number, found {brief(value)}'
    )


def _names(path: Path, attributes: Any) -> tuple[str, ...]:
    """Names in the order of the vectors, which is that of the ids."""
    names: list[Any] = []
    if isinstance(attributes, (list, tuple)) and attributes:
        if all(
            isinstance(item, Mapping) and {'id', 'name'} <= set(item)
            for item in attributes
        ):
            place = f'{path}, attributes'
            ordered = sorted(
                attributes, key=lambda item: _id(place, item['id'])
            )
            names = [item['name'] for item in ordered]
        else:
            names = list(attributes)
    if not names or not all(
        isinstance(name, str) and name.strip() for name in names
    ):
        raise AnnotationError(
            f'{path}, attributes: expected names, or dicts of id and name, '
            f'found {brief(attributes)}'
        )
    if len(set(names)) != len(names):
        raise AnnotationError(
            f'{path}, attributes: expected each name once, found '
            f'{len(names) - len(set(names))} of them twice'
        )
    return tuple(names)


def _in_training(path: Path, ann_id: int, split: Any) -> bool:
    """Whether a split such as ``train2014`` or ``val2014`` is training."""
    if isinstance(split, str) and split.startswith(('train', 'val', 'test')):
        return split.startswith('train')
    raise AnnotationError(
        f'{path}, annotation {ann_id}: expected a split such as train2014 or '
        f'val2014, found {brief(split)}'
    )


def _vector(
    path: Path, ann_id: int, vector: Any, names: Sequence[str]
) -> NDArray[np.float32]:
    """The scores of one object, one for each name."""
    try:
        found = np.asarray(vector)
    except (TypeError, ValueError, OverflowError):
        found = np.empty(0)
    if found.shape != (len(names),) or found.dtype.kind not in 'iuf':
        raise AnnotationError(
            f'{path}, annotation {ann_id}: expected {len(names)} scores, one '
            f'for each name in attributes, in ann_vecs or attrs_vector, found '
            f'{found.shape} ({brief(vector)})'
        )
    return found.astype(np.float32)


def _check_splits(path: Path, table: ObjectAttributes) -> None:
    """No object may be of the training and of the test split."""
    both = np.intersect1d(
        table.ann_ids[table.training], table.ann_ids[~table.training]
    )
    if len(both):
        raise AnnotationError(
            f'{path}, annotation {both[0]}: expected it in one split, found '
            'it in training and test; mend split, or patch_id_to_ann_id '
            f'({len(both)} such annotations in ann_ids)'
        )


def _check_scores(path: Path, table: ObjectAttributes) -> None:
    """Every score must be a share or unobserved; NaN is neither."""
    scores = table.scores
    fit = ((scores >= 0) & (scores <= 1)) | (scores == UNOBSERVED)
    if fit.all():
        return
    row, column = np.argwhere(~fit)[0]
    raise AnnotationError(
        f'{path}, annotation {table.ann_ids[row]}, attribute '
        f"'{table.names[column]}': expected a score in [0, 1], or "
        f'{UNOBSERVED:g} where nobody looked, found {scores[row, column]:g} '
        f'({int((~fit).sum())} such scores in ann_vecs or attrs_vector)'
    )
