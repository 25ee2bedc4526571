"""The tokenizer: each word of the captions is one token, everything else is spelled in bytes, as CLIP's does.

32 tokens in place of 77: captions have 16 at most, and each token is paid for in every attention.
"""

import itertools

from transformers import CLIPTokenizer

from infra.models.miniature.scene import COLOURS, COUNTS, PLACES, PLURALS, SHAPES, SIZES, STYLES, TEXTURES
from infra.models.tokenizers import END, START, byte_letters

LENGTH = 32
SMALL_WORDS = ("a", "an", "at", "the", "in", "on", "background")
WORDS = (*SMALL_WORDS, *COLOURS, *SHAPES, *PLURALS.values(), *COUNTS, *SIZES, *PLACES, *TEXTURES, *STYLES)

Merge = tuple[str, str]


def merges() -> list[Merge]:
    """The merges that make each word one token, in order."""
    made: list[Merge] = []
    for word in WORDS:
        pieces = _pieces(word, made)
        while len(pieces) > 1:
            made.append((pieces[0], pieces[1]))
            pieces = _pieces(word, made)
    return made


def _pieces(word: str, known: list[Merge]) -> list[str]:
    """How a byte-pair encoding with the merges `known` so far splits the word."""
    pieces = [*word[:-1], f"{word[-1]}</w>"]
    ranks = {merge: rank for rank, merge in enumerate(known)}
    while pairs := [pair for pair in itertools.pairwise(pieces) if pair in ranks]:
        at = [*itertools.pairwise(pieces)].index(min(pairs, key=ranks.__getitem__))
        pieces[at : at + 2] = ["".join(pieces[at : at + 2])]
    return pieces


def vocabulary() -> dict[str, int]:
    """Every token and its id, in CLIP's order: bytes, bytes that end a word, merges, start, end."""
    letters = byte_letters()
    tokens = [*letters, *(f"{letter}</w>" for letter in letters), *("".join(merge) for merge in merges()), START, END]
    return {token: id_ for id_, token in enumerate(dict.fromkeys(tokens))}


def tokenizer(pad_token: str = END) -> CLIPTokenizer:
    """A CLIP tokenizer of `LENGTH` tokens; SDXL's second one pads with `!`."""
    return CLIPTokenizer(vocab=vocabulary(), merges=merges(), pad_token=pad_token, model_max_length=LENGTH)
