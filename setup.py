"""Packaging of mmvision_ext."""

import shutil
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent


def read_version() -> str:
    """Version from ``mmvision_ext/version.py``, without importing it.

    Returns:
        The version string.
    """
    scope: dict[str, str] = {}
    exec((ROOT / 'mmvision_ext' / 'version.py').read_text('utf-8'), scope)
    return scope['__version__']


def read_requirements(name: str) -> list[str]:
    """Requirements of one file under ``requirements/``.

    Args:
        name: File name without its suffix.

    Returns:
        One requirement per entry, comments left out and ``-r`` followed.
    """
    text = (ROOT / 'requirements' / f'{name}.txt').read_text('utf-8')
    found = []
    for line in text.splitlines():
        line = line.partition('#')[0].strip()
        if line.startswith('-r '):
            found += read_requirements(line[3:].removesuffix('.txt'))
        elif line:
            found.append(line)
    return found


class BuildWithConfigs(build_py):
    """Puts configs and model index where mim and the package look for them."""

    def run(self) -> None:
        """Build, then copy them to ``mmvision_ext/.mim``."""
        super().run()
        if self.editable_mode:
            return  # the checkout has them
        target = Path(self.build_lib) / 'mmvision_ext' / '.mim'
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(
            ROOT / 'configs',
            target / 'configs',
            ignore=shutil.ignore_patterns('__pycache__'),
        )
        if (ROOT / 'model-index.yml').is_file():
            shutil.copy(ROOT / 'model-index.yml', target)


EXTRAS = ('tests', 'demo', 'deploy', 'dev', 'docs', 'text')

readme = ROOT / 'README.md'
setup(
    name='mmvision_ext',
    version=read_version(),
    description='Vision systems as one MMDetection and MMPretrain plugin',
    long_description=readme.read_text('utf-8') if readme.is_file() else '',
    long_description_content_type='text/markdown',
    license='Apache-2.0',
    packages=find_packages(include=['mmvision_ext', 'mmvision_ext.*']),
    package_data={'mmvision_ext': ['py.typed', 'datasets/metadata/*.json']},
    cmdclass={'build_py': BuildWithConfigs},
    entry_points={'console_scripts': ['mmvision = mmvision_ext.cli:main']},
    python_requires='>=3.10,<3.13',
    install_requires=read_requirements('runtime'),
    extras_require={name: read_requirements(name) for name in EXTRAS},
)
