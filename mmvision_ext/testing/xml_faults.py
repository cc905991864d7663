"""Seeded faults in XML annotations, for tests of what reads them."""

import xml.etree.ElementTree as ElementTree
from collections.abc import Callable

from .annotation_faults import (
    DAMAGE_SHARE,
    DEEP,
    Mutation,
    Rng,
    mutate_bytes,
    pick,
)

#: Texts that belong in no number, class name or flag.
TEXTS = (
    '',
    ' ',
    'nan',
    'inf',
    '-inf',
    '1e999',
    '-5',
    '0',
    '99999999',
    '1e30',
    '12.5',
    '1,5',
    'text',
    'x' * 5000,
    '&lt;b&gt;',
    'Ä',
)
_BOMB_LEVELS = 12  # of ten entities each: 10**12 characters


def mutate_xml(content: bytes, rng: Rng) -> Mutation:
    """Damage an XML file, or change one of its elements.

    Args:
        content: The sound file.
        rng: Source of randomness.

    Returns:
        The fault.
    """
    kind = rng.random()
    if kind < DAMAGE_SHARE / 2:
        return mutate_bytes(content, rng)
    if kind < DAMAGE_SHARE:
        return _mutate_document(content, rng)
    return _mutate_element(content, rng)


def _mutate_document(content: bytes, rng: Rng) -> Mutation:
    """Entities, declarations and depth."""
    inside = content[content.index(b'>') + 1 :]
    entity = '<!DOCTYPE annotation [<!ENTITY a {0}>]><annotation>&a;'
    faults = {
        'an entity bomb': _bomb() + b'<annotation>&l11;' + inside,
        'a long entity': (entity.format(f'"{"a" * 50_000}"')).encode()
        + b'&a;' * 20_000
        + inside,
        'an external entity': entity.format(
            'SYSTEM "file:///etc/hostname"'
        ).encode()
        + inside,
        'a DOCTYPE': b'<!DOCTYPE annotation>' + content,
        'a DOCTYPE in UTF-16': (
            '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE annotation>'
            + content.decode()
        ).encode('utf-16'),
        'deep elements': content.replace(
            inside, b'<a>' * DEEP + b'</a>' * DEEP + inside
        ),
        'deep, not closed': b'<annotation>' + b'<object>' * DEEP,
        'an unknown encoding': b'<?xml version="1.0" encoding="klingon"?>'
        + content,
        'another encoding': b'<?xml version="1.0" encoding="utf-16"?>'
        + content,
        'a comment': b'<!-- made by hand -->' + content,
        'a name space': content.replace(
            b'<annotation>', b'<annotation xmlns="http://voc">'
        ),
        'an unknown entity': content.replace(b'cat', b'&cat;'),
    }
    what = pick(rng, tuple(faults))
    return Mutation(what, faults[what])


def _bomb() -> bytes:
    """A DOCTYPE whose last entity has 10**11 characters."""
    lines = ['<!ENTITY l0 "aaaaaaaaaa">']
    for level in range(1, _BOMB_LEVELS):
        lines.append(f'<!ENTITY l{level} "{f"&l{level - 1};" * 10}">')
    return f'<!DOCTYPE annotation [{"".join(lines)}]>'.encode()


def _mutate_element(content: bytes, rng: Rng) -> Mutation:
    """Another text, place or number of one element."""
    root = ElementTree.fromstring(content)
    parents = {child: node for node in root.iter() for child in node}
    node = pick(rng, tuple(parents))
    parent = parents[node]
    siblings = list(parent)
    other = siblings[(siblings.index(node) + 1) % len(siblings)]
    names = tuple(
        dict.fromkeys((node.tag, other.tag, parent.tag, node.text or ''))
    )

    def swap() -> None:
        node.text, other.text = other.text, node.text

    def inside() -> None:
        parent.remove(node)
        ElementTree.SubElement(parent, 'more').append(node)

    def rename() -> None:
        node.tag = 'more'

    def empty() -> None:
        for child in list(node):
            node.remove(child)
        node.text = None

    changes: dict[str, Callable[[], None]] = {
        'left out': lambda: parent.remove(node),
        'twice': lambda: parent.append(node),
        'exchanged with the next': swap,
        'renamed': rename,
        'in another element': inside,
        'empty': empty,
    }
    what = pick(rng, (*changes, *[''] * len(changes)))
    if what:
        changes[what]()
    else:
        leaf = pick(rng, tuple(item for item in root.iter() if not len(item)))
        text = pick(rng, TEXTS)
        names = (leaf.tag, *(text.split()[:1] or ('',)))
        leaf.text, what, node = text, repr(text[:20]), leaf
    return Mutation(
        f'{node.tag}: {what}', ElementTree.tostring(root, 'utf-8'), names
    )
