"""A file as a person reads it: contents, loops, segments and values with their names, findings in place."""

from edi.outline.documents import outline_documents
from edi.outline.files import outline_file
from edi.outline.shapes import Outline

__all__ = ["Outline", "outline_documents", "outline_file"]
