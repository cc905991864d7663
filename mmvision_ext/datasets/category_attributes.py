"""Tables that give every category of a data set its attributes."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmvision_ext.utils import brief
from mmvision_ext.utils.nearest import did_you_mean

from .errors import AnnotationError, require_file
from .json_files import read_json

#: Attributes of the 80 COCO categories, written for this package.
COCONUT_139 = Path(__file__).parent / 'metadata' / 'coconut_139.json'
_SECTIONS = {
    'groups': dict,
    'attributes': list,
    'implications': list,
    'exclusions': list,
    'categories': dict,
}
_FIELDS = ('name', 'group', 'definition')


@dataclass(frozen=True)
class CategoryAttributes:
    """What every instance of a category has.

    Attributes:
        names: The attributes, in the order of the labels.
        groups: Group to its attributes; every attribute is in one group.
        implications: Pairs; what has the first attribute has the second.
        exclusions: Pairs; nothing has both.
        categories: Category to its attributes.
    """

    names: tuple[str, ...]
    groups: dict[str, tuple[str, ...]]
    implications: tuple[tuple[str, str], ...]
    exclusions: tuple[tuple[str, str], ...]
    categories: dict[str, frozenset[str]]


def read_category_attributes(path: str | Path) -> CategoryAttributes:
    """Read and check a table of attributes.

    The file is a JSON object in the layout of ``metadata/coconut_139.json``:
    ``groups`` {group: description}, ``attributes`` [{name, group,
    definition}], ``implications`` and ``exclusions`` [[name, name]] and
    ``categories`` {category: [name]}.

    Args:
        path: The file.

    Returns:
        Its content.

    Raises:
        DatasetError: If there is no such file.
        AnnotationError: If it has another layout, names an attribute or
            group that it does not define, or a category breaks an implication
            or exclusion.
    """
    path = Path(path)
    require_file(path, 'attribute_file', 'a table of attributes')
    content = read_json(path)
    _check_layout(path, content)
    rows = content['attributes']
    names = tuple(row['name'] for row in rows)
    _check_names(path, 'attributes', names)
    for row in rows:
        if row['group'] not in content['groups']:
            raise AnnotationError(
                f'{path}, attribute {brief(row["name"])}: expected one of the '
                f'groups, found {brief(row["group"])}'
                + did_you_mean(row['group'], content['groups'])
            )
    for section in ('implications', 'exclusions'):
        for pair in content[section]:
            if not isinstance(pair, list) or len(pair) != 2:
                raise AnnotationError(
                    f'{path}, {section}: expected pairs of attributes, found '
                    f'{brief(pair)}'
                )
            check_attributes(f'{path}, {section}', pair, names)
    for category, found in content['categories'].items():
        place = f'{path}, categories, {brief(category)}'
        _check_names(path, f'categories, {brief(category)}', found)
        check_attributes(place, found, names)
    table = CategoryAttributes(
        names=names,
        groups={
            group: tuple(r['name'] for r in rows if r['group'] == group)
            for group in content['groups']
        },
        implications=tuple((a, b) for a, b in content['implications']),
        exclusions=tuple((a, b) for a, b in content['exclusions']),
        categories={
            category: frozenset(found)
            for category, found in content['categories'].items()
        },
    )
    _check_rules(path, table)
    return table


def check_attributes(
    place: str, found: Iterable[str], known: Iterable[str]
) -> None:
    """Find attributes that nobody defined.

    Args:
        place: File and key, for the message.
        found: Names to check.
        known: Names that there are.

    Raises:
        AnnotationError: If a name is unknown.
    """
    known = dict.fromkeys(known)
    for name in found:
        if not isinstance(name, str) or name not in known:
            raise AnnotationError(
                f'{place}: expected names of the {len(known)} attributes, '
                f'found {brief(name)}' + did_you_mean(brief(name), known)
            )


def _check_layout(path: Path, content: Any) -> None:
    """Every section and every field of an attribute must be there."""
    if not isinstance(content, Mapping):
        raise AnnotationError(
            f'{path}: expected a JSON object with {", ".join(_SECTIONS)}, '
            f'found a {type(content).__name__}'
        )
    for section, kind in _SECTIONS.items():
        if not isinstance(content.get(section), kind):
            raise AnnotationError(
                f"{path}: expected a {kind.__name__} '{section}', found the "
                f'keys {brief(list(content))}'
            )
    for index, row in enumerate(content['attributes']):
        if not isinstance(row, Mapping) or not all(
            isinstance(row.get(field), str) for field in _FIELDS
        ):
            raise AnnotationError(
                f'{path}, attributes[{index}]: expected texts '
                f'{", ".join(_FIELDS)}, found {brief(row)}'
            )


def _check_names(path: Path, place: str, names: Any) -> None:
    """A list of names: not empty, and each of them once."""
    if (
        not names
        or not isinstance(names, (list, tuple))
        or not all(isinstance(name, str) and name.strip() for name in names)
    ):
        raise AnnotationError(
            f'{path}, {place}: expected names of attributes, found '
            f'{brief(names)}'
        )
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise AnnotationError(
            f'{path}, {place}: {brief(twice[0])} is there twice; delete one'
        )


def _check_rules(path: Path, table: CategoryAttributes) -> None:
    """Every category must keep to the implications and exclusions."""
    for category, found in table.categories.items():
        for first, second in table.implications:
            if first in found and second not in found:
                raise AnnotationError(
                    f"{path}, category '{category}': expected '{second}', "
                    f"since it has '{first}' and [{first}, {second}] is in "
                    'implications; add it, or delete the implication'
                )
        for first, second in table.exclusions:
            if first in found and second in found:
                raise AnnotationError(
                    f"{path}, category '{category}': expected one of "
                    f"'{first}' and '{second}' at most, since the pair is in "
                    'exclusions; delete one, or the exclusion'
                )
