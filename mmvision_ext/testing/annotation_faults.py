"""Seeded faults in annotation files, for tests of what reads them.

A mutator takes the bytes of a sound file and a random generator, and gives a
:class:`Mutation`. One in four damages the file as a whole, as a broken
download or a wrong editor does; the others change one place of its content.
"""

import copy
import io
import json
import pickle
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

DAMAGE_SHARE = 0.25  # of the mutations
DEEP = 100_000  # brackets that no reader may follow by recursion

Rng = np.random.Generator


@dataclass(frozen=True)
class Mutation:
    """One fault.

    Attributes:
        what: What was done, for messages.
        content: The bytes of the file.
        names: Keys or tags on the way to the place that was changed; a
            refusal has to name one of them. Empty where the whole file is
            damaged.
    """

    what: str
    content: bytes
    names: tuple[str, ...] = ()


Mutator = Callable[[bytes, Rng], Mutation]

#: Values that belong nowhere, one of every kind that a file can hold.
VALUES: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    3.7,
    -1e6,
    1e308,
    10**400,
    float('nan'),
    float('inf'),
    '',
    ' ',
    '12',
    'text',
    'x' * 5000,
    '\ud800',
    'a\0b',
    '../..',
    [],
    [[]],
    [None],
    {},
    {'a': []},
)
_WEB_PAGE = b'<!DOCTYPE html>\n<html><body>404 Not Found</body></html>\n'
_POINTER = b'version https://git-lfs.github.com/spec/v1\nsize 12\n'


class Payload:
    """An object whose unpickling is seen.

    Attributes:
        runs: How often one was run in this process.
    """

    runs = 0

    def __reduce__(self) -> tuple[Callable[[], None], tuple[()]]:
        return _run_payload, ()


def _run_payload() -> None:
    Payload.runs += 1


def mutations(
    content: bytes, mutate: Mutator, count: int, seed: int = 0
) -> Iterator[Mutation]:
    """Draw faults of one file.

    Args:
        content: The sound file.
        mutate: One of this module's mutators.
        count: How many.
        seed: The same seed gives the same faults, of which number i does not
            depend on ``count``.

    Yields:
        The faults.
    """
    for index in range(count):
        yield mutate(content, np.random.default_rng((seed, index)))


def pick(rng: Rng, options: tuple[Any, ...]) -> Any:
    """Draw one of some options.

    Args:
        rng: Source of randomness.
        options: Of any types; numpy's choice would turn them into an array.

    Returns:
        One of them.
    """
    return options[int(rng.integers(len(options)))]


def mutate_bytes(content: bytes, rng: Rng) -> Mutation:
    """Damage a file as a whole, whatever it holds.

    Args:
        content: The sound file.
        rng: Source of randomness.

    Returns:
        The fault, without names.
    """
    place = int(rng.integers(max(len(content), 1)))
    flipped = bytearray(content)
    for index in rng.integers(len(content), size=3) if content else ():
        flipped[index] ^= 1 << int(rng.integers(8))
    faults = {
        'empty': b'',
        'truncated': content[:place],
        'without its start': content[place:],
        'flipped bits': bytes(flipped),
        'random bytes': rng.bytes(200),
        'zeros': bytes(len(content)),
        'a zero byte': content[:place] + b'\0' + content[place:],
        'a Latin-1 byte': content[:place] + b'\xe9' + content[place:],
        'UTF-8 with a mark': b'\xef\xbb\xbf' + content,
        'UTF-16': content.decode('latin-1').encode('utf-16'),
        'twice': content * 2,
        'CRLF': content.replace(b'\n', b'\r\n'),
        'a web page': _WEB_PAGE,
        'a Git LFS pointer': _POINTER,
        'blank': b' \n\n\t\n',
    }
    what = pick(rng, tuple(faults))
    return Mutation(what, faults[what])


def mutate_json(content: bytes, rng: Rng) -> Mutation:
    """Damage a JSON file, or put something wrong at one place of it.

    Args:
        content: The sound file.
        rng: Source of randomness.

    Returns:
        The fault.
    """
    if rng.random() < DAMAGE_SHARE:
        if rng.random() < 0.6:
            return mutate_bytes(content, rng)
        faults = {
            'deep lists': b'[' * DEEP,
            'deep objects': b'{"a":' * DEEP + b'1' + b'}' * DEEP,
            'a closed deep list': b'[' * DEEP + b']' * DEEP,
            'a comment': b'// made by hand\n' + content,
            'a comma too many': content.rstrip()[:-1] + b',}',
            'single quotes': content.replace(b'"', b"'"),
            'a number of 5000 digits': b'{"images": %s}' % (b'9' * 5000),
            'every key in one object': b'[%s]' % content,
        }
        what = pick(rng, tuple(faults))
        return Mutation(what, faults[what])
    tree, what, names = mutate_tree(json.loads(content), rng)
    return Mutation(what, json.dumps(tree).encode(), names)


def mutate_pickle(content: bytes, rng: Rng) -> Mutation:
    """Damage a pickle file, change one place, or make it run something.

    Args:
        content: The sound file, which is trusted.
        rng: Source of randomness.

    Returns:
        The fault.
    """
    kind = rng.random()
    if kind < DAMAGE_SHARE:
        return mutate_bytes(content, rng)
    tree = pickle.loads(content)
    if kind < 2 * DAMAGE_SHARE:
        path = pick(rng, tuple(_paths(tree)))
        return Mutation(
            f'{_text(path)}: a payload',
            pickle.dumps(_replaced(tree, path, Payload()), protocol=2),
        )
    tree, what, names = mutate_tree(tree, rng)
    return Mutation(what, pickle.dumps(tree, protocol=2), names)


def mutate_npz(content: bytes, rng: Rng) -> Mutation:
    """Damage an archive of arrays, or change one of its arrays.

    Args:
        content: The sound file.
        rng: Source of randomness.

    Returns:
        The fault.
    """
    if rng.random() < DAMAGE_SHARE:
        return mutate_bytes(content, rng)
    with np.load(io.BytesIO(content)) as archive:
        arrays = dict(archive)
    key = pick(rng, tuple(arrays))
    found = arrays[key]
    changes: dict[str, Callable[[], Any]] = {
        'left out': lambda: None,
        'an object with a payload': lambda: np.array([Payload()], object),
        'one entry less': lambda: found[:-1],
        'no entry': lambda: found[:0],
        'twice as long': lambda: np.concatenate([found, found]),
        'another axis': lambda: found[None],
        'a single value': lambda: found.reshape(-1)[0],
        'text': lambda: np.full(found.shape, 'text'),
        'NaN': lambda: np.full(found.shape, np.nan),
        'infinity': lambda: np.full(found.shape, -np.inf),
        'huge': lambda: np.full(found.shape, 1e30),
        'negative': lambda: np.full(found.shape, -7),
        'complex': lambda: np.full(found.shape, 1j),
        'the same entry twice': lambda: np.repeat(
            found[:1], len(found), axis=0
        ),
    }
    what = pick(rng, tuple(changes))
    changed = changes[what]()
    rest = {name: array for name, array in arrays.items() if name != key}
    file = io.BytesIO()
    np.savez(file, **rest, **({} if changed is None else {key: changed}))
    return Mutation(f'{key}: {what}', file.getvalue(), (key,))


def mutate_lines(content: bytes, rng: Rng) -> Mutation:
    """Damage a text file, or change one of its lines.

    Args:
        content: The sound file: fields with blanks between.
        rng: Source of randomness.

    Returns:
        The fault.
    """
    if rng.random() < DAMAGE_SHARE:
        return mutate_bytes(content, rng)
    lines = content.decode().splitlines()
    row = int(rng.integers(len(lines)))
    fields = lines[row].split()
    column = int(rng.integers(len(fields)))
    value = pick(rng, (*filter(_one_line, map(str, VALUES)), '1e999', '-0'))
    changes: dict[str, Callable[[], list[str]]] = {
        'twice': lambda: [lines[row], lines[row]],
        'blank lines': lambda: ['', lines[row], '  ', '\t', ''],
        'blanks around': lambda: [f'  {lines[row]}\t '],
        'left out': list,
        'half': lambda: [lines[row][: len(lines[row]) // 2]],
        'tabs': lambda: [lines[row].replace(' ', '\t')],
        'another field': lambda: [f'{lines[row]} {value}'],
        'joined with the next': lambda: [' '.join(lines[row : row + 2])],
        'a comment': lambda: ['# images', lines[row]],
        'a byte order mark': lambda: ['\ufeff' + lines[row]],
        'an absolute path': lambda: ['/etc/passwd'],
        'another case': lambda: [lines[row].swapcase()],
    }
    what = pick(rng, (*changes, *[''] * len(changes)))
    if what:
        changed = changes[what]()
    else:
        what = f'field {column}: {value[:20]!r}'
        wrong = [*fields[:column], value, *fields[column + 1 :]]
        changed = [' '.join(wrong)]
    text = '\n'.join([*lines[:row], *changed, *lines[row + 1 :], ''])
    return Mutation(
        f'line {row + 1}: {what}', text.encode('utf-8', 'surrogatepass')
    )


def mutate_tree(value: Any, rng: Rng) -> tuple[Any, str, tuple[str, ...]]:
    """Put something wrong at one place of nested lists and dicts.

    Every depth is as likely as any other.

    Args:
        value: The sound content; it is not changed.
        rng: Source of randomness.

    Returns:
        The content, what was done and the keys on the way to the place.
    """
    paths = list(_paths(value))
    depth = int(rng.integers(max(map(len, paths)) + 1))
    path = pick(rng, tuple(p for p in paths if len(p) == depth))
    found = _at(value, path)
    names = tuple(key for key in path if isinstance(key, str))
    other = _at(value, pick(rng, tuple(paths)))
    choices: dict[str, Callable[[], Any]] = {
        'in a list': lambda: [found],
        'in a dict': lambda: {'0': found},
        'as text': lambda: str(found),
        'deep': lambda: _nest(200),
        'the value of another place': lambda: copy.deepcopy(other),
    }
    if isinstance(found, (int, float)) and not isinstance(found, bool):
        choices |= {
            'negated': lambda: -found,
            'times 1e9': lambda: found * 1e9,
            'plus 1000': lambda: found + 1000,
            'plus 0.5': lambda: found + 0.5,
        }
    if isinstance(found, list) and found:
        choices |= {
            'the last twice': lambda: [*found, copy.deepcopy(found[-1])],
            'without the last': lambda: found[:-1],
            'as a dict': lambda: {str(k): v for k, v in enumerate(found)},
        }
    if isinstance(found, dict) and found:
        choices |= {
            'as a list': lambda: list(found.values()),
            'with more': lambda: {**found, 'more': [1], 'ignore': None},
        }
    kind = pick(rng, ('value', 'value', 'delete', *['change'] * 3))
    if kind == 'delete' and path:
        return _deleted(value, path), f'{_text(path)}: left out', names
    if kind == 'change':
        what = pick(rng, tuple(choices))
        changed = choices[what]()
    else:
        changed = copy.deepcopy(pick(rng, VALUES))
        what = repr(changed)[:30]
        if changed == '\ud800':
            names = ()  # the text of the file is faulty, wherever it is
    return _replaced(value, path, changed), f'{_text(path)}: {what}', names


def _one_line(text: str) -> bool:
    return bool(text.strip()) and len(text.split()) == 1


def _nest(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


def _text(path: tuple[Any, ...]) -> str:
    return '.'.join(map(str, path)) or 'the whole'


def _items(value: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list):
        yield from enumerate(value)


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[Any]:
    """The way to every place of nested lists and dicts, itself first."""
    yield path
    for key, part in _items(value):
        yield from _paths(part, (*path, key))


def _at(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


def _replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """A copy with another value at one place."""
    if not path:
        return new
    value = copy.deepcopy(value)
    _at(value, path[:-1])[path[-1]] = new
    return value


def _deleted(value: Any, path: tuple[Any, ...]) -> Any:
    """A copy without one place."""
    value = copy.deepcopy(value)
    del _at(value, path[:-1])[path[-1]]
    return value
