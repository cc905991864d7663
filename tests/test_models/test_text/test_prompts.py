"""Vocabularies and templates of the package, and those of a user."""

import json
from pathlib import Path

import pytest

from mmvision_ext.datasets.category_attributes import (
    COCONUT_139,
    read_category_attributes,
)
from mmvision_ext.models.text import (
    phrases_of,
    read_phrases,
    sentences_behind,
    template_set,
    templates,
    vocabularies,
)
from mmvision_ext.models.text.prompts import fill
from mmvision_ext.testing import data_root
from mmvision_ext.utils import InputError


@pytest.mark.parametrize('name', vocabularies())
def test_every_phrase_says_something_of_its_own(name: str) -> None:
    phrases = read_phrases(name)
    every = [*phrases.present.values(), *(phrases.absent or {}).values()]
    assert len(set(every)) == len(every)
    assert all('{' not in phrase and phrase.strip() for phrase in every)
    if phrases.absent is not None:
        assert phrases.absent.keys() == phrases.present.keys()


def test_vocabularies_follow_the_lists_of_the_package() -> None:
    table = read_category_attributes(COCONUT_139)
    assert tuple(read_phrases('coconut_139').present) == table.names
    assert set(read_phrases('coco').present) == set(table.categories)
    folder = Path(COCONUT_139).parent
    groups = json.loads((folder / 'apascal_64.json').read_text())['groups']
    names = [name for group in groups.values() for name in group]
    assert list(read_phrases('apascal_64').present) == names


@pytest.mark.parametrize(
    ('name', 'file'),
    [
        ('dior', 'dior/classes.txt'),
        ('apascal_64', 'apascal/attribute_names.txt'),
        ('coco_attributes_204', 'coco_attributes/attribute_names_204.json'),
    ],
)
def test_spellings_of_the_data(name: str, file: str) -> None:
    root = data_root()
    if root is None or not (root / file).is_file():
        pytest.skip(f'no {file}: set MMVISION_DATA_ROOT or link data/')
    text = (root / file).read_text()
    names = json.loads(text) if file.endswith('json') else text.splitlines()
    assert list(read_phrases(name).present) == [n for n in names if n]


@pytest.mark.parametrize('name', sorted(templates()))
def test_templates_are_found_behind_their_prompts(name: str) -> None:
    sentences = templates()[name]
    prompts = fill(['a cat', 'a photo of it.'], sentences)
    assert sentences_behind(prompts) == sentences
    assert sentences_behind((*prompts, ('a', 'b'))) is None
    *first, last = prompts[0]
    if first:  # one sentence about something else
        assert sentences_behind(((*first, f'{last} '),)) is None


def test_templates_hold_one_place_each() -> None:
    for name, sentences in templates().items():
        assert sentences == template_set(name)
        assert len(set(sentences)) == len(sentences)
        assert all(sentence.count('{}') == 1 for sentence in sentences)
    assert fill(['a dog'], ['one {}.', '{}']) == (('one a dog.', 'a dog'),)
    with pytest.raises(InputError, match="found 'foto'; did you mean 'photo'"):
        template_set('foto')
    with pytest.raises(InputError, match='{} once'):
        fill(['a dog'], ['no place'])


def test_words_get_an_article() -> None:
    found = phrases_of(['ship', 'airport', 'a dam', 'the sea'])
    assert found.absent is None
    assert found.present == {
        'ship': 'a ship',
        'airport': 'an airport',
        'a dam': 'a dam',
        'the sea': 'the sea',
    }


def test_articles_follow_the_sound() -> None:
    words = {
        'a': (
            'unicorn university Union unit unisex user usable utensil '
            'utility ukulele urinal eucalyptus European ewe UFO one-way '
            'house horse hotel honeycomb yacht'
        ),
        'an': (
            'hour hourglass honest heirloom honor umbrella uncle urn urban '
            'usher utter unimproved unidentified onion oven egg ice'
        ),
    }
    for article, nouns in words.items():
        present = phrases_of(nouns.split()).present
        for word, phrase in present.items():
            assert phrase == f'{article} {word}'


@pytest.mark.parametrize(
    'words',
    [
        [],
        'ship',
        ['ship', ' '],
        ['a', 'a'],
        ['the sea', ' the  sea'],
        [None],
        [1],
        b'ship',
        {'ship'},
        True,
    ],
)
def test_words_that_are_none(words) -> None:
    with pytest.raises(InputError, match='words: expected'):
        phrases_of(words)


def test_a_vocabulary_of_a_user(tmp_path: Path) -> None:
    path = tmp_path / 'own.json'
    content = dict(
        patterns={'is': ['is {}', 'is not {}']},
        phrases={'wet': ['is', 'wet'], 'hot': ['is', 'hot']},
    )
    path.write_text(json.dumps(content))
    found = read_phrases(str(path))
    assert found.present == {'wet': 'is wet', 'hot': 'is hot'}
    assert found.absent == {'wet': 'is not wet', 'hot': 'is not hot'}


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        ([], 'expected phrases'),
        ({}, 'expected phrases'),
        (dict(phrases={'a': ''}), "phrase of 'a'"),
        (dict(phrases={'a': ['is', 'b']}), "phrase of 'a'"),
        (dict(phrases={'a': ['p', 'b']}, patterns={'p': ['x']}), 'with {}'),
        (
            dict(
                phrases={'a': ['p', 'b'], 'c': 'd'},
                patterns={'p': ['{}', 'not {}']},
            ),
            "opposite of every name, found none of 'c'",
        ),
    ],
)
def test_a_malformed_vocabulary(tmp_path: Path, content, message) -> None:
    path = tmp_path / 'own.json'
    path.write_text(json.dumps(content))
    with pytest.raises(InputError, match=message):
        read_phrases(str(path))


@pytest.mark.parametrize(
    'text',
    [
        '{"phrases": {"a": "an a", "b": "a b", "a": "another"}}',
        '{"patterns": {"p": ["a {}"], "p": ["{}"]}, '
        '"phrases": {"a": ["p", "b"]}}',
    ],
)
def test_a_name_that_comes_twice_in_a_file(tmp_path: Path, text: str) -> None:
    path = tmp_path / 'own.json'
    path.write_text(text)
    with pytest.raises(InputError, match="own.json: .* '[ap]' twice"):
        read_phrases(str(path))


def test_vocabularies_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="'apascal'; did you mean 'apasc"):
        read_phrases('apascal')
    with pytest.raises(InputError, match='found none at'):
        read_phrases(str(tmp_path / 'none.json'))
