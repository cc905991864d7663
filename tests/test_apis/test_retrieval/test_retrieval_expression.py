"""Questions: precedence, names, faults, hostile texts."""

import itertools
import re

import numpy as np
import pytest

from mmvision_ext.apis.retrieval.expression import MAX_LENGTH, read_question
from mmvision_ext.utils import InputError

NAMES = (
    'a',
    'b',
    'c',
    'road vehicle',
    'man-made',
    'Foot/Shoe',
    'bat (animal)',
    'salt and pepper',
)


def answers(text):
    """The answer for every combination of a, b, c in {0, 1}."""
    table = np.zeros((8, len(NAMES)), np.float32)
    table[:, :3] = list(itertools.product([0, 1], repeat=3))
    return read_question(text, NAMES).answer(table).astype(bool).tolist()


@pytest.mark.parametrize(
    'text',
    [
        'a',
        'not a',
        'not not a',
        'a or b and c',
        'a and b or c',
        '(a or b) and c',
        'not a and b',
        'not (a and b)',
        'not a or not b and not c',
        'a and not (b or not c)',
        '((a)) or b and (c or not a) and b',
        'a and b and c or not a and not b',
    ],
)
def test_binds_as_python_does(text):
    expected = [
        # the reference is a text of this file
        bool(eval(text, {}, dict(zip('abc', row, strict=True))))  # noqa: S307
        for row in itertools.product([0, 1], repeat=3)
    ]
    assert answers(text) == expected


def test_fuzzy_scores():
    scores = np.array([[0.9, 0.3, 0.5], [0.2, 0.6, 0.5]], np.float32)
    for text, expected in (
        ('a and b', [0.3, 0.2]),
        ('a or b', [0.9, 0.6]),
        ('not a', [0.1, 0.8]),
        ('a and not b', [0.7, 0.2]),
        ('a and a', [0.9, 0.2]),
        ('not (not a or not b)', [0.3, 0.2]),
    ):
        found = read_question(text, NAMES).answer(scores)
        assert found == pytest.approx(np.array(expected))
        assert found.dtype == np.float32


@pytest.mark.parametrize(
    ('text', 'columns'),
    [
        ('road vehicle', (3,)),
        ('road   vehicle and man-made', (3, 4)),
        ('not man-made or(road vehicle)', (4, 3)),
        ('MAN-MADE AND NOT foot/shoe', (4, 5)),
        ('"bat (animal)" and "salt and pepper"', (6, 7)),
        ('b and a or b', (1, 0)),
    ],
)
def test_names(text, columns):
    assert read_question(text, NAMES).columns == columns


def test_capitals_where_only_they_differ():
    names = ('Text', 'text', 'WORD', 'Word')
    assert read_question('text', names).columns == (1,)
    with pytest.raises(InputError, match="found 'word'"):
        read_question('word', names)


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('', 'an attribute, found the end at character 1'),
        ('  ', 'found the end'),
        ('()', r'found \) at character 2'),
        ('a b', "found 'a b'"),
        ('a (b)', r'and, or or \), found \( at character 3'),
        ('a and', 'found the end at character 6'),
        ('and a', 'found and at character 1'),
        ('a or or b', 'found or at character 6'),
        ('a not b', 'found not at character 3'),
        ('not', 'found the end'),
        ('a)', r'as many \( before it, found \) at character 2'),
        ('(a or (b', r'a \) behind each \(, found \( at character 7'),
        ('"a', 'a second " behind, found " at character 1'),
        ('""', "found ''"),
        ('a "b"', 'and, or or'),
        ('man-maid', "found 'man-maid'; did you mean 'man-made'"),
        ('__import__("os")', "found '__import__'"),
        ('a and b.__class__', "found 'b.__class__'"),
        ('a & b', "found 'a & b'"),
        ('a\x00', 'expected one of'),
        ('(' * (MAX_LENGTH - 1), 'found the end'),
        (')' * MAX_LENGTH, r'found \) at character 1 '),
        ('x' * MAX_LENGTH, 'expected one of'),
        ('a' + ' and a' * MAX_LENGTH, f'at most {MAX_LENGTH} characters'),
    ],
)
def test_faults_are_named(text, message):
    with pytest.raises(InputError, match=message) as error:
        read_question(text, NAMES)
    assert len(str(error.value)) < 400


def test_long_questions_need_no_recursion():
    deep = '(' * 900 + 'a' + ')' * 900
    assert answers(deep) == answers('a')
    assert answers('not ' * 400 + 'a') == answers('a')
    assert answers(' or '.join(['a'] * 300)) == answers('a')


def test_random_questions_never_fail_otherwise():
    rng = np.random.default_rng(0)
    parts = ['a', 'b', 'and', 'or', 'not', '(', ')', '"', 'road vehicle', '']
    scores = np.full((2, len(NAMES)), 0.5, np.float32)
    read = 0
    for _ in range(3000):
        text = ' '.join(rng.choice(parts, rng.integers(1, 9)))
        try:
            found = read_question(text, NAMES).answer(scores)
        except InputError:
            continue
        read += 1
        assert found.shape == (2,)
        assert re.search('a|b|road', text)
    assert read > 100
