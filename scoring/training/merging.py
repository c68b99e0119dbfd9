"""Several LightGBM text models as one: the average of their log-odds, in one file."""

import re

_TREE = re.compile(r"^Tree=\d+$", re.MULTILINE)
_VALUES = re.compile(r"^(leaf_value|internal_value)=(.*)$", re.MULTILINE)
# Needed to go on training, not to predict; they are half of the file.
_UNUSED = re.compile(r"^(split_gain|leaf_weight|internal_weight)=.*\n", re.MULTILINE)
_SIZES = re.compile(r"^tree_sizes=.*$", re.MULTILINE)
_END = "end of trees"


def average(texts: list[str]) -> str:
    """All trees of all models, their values divided by the number of models."""
    header = texts[0][: _first_tree(texts[0])]
    trees = [tree for text in texts for tree in _trees(text)]
    numbered = [
        _TREE.sub(f"Tree={number}", _scaled(tree, len(texts)), count=1)
        for number, tree in enumerate(trees)
    ]
    sizes = " ".join(str(len(tree)) for tree in numbered)
    return _SIZES.sub(f"tree_sizes={sizes}", header) + "".join(numbered) + f"{_END}\n"


def _first_tree(text: str) -> int:
    found = _TREE.search(text)
    assert found is not None
    return found.start()


def _trees(text: str) -> list[str]:
    body = text[_first_tree(text) : text.index(_END)]
    starts = [match.start() for match in _TREE.finditer(body)]
    return [body[start:end] for start, end in zip(starts, [*starts[1:], len(body)], strict=True)]


def _scaled(tree: str, count: int) -> str:
    def divide(match: re.Match[str]) -> str:
        values = [repr(float(value) / count) for value in match[2].split()]
        return f"{match[1]}={' '.join(values)}"

    return _VALUES.sub(divide, _UNUSED.sub("", tree))
