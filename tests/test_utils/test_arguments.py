"""Command lines of tools."""

import pytest

from mmvision_ext.utils.arguments import tool_parser


def test_all_shared_arguments() -> None:
    parser = tool_parser(
        'Text.', model=True, out='folder', device=True, cfg_options=True
    )
    parser.add_argument('images', nargs='+')
    args = parser.parse_args(
        'c.py c.pth a.jpg b.jpg --out o --device cpu --cfg-options a.b=1 '
        'c=[1,x]'.split()
    )
    assert (args.config, args.checkpoint) == ('c.py', 'c.pth')
    assert args.images == ['a.jpg', 'b.jpg']
    assert (args.out, args.device) == ('o', 'cpu')
    assert args.cfg_options == {'a.b': 1, 'c': [1, 'x']}


def test_only_what_is_asked_for() -> None:
    assert vars(tool_parser('Text.').parse_args([])) == {}
    with pytest.raises(SystemExit):
        tool_parser('Text.', out='folder').parse_args([])


def test_the_docstring_keeps_its_lines() -> None:
    assert (
        'Example:\n    python x'
        in tool_parser('Does it.\n\nExample:\n    python x\n').format_help()
    )
