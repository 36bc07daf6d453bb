"""What a mail says, without how it looks. Pure."""

import re

from apps.content.rendering import TemplateFault
from apps.content.rendering.markup import text_from_html

# Where these stand in a mail nothing is read: styles, fonts, what a client is told.
_UNREAD = re.compile(r"<mj-head\b.*?</mj-head>|<mj-raw\b.*?</mj-raw>|<!--.*?-->", re.DOTALL)
_AS_HTML = ((re.compile(r"<(/?)mj-button\b"), r"<\1a"), (re.compile(r"<(/?)mj-image\b"), r"<\1img"))
_TAG = re.compile(r"<[^>]*>")
_BLOCK = re.compile(r"<(/?)mj(?:ml|-[\w-]+)\b")


def mail_words(mjml: str) -> str:
    """
    Return what a reader would read of a mail, its Liquid kept, links as `text (address)`.

    Of one whose Liquid cannot be read: all that is no tag.
    """
    html = _UNREAD.sub("", mjml)
    for tag, instead in _AS_HTML:
        html = tag.sub(instead, html)
    try:
        return text_from_html(_BLOCK.sub(r"<\1div", html)).strip()
    except TemplateFault:
        return " ".join(_TAG.sub(" ", html).split())
