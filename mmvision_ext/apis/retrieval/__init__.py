"""Search folders of images by attributes, by an image or by words."""

from .build import Changes, update_index
from .classifier_encoder import ClassifierEncoder
from .clip_encoder import ClipEncoder
from .expression import AttributeQuestion, read_question
from .index import ImageIndex, load_index, save_index
from .load import load_encoder
from .page import text_table, write_result
from .query import (
    search_attributes,
    search_image,
    search_images,
    search_text,
)
from .results import Hit, SearchResult, SearchResults

__all__ = [
    'AttributeQuestion',
    'Changes',
    'ClassifierEncoder',
    'ClipEncoder',
    'Hit',
    'ImageIndex',
    'SearchResult',
    'SearchResults',
    'load_encoder',
    'load_index',
    'read_question',
    'save_index',
    'search_attributes',
    'search_image',
    'search_images',
    'search_text',
    'text_table',
    'update_index',
    'write_result',
]
