"""Relevance: which of the hits of a search are about the query. The one floor below which a hit is no use of its memory.

A search always returns its best hits, also where a small cube has nothing that fits: a memory does not stay fresh because of
questions that it does not answer.
"""

from memos_cli.infra.words import words
from memos_cli.operation.results import Hit

ALIKE = 0.35
"""The cosine of MiniLM that a memory without a word of the query needs.

Of 400 pairs of a nonsensical query and a plain sentence the highest was 0.31, and 99 in 100 lay below 0.25. Of 20 questions in
other words than the sentence that answers them 16 reach it.
"""


def is_relevant(query: str, hit: Hit) -> bool:
    """Whether a hit shares a content word with the query, or is more alike in meaning than unrelated text."""
    says_something = words.says_something(query)
    return (says_something and hit.parts.bm25 > 0) or (hit.parts.cosine or 0.0) >= ALIKE
