"""The stack in the team's own AWS account: its template, and what it costs. Nothing here asks AWS.

template = build(settings)  # Settings as they were read; their workflows are anchored.
body = render(template)  # What CloudFormation is given, by S3 unless it `fits_inline`.
"""

from __future__ import annotations

from tocsin.stack.build import build
from tocsin.stack.reading import AUTOMATION, MEMBER, TEMPLATE, TemplateError, load, text
from tocsin.stack.rendering import INLINE_BYTES_MAX, fits_inline, render

__all__ = [
    "AUTOMATION",
    "INLINE_BYTES_MAX",
    "MEMBER",
    "TEMPLATE",
    "TemplateError",
    "build",
    "fits_inline",
    "load",
    "render",
    "text",
]
