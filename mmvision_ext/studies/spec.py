"""What a study is: the content of ``study.yaml``, checked."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmvision_ext.utils import InputError
from mmvision_ext.utils.nearest import nearest

from .analysis import Analysis, read_analysis
from .overrides import check_overrides
from .yaml_file import check_keys, check_type, read_yaml

REQUIRED = ('name', 'data', 'metrics', 'seeds', 'configs')
OPTIONAL = (
    'title',
    'overrides',
    'baseline',
    'chance',
    'published',
    'input_size',
    'charts',
    'significance',
)
ENTRY_OPTIONAL = ('label', 'overrides', 'seeds')
NUMBER = (int, float)


@dataclass(frozen=True)
class Metric:
    """A quantity that tables and charts show.

    Attributes:
        name: As the log names it, such as ``'accuracy/top1'``.
        title: As tables and charts name it, with its unit.
        digits: Digits after the point.
    """

    name: str
    title: str
    digits: int


def full_name(group: str, label: str) -> str:
    """Name of an entry in a study.

    Args:
        group: Its group; may be empty.
        label: Its label.

    Returns:
        Group and label.
    """
    return f'{group}: {label}' if group else label


@dataclass(frozen=True)
class Entry:
    """One thing that is compared: a config with overrides, over seeds.

    Attributes:
        group: What it belongs to, such as a backbone; may be empty.
        label: Its name within the group.
        config: Config file.
        overrides: Dotted config key to value.
        seeds: One run for each.
    """

    group: str
    label: str
    config: str
    overrides: Mapping[str, Any]
    seeds: tuple[int, ...]

    @property
    def name(self) -> str:
        """Group and label."""
        return full_name(self.group, self.label)

    @property
    def slug(self) -> str:
        """Group and label as a part of a file name."""
        parts = (self.group, self.label) if self.group else (self.label,)
        return '_'.join(
            re.sub(r'[^a-z0-9.+-]+', '-', part.lower()).strip('-')
            for part in parts
        )


@dataclass(frozen=True)
class Published:
    """A number of others to hold ours against.

    Attributes:
        label: Whose it is.
        values: Metric name to value.
        source: Where it was published.
        note: What makes it (not) comparable.
    """

    label: str
    values: Mapping[str, float]
    source: str
    note: str


@dataclass(frozen=True)
class Study:
    """A study file.

    Attributes:
        path: The file.
        name: Name of the study and of its folder under ``work_dirs``.
        title: Title of tables and charts.
        data: What it was measured on, full or cut.
        metrics: What is compared, the main metric first.
        entries: What is compared with each other.
        baseline: Label of the entries that the others are compared with;
            None where there is none.
        chance: Metric name to what guessing scores.
        published: Numbers of others.
        analysis: What is made of the results beside the summary.
    """

    path: Path
    name: str
    title: str
    data: str
    metrics: tuple[Metric, ...]
    entries: tuple[Entry, ...]
    baseline: str | None
    chance: Mapping[str, float]
    published: tuple[Published, ...]
    analysis: Analysis

    @property
    def results_dir(self) -> Path:
        """Where tables and charts are written.

        Studies that lie beside ``study.yaml`` have a folder each.
        """
        folder = self.path.parent / 'results'
        return folder if self.path.stem == 'study' else folder / self.path.stem

    def baseline_of(self, entry: Entry) -> Entry | None:
        """The entry that another is compared with.

        Args:
            entry: An entry of this study.

        Returns:
            The entry of the baseline's label in the same group, else the
            only one of that label; None where the study has no baseline.

        Raises:
            InputError: No entry, or several in other groups, have the label.
        """
        if self.baseline is None:
            return None
        named = [e for e in self.entries if e.label == self.baseline]
        same = [e for e in named if e.group == entry.group]
        if len(same or named) == 1:
            return (same or named)[0]
        labels = dict.fromkeys(e.label for e in self.entries)
        raise InputError(
            f'{self.path}: baseline: expected a label that occurs once in '
            f"every group, or once in all, found '{self.baseline}', which "
            f"occurs {len(named)} times and not in the group of '{entry.name}'"
            + ('.' if named else nearest(self.baseline, labels))
        )


def read_study(path: str | Path) -> Study:
    """Read and check a study file.

    Args:
        path: The file; configs in it are named from the current folder, as
            for ``tools/train.py``.

    Returns:
        The study.

    Raises:
        InputError: A key is unknown or missing, a value has a wrong type, a
            config does not exist, a name occurs twice, or the baseline or a
            metric is not among those of the study.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(
            f'study: expected a YAML file, found none at {path}. Start from '
            'projects/example_project/study.yaml.'
        )
    content = read_yaml(path)
    place = str(path)
    check_keys(content, REQUIRED, OPTIONAL, place)
    name = check_type(content['name'], str, 'a name', f'{place}: name')
    if not re.fullmatch(r'[A-Za-z0-9._-]+', name):
        raise InputError(
            f'{place}: name: expected letters, digits, ., _ and -, as it '
            f'names a folder, found {name!r}.'
        )
    metrics = _metrics(content['metrics'], f'{place}: metrics')
    known = [metric.name for metric in metrics]
    seeds = _seeds(content['seeds'], f'{place}: seeds')
    overrides = check_overrides(
        content.get('overrides'), f'{place}: overrides'
    )
    study = Study(
        path=path,
        name=name,
        title=_text(content, 'title', place) or name,
        data=_text(content, 'data', place),
        metrics=metrics,
        entries=tuple(
            _entries(content['configs'], '', overrides, seeds, place)
        ),
        baseline=_text(content, 'baseline', place) or None,
        chance=_values(content.get('chance', {}), known, f'{place}: chance'),
        published=_published(content.get('published') or [], known, place),
        analysis=read_analysis(content, place),
    )
    _check_entries(study)
    return study


def _metrics(content: Any, place: str) -> tuple[Metric, ...]:
    check_type(content, list, 'a list of metrics', place)
    metrics = []
    for item in content:
        if isinstance(item, str):
            item = dict(name=item)
        check_keys(item, ['name'], ['title', 'digits'], place)
        name = check_type(item['name'], str, 'a name', place)
        digits = check_type(
            item.get('digits', 2), int, 'a number of digits', place
        )
        metrics.append(
            Metric(name, _text(item, 'title', place) or name, digits)
        )
    _refuse_twice([metric.name for metric in metrics], place)
    return tuple(metrics)


def _seeds(content: Any, place: str) -> tuple[int, ...]:
    check_type(content, list, 'a list of seeds such as [0, 1, 2]', place)
    for seed in content:
        check_type(seed, int, 'whole numbers', place)
    _refuse_twice(content, place)
    return tuple(content)


def _entries(
    content: Any,
    group: str,
    overrides: Mapping[str, Any],
    seeds: tuple[int, ...],
    place: str,
) -> list[Entry]:
    """Entries of a list; a group holds a list of its own."""
    key = f'{place}: configs' + (f' of {group}' if group else '')
    check_type(content, list, 'a list of configs', key)
    entries = []
    for item in content:
        if isinstance(item, str):
            item = dict(config=item)
        if isinstance(item, Mapping) and 'configs' in item and not group:
            check_keys(item, ['group', 'configs'], ENTRY_OPTIONAL[1:], key)
            name = check_type(item['group'], str, 'a name', f'{key}: group')
            entries += _entries(
                item['configs'],
                name,
                {**overrides, **_own_overrides(item, f'{place}: {name}')},
                _seeds(item['seeds'], f'{place}: {name}: seeds')
                if 'seeds' in item
                else seeds,
                place,
            )
            continue
        check_keys(item, ['config'], ENTRY_OPTIONAL, key)
        config = check_type(item['config'], str, 'a config file', key)
        label = _text(item, 'label', key) or Path(config).stem
        entries.append(
            Entry(
                group,
                label,
                config,
                {**overrides, **_own_overrides(item, f'{key}: {label}')},
                _seeds(item['seeds'], f'{key}: {label}: seeds')
                if 'seeds' in item
                else seeds,
            )
        )
    return entries


def _own_overrides(item: Mapping[str, Any], place: str) -> dict[str, Any]:
    return check_overrides(item.get('overrides'), f'{place}: overrides')


def _published(
    content: Any, known: Sequence[str], place: str
) -> tuple[Published, ...]:
    key = f'{place}: published'
    if content:
        check_type(content, list, 'a list', key)
    rows = []
    for item in content:
        check_keys(item, ['label', 'metrics', 'source'], ['note'], key)
        rows.append(
            Published(
                _text(item, 'label', key),
                _values(item['metrics'], known, f'{key}: metrics'),
                _text(item, 'source', key),
                _text(item, 'note', key),
            )
        )
    return tuple(rows)


def _values(
    content: Any, known: Sequence[str], place: str
) -> dict[str, float]:
    """Numbers by metric."""
    check_keys(content, [], known, place)
    return {
        name: float(check_type(value, NUMBER, 'a number', f'{place}: {name}'))
        for name, value in content.items()
    }


def _text(content: Mapping[str, Any], key: str, place: str) -> str:
    if key not in content:
        return ''
    return check_type(
        content[key], str, 'a text (quote it)', f'{place}: {key}'
    )


def _check_entries(study: Study) -> None:
    """Names that occur twice, configs that do not exist, the baseline."""
    _refuse_twice(
        [entry.slug for entry in study.entries],
        f'{study.path}: configs',
        'give each a label of its own',
    )
    for entry in study.entries:
        if not re.search('[a-z0-9]', entry.slug):
            raise InputError(
                f'{study.path}: configs: expected a label with letters a-z '
                f"or digits, as it names a folder, found '{entry.label}'."
            )
        if not Path(entry.config).is_file():
            folder = Path(entry.config).parent
            there = sorted(str(path) for path in folder.glob('*.py'))
            raise InputError(
                f"{study.path}: configs: no file '{entry.config}' seen from "
                f'{Path.cwd()}{nearest(entry.config, there)}'
            )
        study.baseline_of(entry)


def _refuse_twice(
    names: Sequence[Any], place: str, hint: str = 'keep one of them'
) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(
            f'{place}: expected different names, found twice: '
            f'{", ".join(map(str, twice))}; {hint}.'
        )
