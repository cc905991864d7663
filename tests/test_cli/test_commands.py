"""The command line: its table, its help, its mistakes."""

import runpy
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
import setuptools

from mmvision_ext.cli import main
from mmvision_ext.cli.commands import COMMANDS, build_parser
from mmvision_ext.cli.study import train_script
from mmvision_ext.version import __version__

HEAVY = ('torch', 'mmengine', 'mmcv', 'matplotlib', 'numpy', 'cv2', 'rich')
TOOLS = {'train': 'train', 'test': 'test', 'study': 'run_study'}


@pytest.mark.parametrize('command', COMMANDS)
def test_help_shows_an_example(command: str, capsys) -> None:
    with pytest.raises(SystemExit) as stop:
        main([command, '--help'])
    text = capsys.readouterr().out
    assert stop.value.code == 0
    assert 'Example:' in text and f'\n    mmvision {command}' in text


@pytest.mark.parametrize('command', TOOLS)
def test_a_tool_is_its_command(
    command: str, repository: Path, monkeypatch, capsys
) -> None:
    script = f'tools/{TOOLS[command]}.py'
    monkeypatch.setattr(sys, 'argv', [script, '--help'])
    with pytest.raises(SystemExit):
        runpy.run_path(str(repository / script), run_name='__main__')
    ours = capsys.readouterr().out
    with pytest.raises(SystemExit):
        main([command, '--help'])
    theirs = capsys.readouterr().out
    assert f'\n    python {script} ' in ours
    start = 'positional arguments:'
    assert ours.partition(start)[2] == theirs.partition(start)[2] != ''


def test_help_imports_nothing_large() -> None:
    script = (
        'import sys\nfrom mmvision_ext.cli import main\n'
        'for line in sys.argv[1:]:\n'
        '    try:\n        main(line.split())\n'
        '    except SystemExit as stop:\n        assert not stop.code\n'
        f'print(sorted({set(HEAVY)} & set(sys.modules)))'
    )
    lines = ['--help', *(f'{command} --help' for command in COMMANDS)]
    done = subprocess.run(
        [sys.executable, '-c', script, *lines],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == '[]'
    assert done.stdout.count('usage: mmvision') == len(lines)


def test_all_commands_are_listed(capsys) -> None:
    assert main([]) == 0
    text = capsys.readouterr().out
    for command in COMMANDS:
        assert f'\n    {command} ' in text


def test_the_version(capsys) -> None:
    with pytest.raises(SystemExit):
        main(['--version'])
    assert capsys.readouterr().out.strip() == __version__


@pytest.mark.parametrize(
    ('word', 'message'),
    [
        ('trian', "unknown command 'trian'; did you mean 'train'?"),
        ('zzz', "unknown command 'zzz'; there are train, test, predict"),
    ],
)
def test_unknown_commands(word: str, message: str, capsys) -> None:
    with pytest.raises(SystemExit) as stop:
        main([word, 'config.py'])
    assert stop.value.code == 2
    assert message in capsys.readouterr().err


def test_mistakes_are_one_message(tmp_path: Path, capsys) -> None:
    for command in (
        ['train', str(tmp_path / 'gone.py')],
        ['test', str(tmp_path / 'gone.py'), 'a.pth'],
        ['study', str(tmp_path / 'gone.yaml')],
    ):
        with pytest.raises(SystemExit) as stop:
            main(command)
        assert stop.value.code == 2
        text = capsys.readouterr().err
        assert text.startswith('error: ') and 'Traceback' not in text


def test_a_config_may_be_a_name(capsys) -> None:
    with pytest.raises(SystemExit):
        main(['train', 'resnet20_1xb128-200e_cifar10'])
    assert "mean 'resnet20_1xb128-200e_cifar100'" in capsys.readouterr().err


def test_predictions_of_a_test_are_pickled(capsys) -> None:
    with pytest.raises(SystemExit):
        main(['test', 'a.py', 'a.pth', '--out', 'a.json'])
    text = capsys.readouterr().err
    assert '--out: expected a .pkl file, found a.json' in text


def test_settings_are_read_as_mmengine_reads_them() -> None:
    line = ['train', 'a.py', '--cfg-options', 'a.b=1', 'c=[1,x]', 'd=(1,2)']
    options = build_parser().parse_args(line).cfg_options
    assert options == {'a.b': 1, 'c': [1, 'x'], 'd': (1, 2)}
    line = ['study', 'a.yaml', '--slurm']
    assert build_parser().parse_args(line).slurm == {}
    assert build_parser().parse_args(line[:2]).slurm is None


@pytest.mark.parametrize('shell', ['bash', 'zsh', 'tcsh'])
def test_completion(shell: str, capsys) -> None:
    pytest.importorskip('shtab', reason='shtab writes the completion')
    with pytest.raises(SystemExit) as stop:
        main(['--print-completion', shell])
    assert stop.value.code == 0
    text = capsys.readouterr().out
    for word in ('mmvision', 'predict', 'score-thr', 'resume'):
        assert word in text


def test_bash_completes_commands_options_and_files(
    tmp_path: Path, capsys
) -> None:
    pytest.importorskip('shtab', reason='shtab writes the completion')
    with pytest.raises(SystemExit):
        main(['--print-completion', 'bash'])
    (tmp_path / 'mmvision').write_text(capsys.readouterr().out)
    (tmp_path / 'config_a.py').touch()
    script = (
        'source ./mmvision\ncomplete_line() {\n  COMP_WORDS=("$@")\n'
        '  COMP_CWORD=$(($# - 1)); COMPREPLY=()\n'
        '  _shtab_mmvision\n  echo "${COMPREPLY[@]}"\n}\n'
        'complete_line mmvision pre\n'
        'complete_line mmvision train --aut\n'
        'complete_line mmvision train config\n'
    )
    done = subprocess.run(
        ['bash', '-c', script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == [
        'predict',
        '--auto-scale-lr',
        'config_a.py',
    ]


def test_completion_without_shtab(monkeypatch, capsys) -> None:
    monkeypatch.setitem(sys.modules, 'shtab', None)
    with pytest.raises(SystemExit) as stop:
        main(['--print-completion', 'bash'])
    assert stop.value.code == 2
    assert 'pip install shtab' in capsys.readouterr().err


def test_the_installed_command_is_this_one(
    repository: Path, monkeypatch
) -> None:
    said: dict = {}
    monkeypatch.setattr(setuptools, 'setup', said.update)
    runpy.run_path(str(repository / 'setup.py'))
    (line,) = said['entry_points']['console_scripts']
    name, _, target = line.partition(' = ')
    module, _, function = target.partition(':')
    assert name == 'mmvision'
    assert getattr(import_module(module), function) is main
    assert 'mmvision_ext.cli.script' in said['packages']


def test_configs_are_installed(repository: Path, tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, 'setup.py', '-q', 'build_py']
        + ['--build-lib', str(tmp_path / 'lib')]
        + ['egg_info', '--egg-base', str(tmp_path)],
        cwd=repository,
        check=True,
        capture_output=True,
    )
    installed = tmp_path / 'lib' / 'mmvision_ext' / '.mim' / 'configs'
    for name in ('_base_/datasets/voc_instance.py', 'mask_rcnn/README.md'):
        assert (installed / name).read_bytes() == (
            repository / 'configs' / name
        ).read_bytes()


def test_studies_train_with_the_tool_or_their_own_script(
    repository: Path, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.chdir(repository)
    assert train_script() == 'tools/train.py'
    package = tmp_path / 'mmvision_ext'
    monkeypatch.setattr('mmvision_ext.cli.study.PACKAGE', package)
    assert train_script().endswith('mmvision_ext/cli/script/train.py')
    own = repository / 'mmvision_ext' / 'cli' / 'script' / 'train.py'
    done = subprocess.run(
        [sys.executable, str(own), '--help'],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith('usage: mmvision train')
