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


@pytest.mark.parametrize('item', ['a.b=[1,2', 'a={"k":[3,4]}', 'a.b'])
def test_an_option_that_cannot_be_read_is_named(
    item: str, capsys: pytest.CaptureFixture[str]
) -> None:
    parser = tool_parser(None, cfg_options=True)
    with pytest.raises(SystemExit) as caught:
        parser.parse_args(['--cfg-options', 'x=1', item])
    assert caught.value.code == 2
    assert f'--cfg-options {item}: expected key=value' in (
        capsys.readouterr().err
    )


def test_options_add_up() -> None:
    parser = tool_parser(None, cfg_options=True)
    args = parser.parse_args(['--cfg-options', 'a.b=1', 'c=[1,2]', 'd=x'])
    assert args.cfg_options == {'a.b': 1, 'c': [1, 2], 'd': 'x'}
