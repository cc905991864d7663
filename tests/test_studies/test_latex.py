"""LaTeX source of tables."""

import pytest

from mmvision_ext.studies.latex import escape, latex_table


@pytest.mark.parametrize(
    ('text', 'source'),
    [
        ('a_b & 5 %', r'a\_b \& 5 \%'),
        ('$x^2$', r'\$x\textasciicircum{}2\$'),
        (r'{\n}', r'\{\textbackslash{}n\}'),
        ('1.0 ± 0.2 –', r'1.0 $\pm$ 0.2 --'),
        (
            '#1 ~ <2> −3',
            r'\#1 \textasciitilde{} \textless{}2\textgreater{} $-$3',
        ),
    ],
)
def test_special_characters(text: str, source: str) -> None:
    assert escape(text) == source


def test_blocks_are_separated() -> None:
    text = latex_table(['model', 'top-1 (%)'], [[['a', '1']], [['b', '2']]])
    assert text.splitlines()[1:] == [
        r'\begin{tabular}{lr}',
        r'\toprule',
        r'model & top-1 (\%) \\',
        r'\midrule',
        r'a & 1 \\',
        r'\midrule',
        r'b & 2 \\',
        r'\bottomrule',
        r'\end{tabular}',
    ]


def test_rows_of_another_length_are_refused() -> None:
    with pytest.raises(ValueError, match='expected 2 cells'):
        latex_table(['a', 'b'], [[['1']]])
