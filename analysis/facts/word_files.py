"""Files of word vectors that people download, by name: how many words they hold, as their pages say."""

from __future__ import annotations

import re
from typing import NamedTuple


class WordFile(NamedTuple):
    """A kind of file: ``pattern`` finds the numbers a word has in its name."""

    pattern: re.Pattern[str]
    words: int
    see: str


_GLOVE = "nlp.stanford.edu/projects/glove"
_WORD2VEC = "code.google.com/archive/p/word2vec"
_FASTTEXT = "fasttext.cc/docs/en/english-vectors.html"

WORD_FILES = (
    WordFile(re.compile(r"glove\.6B\.(50|100|200|300)d", re.IGNORECASE), 400_000, _GLOVE),
    WordFile(re.compile(r"glove\.42B\.(300)d", re.IGNORECASE), 1_900_000, _GLOVE),
    WordFile(re.compile(r"glove\.840B\.(300)d", re.IGNORECASE), 2_200_000, _GLOVE),
    WordFile(re.compile(r"glove\.twitter\.27B\.(25|50|100|200)d", re.IGNORECASE), 1_200_000, _GLOVE),
    WordFile(re.compile(r"GoogleNews-vectors-negative(300)"), 3_000_000, _WORD2VEC),
    WordFile(re.compile(r"wiki-news-(300)d-1M"), 1_000_000, _FASTTEXT),
    WordFile(re.compile(r"crawl-(300)d-2M"), 2_000_000, _FASTTEXT),
)


def word_file(path: str) -> tuple[str, int, int] | None:
    """Name, number of words and numbers a word of the file at ``path``; None when it is not one of these."""
    name = path.replace("\\", "/").rpartition("/")[2]
    for row in WORD_FILES:
        found = row.pattern.match(name)
        if found is not None:
            return name, row.words, int(found[1])
    return None
