"""Errors as one message in the page."""

import functools
import html
import traceback
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import gradio as gr

from mmvision_ext.utils import InputError

Arguments = ParamSpec('Arguments')
Answer = TypeVar('Answer')

NOTICE = 15  # seconds that a message stays


def in_words(
    handler: Callable[Arguments, Answer],
) -> Callable[Arguments, Answer]:
    """Let a handler of the page fail with one message and no traceback.

    Args:
        handler: What an event of the page calls.

    Returns:
        It, raising ``gr.Error``: with the message of an
        :class:`~mmvision_ext.utils.InputError`, else with the kind of the
        error, whose traceback goes to the terminal.
    """

    @functools.wraps(handler)
    def call(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Answer:
        try:
            return handler(*args, **kwargs)
        except InputError as error:
            text = as_html(str(error))
        except Exception as error:  # the page goes on
            traceback.print_exc()
            text = (
                f'This failed in the program: {type(error).__name__}. The '
                'terminal in which the page was started says more.'
            )
        raise gr.Error(text, duration=NOTICE, print_exception=False)

    return call


def as_html(text: str) -> str:
    """A message as the page shows it, letter for letter.

    Args:
        text: The message.

    Returns:
        HTML.
    """
    return html.escape(text, quote=False).replace('\n', '<br>')
