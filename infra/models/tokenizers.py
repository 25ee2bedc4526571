"""CLIP tokenizers with a small vocabulary of our own: byte-level, so that every prompt tokenizes.

The order is CLIP's: 256 bytes, 256 bytes that end a word, merges, start, end. So `!` is 0, as SDXL's second tokenizer
needs for padding, and the end is the highest id.
"""

from transformers import CLIPTokenizer

START, END = "<|startoftext|>", "<|endoftext|>"
MAX_LENGTH = 77
MERGES = (
    "t h", "th e</w>", "a n", "an d</w>", "i n", "in g</w>", "o f</w>", "e r</w>", "o n</w>", "a t</w>", "r e", "s t",
    "o r", "a r", "e n", "l e</w>", "e d</w>", "i n</w>", "a l", "o u", "c h", "s h", "p h", "l i", "ph o", "t o</w>",
)  # fmt: skip


def byte_letters() -> list[str]:
    """The 256 letters that stand for bytes in CLIP's vocabulary: printable ones for themselves, in order."""
    printable = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAC + 1), *range(0xAE, 0xFF + 1)]
    shifted = range(256, 256 + 256 - len(printable))
    return [chr(code) for code in (*printable, *shifted)]


def vocabulary() -> dict[str, int]:
    """Every token and its id."""
    letters = byte_letters()
    merged = ["".join(merge.split()) for merge in MERGES]
    tokens = [*letters, *(f"{letter}</w>" for letter in letters), *merged, START, END]
    return {token: id_ for id_, token in enumerate(tokens)}


def tokenizer(pad_token: str = END) -> CLIPTokenizer:
    """A CLIP tokenizer of `MAX_LENGTH` tokens; SDXL's second one pads with `!`."""
    merges = [tuple(merge.split()) for merge in MERGES]
    return CLIPTokenizer(vocab=vocabulary(), merges=merges, pad_token=pad_token, model_max_length=MAX_LENGTH)
