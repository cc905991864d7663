"""Which category of another dataset a model's class means."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from mmvision_ext.datasets.json_files import read_json
from mmvision_ext.utils import InputError
from mmvision_ext.utils.nearest import nearest

VOC_TO_COCO = files('mmvision_ext.datasets.metadata').joinpath(
    'voc_to_coco_names.json'
)


@dataclass(frozen=True)
class ClassMap:
    """Classes of a model beside categories of a dataset.

    Attributes:
        pairs: Model class to category, in the order of the model's classes.
        unmapped_classes: Classes of the model that mean no category.
        unmapped_categories: Categories that no class means.
    """

    pairs: Mapping[str, str]
    unmapped_classes: tuple[str, ...]
    unmapped_categories: tuple[str, ...]

    @property
    def categories(self) -> tuple[str, ...]:
        """Categories that some class means, each once."""
        return tuple(dict.fromkeys(self.pairs.values()))


def read_class_map(
    source: str | Path, classes: Sequence[str], categories: Sequence[str]
) -> ClassMap:
    """Map a model's classes to the categories of a dataset.

    Args:
        source: ``'auto'``, or a JSON file with an object of class to
            category. ``'auto'`` pairs equal names, whatever their case,
            spaces, ``_`` and ``-``, and VOC names with COCO names.
        classes: Names of the model's classes.
        categories: Names of the dataset's categories.

    Returns:
        The map. Several classes may mean one category.

    Raises:
        InputError: The file is missing or not such an object, it names a
            class or category that does not exist, or nothing is mapped.
    """
    if str(source) == 'auto':
        pairs = _equal_names(classes, categories)
    else:
        pairs = _read_file(Path(source))
        _check_names(source, 'a class of the model', pairs, classes)
        _check_names(
            source, 'a category of the dataset', pairs.values(), categories
        )
    if not pairs:
        raise InputError(
            f'class map {source}: expected at least one class of the model '
            f'that means a category, found none. Classes: {tuple(classes)}. '
            f'Categories: {tuple(categories)}. Write the pairs into a JSON '
            'file, {"class": "category", ...}.'
        )
    pairs = {name: pairs[name] for name in classes if name in pairs}
    meant = set(pairs.values())
    return ClassMap(
        pairs,
        tuple(name for name in classes if name not in pairs),
        tuple(name for name in categories if name not in meant),
    )


def _equal_names(
    classes: Sequence[str], categories: Sequence[str]
) -> dict[str, str]:
    known = json.loads(VOC_TO_COCO.read_text())['names']
    by_plain_name = {_plain(name): name for name in categories}
    pairs = {}
    for name in classes:
        for meaning in (name, known.get(name, name)):
            if _plain(meaning) in by_plain_name:
                pairs[name] = by_plain_name[_plain(meaning)]
                break
    return pairs


def _plain(name: str) -> str:
    return name.lower().translate(str.maketrans('', '', ' _-'))


def _read_file(path: Path) -> dict[str, str]:
    if not path.is_file():
        raise InputError(
            f'class map: expected "auto" or a JSON file, found none at {path}.'
        )
    content = read_json(path)
    if not isinstance(content, dict) or not all(
        isinstance(value, str) for value in content.values()
    ):
        raise InputError(
            f'class map {path}: expected an object of class to category, '
            '{"aeroplane": "airplane", ...}, found something else.'
        )
    return content


def _check_names(
    source: str | Path, role: str, names: Iterable[str], known: Sequence[str]
) -> None:
    """Raise for the first name that is not known."""
    for name in names:
        if name not in known:
            raise InputError(
                f'class map {source}: expected {role}, found "{name}"'
                f'{nearest(name, known)}'
            )
