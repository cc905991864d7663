"""Words of a detector."""

import hashlib
from collections.abc import Callable

import pytest
import torch

from mmvision_ext.models.text import read_embeddings
from mmvision_ext.models.text.vocabulary import Vocabulary
from mmvision_ext.utils import InputError

Write = Callable[..., str]


def test_words_come_in_the_order_asked_for(write_words: Write) -> None:
    vocabulary = Vocabulary(write_words('words'))
    everything = vocabulary.features.clone()
    assert vocabulary.words[0] == 'airplane'
    vocabulary.use(['harbor', 'ship'])
    assert vocabulary.words == ('harbor', 'ship')
    assert torch.equal(vocabulary.features, everything[[3, 1]])
    vocabulary.use(['airplane'])  # none is lost
    assert torch.equal(vocabulary.features, everything[:1])


@pytest.mark.parametrize(
    ('words', 'message'),
    [
        ([], r'expected a list of words, found \[\]'),
        ('ship', "expected a list of words, found 'ship'"),
        (['ship', 'harbor', 'ship'], "found 'ship' 2 times"),
        (['harbour'], "found none of 'harbour'; did you mean 'harbor'"),
    ],
)
def test_other_words_are_refused(
    write_words: Write, words: list[str], message: str
) -> None:
    vocabulary = Vocabulary(write_words('words'))
    with pytest.raises(InputError, match=message):
        vocabulary.use(words)
    assert len(vocabulary.words) == 4


def test_new_words_take_the_place_of_all(write_words: Write) -> None:
    vocabulary = Vocabulary(write_words('words'))
    others = read_embeddings(write_words('others', words=('car', 'bridge')))
    vocabulary.adopt(others, 'others')
    assert vocabulary.words == ('car', 'bridge')
    assert vocabulary.features.shape == (2, 16)


@pytest.mark.parametrize(
    ('other', 'message'),
    [
        (dict(dims=8), 'expected features of 16 dimensions .*, found 8'),
        (dict(encoder='another'), 'of drawn, .* found those of another'),
    ],
)
def test_features_of_another_space_are_refused(
    write_words: Write, other: dict, message: str
) -> None:
    vocabulary = Vocabulary(write_words('words'))
    others = read_embeddings(write_words('others', **other))
    with pytest.raises(InputError, match=message):
        vocabulary.adopt(others, 'others')
    assert vocabulary.words[0] == 'airplane'


def test_words_can_be_added(write_words: Write) -> None:
    vocabulary = Vocabulary(write_words('words'))
    vocabulary.use(['ship'])
    more = read_embeddings(write_words('others', words=('car', 'bridge')))
    vocabulary.extend(more, 'here')
    assert vocabulary.words == ('ship',)
    vocabulary.use(['bridge', 'harbor'])
    assert torch.equal(vocabulary.features[0], more.features[1])
    other = read_embeddings(write_words('x', words=('x',), encoder='another'))
    with pytest.raises(InputError, match='here: .* those of another'):
        vocabulary.extend(other, 'here')
    with pytest.raises(InputError, match="here: .* found 'bridge', which"):
        vocabulary.extend(more.select(['bridge'], 'others'), 'here')


def test_a_checkpoint_knows_its_encoder(write_words: Write) -> None:
    vocabulary = Vocabulary(write_words('words'))
    state = vocabulary.state_dict()
    assert list(state) == ['space']
    Vocabulary(write_words('fewer', words=('car',))).load_state_dict(state)
    other = Vocabulary(write_words('other', encoder='another'))
    with pytest.raises(InputError, match='features of another, expected'):
        other.load_state_dict(state)


def test_the_folder_of_an_encoder_does_not_matter(write_words: Write) -> None:
    sha256 = ', sha256 53aa51172d14'
    kinds = [
        f'sentence-transformers{folder}{sha256}'
        for folder in ('', ' model', ' all-MiniLM-L6-v2')
    ]
    banks = [
        Vocabulary(write_words(f'words{i}', encoder=kind))
        for i, kind in enumerate(kinds)
    ]
    for bank in banks:
        for other in banks:
            bank.load_state_dict(other.state_dict())
    whole = hashlib.sha256(kinds[1].encode()).digest()
    older = dict(space=torch.tensor(list(whole), dtype=torch.uint8))
    banks[1].load_state_dict(older)
    assert torch.equal(banks[1].space, banks[0].space)
    with pytest.raises(InputError, match='expected those of the encoder'):
        banks[2].load_state_dict(older)
    other = write_words('other', encoder='sentence-transformers, sha256 12')
    with pytest.raises(InputError, match='two encoders do not compare'):
        banks[0].adopt(read_embeddings(other), 'other')
