#!/usr/bin/env python3
"""Checks Kopa's ledger from outside: an export, a receipt's proof, or that no past was changed.

    verify_ledger.py --key KEY [--old CHECKPOINT] EXPORT
    verify_ledger.py --key KEY [--old CHECKPOINT] PROOF

KEY is the lender's public key (`kopa ledger key`), as text or in a file. CHECKPOINT is one that
you kept. PROOF is what a receipt's QR code says, or JSON of the lender's API. Needs Python 3.9 or
newer, this file, and nothing else: copy it to where the lender has no hand. Ends with 0 when all is
right, with 1 and one sentence when not, with 2 when the question makes no sense.

What is checked: Ed25519 (RFC 8032), signed notes and checkpoints (C2SP signed-note and
tlog-checkpoint), the Merkle tree (RFC 9162, section 2.1), and the chain: sha256(before + leaf).
"""

import argparse
import base64
import hashlib
import json
import sys
import zlib
from pathlib import Path

FORMAT = b"kopa-ledger-export 1\n"
CODE = "KOPA1"
MOST = 1_000_000  # bytes of a proof


class Wrong(Exception):
    """What is not as it should be, in one sentence."""


class Senseless(Exception):
    """A question that what was given cannot answer, in one sentence."""


# The tree


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def leaf_of(data):
    return sha256(b"\x00", data)


def parent(left, right):
    return sha256(b"\x01", left, right)


class Tree:
    """Its root so far, from the roots of its perfect subtrees."""

    def __init__(self):
        self.size, self.peaks = 0, []

    def add(self, leaf):
        size = self.size
        while size & 1:
            leaf = parent(self.peaks.pop(), leaf)
            size >>= 1
        self.peaks.append(leaf)
        self.size += 1

    def root(self):
        if not self.peaks:
            return sha256()
        *before, root = self.peaks
        for left in reversed(before):
            root = parent(left, root)
        return root


def is_included(leaf, index, size, path, root):
    """RFC 9162, 2.1.3.2"""
    return 0 <= index < size and climbed(index, size - 1, path, [leaf]) == [root]


def is_consistent(old, old_root, new, new_root, path):
    """RFC 9162, 2.1.4.2"""
    if old == new:
        return not path and old_root == new_root
    if not 0 < old < new:
        return False
    first, *rest = path if old & (old - 1) else [old_root, *path]
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    return climbed(at, last, rest, [first, first]) == [old_root, new_root]


def climbed(at, last, path, hashes):
    """Up the tree: all take what stands to the left, only the newest what stands to the right."""
    for other in path:
        if last == 0:
            return None
        if at & 1 or at == last:
            hashes = [parent(other, each) for each in hashes]
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            hashes = [*hashes[:-1], parent(hashes[-1], other)]
        at, last = at >> 1, last >> 1
    return hashes if last == 0 else None


# Signatures: Ed25519 as RFC 8032 describes it, in extended coordinates

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)


def point(data):
    """The point that 32 bytes stand for, or None."""
    y = int.from_bytes(data, "little") & (2**255 - 1)
    odd = data[31] >> 7
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if (x * x - square) % P or (x == 0 and odd):
        return None
    if x & 1 != odd:
        x = P - x
    return x, y, 1, x * y % P


def plus(one, other):
    a = (one[1] - one[0]) * (other[1] - other[0]) % P
    b = (one[1] + one[0]) * (other[1] + other[0]) % P
    c = 2 * one[3] * other[3] * D % P
    d = 2 * one[2] * other[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(number, base):
    found = (0, 1, 1, 0)
    while number:
        if number & 1:
            found = plus(found, base)
        base = plus(base, base)
        number >>= 1
    return found


BASE = point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def has_signed(public, text, signature):
    if len(public) != 32 or len(signature) != 64:
        return False
    key, nonce = point(public), point(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if key is None or nonce is None or scalar >= ORDER:
        return False
    digest = hashlib.sha512(signature[:32] + public + text).digest()
    left = times(scalar, BASE)
    right = plus(nonce, times(int.from_bytes(digest, "little") % ORDER, key))
    same_x = (left[0] * right[2] - right[0] * left[2]) % P == 0
    return same_x and (left[1] * right[2] - right[1] * left[2]) % P == 0


# Checkpoints


def key_of(text):
    try:
        name, key_id, encoded = text.strip().split("+", 2)
        key = base64.b64decode(encoded, validate=True)
    except ValueError:
        complain("a key is written as name+id+key", 2)
    expected = sha256(name.encode(), b"\n", key)[:4]
    if len(key) != 33 or key[0] != 1 or expected.hex() != key_id:
        complain("the key is not an Ed25519 key that was copied whole", 2)
    return name, expected, key[1:]


def opened(note, keys):
    """Size and root of a checkpoint that one of the keys has signed."""
    text, between, below = note.rpartition("\n\n")
    text += "\n"
    for name, key_id, public in keys:
        for line in below.split("\n") if between else ():
            try:
                signed = base64.b64decode(line.rpartition(" ")[2], validate=True)
            except ValueError:
                continue
            again = f"\u2014 {name} {base64.b64encode(signed).decode()}"
            if signed[:4] == key_id and line == again:
                if not has_signed(public, text.encode(), signed[4:]):
                    raise Wrong("The checkpoint's signature does not fit its text.")
                return size_and_root(name, text)
    raise Wrong("The checkpoint is not signed by the key that you gave.")


def size_and_root(name, text):
    lines = text.split("\n")
    try:
        origin, size, root = lines[0], int(lines[1]), base64.b64decode(lines[2], validate=True)
    except (ValueError, IndexError):
        raise Wrong("The note is not a checkpoint.") from None
    if origin != name or len(root) != 32:
        raise Wrong("The checkpoint is of another ledger than its key.")
    return size, root


# The questions


def check_export(file, keys, old):
    file.readline()
    size, root = opened(json.loads(file.readline()), keys)
    kept = opened(old, keys) if old is not None else (0, sha256())
    tree, chain = Tree(), bytes(32)
    agree(tree, kept)
    for line in file:
        told, _, data = line.removesuffix(b"\n").partition(b" ")
        leaf = leaf_of(data)
        chain = sha256(chain, leaf)
        tree.add(leaf)
        if told != chain.hex().encode():
            raise Wrong(f"Entry {tree.size} ({name_of(data)}) is not what was sealed.")
        agree(tree, kept)
    if tree.size != size:
        raise Wrong(f"The checkpoint is about {size} entries, and there are {tree.size}.")
    if tree.root() != root:
        raise Wrong("The entries are not those that the checkpoint was signed for.")
    if kept[0] > size:
        raise Wrong(f"Your checkpoint is about {kept[0]} entries, and there are {size}.")
    since = f", and the first {kept[0]} are those of your checkpoint" if old is not None else ""
    return f"All {size} entries are what was sealed and signed{since}."


def agree(tree, kept):
    if tree.size == kept[0] and tree.root() != kept[1]:
        raise Wrong(f"The first {kept[0]} entries are not those of your checkpoint.")


def name_of(data):
    try:
        return str(json.loads(data)["reference"])
    except (ValueError, KeyError, TypeError):
        return "which cannot be read"


def check_proof(text, keys, old):
    if text.startswith(CODE):
        packed = "".join(text[len(CODE) :].split())
        packed = base64.b32decode(packed + "=" * (-len(packed) % 8))
        text = zlib.decompressobj().decompress(packed, MOST).decode()
    proof = json.loads(text)
    path = [base64.b64decode(each, validate=True) for each in proof["path"]]
    if "old" in proof:
        return check_consistency(proof, path, keys, old)
    size, root = opened(proof["checkpoint"], keys)
    entry, index = proof["entry"], proof["index"]
    data = json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    if not is_included(leaf_of(data), index, size, path, root):
        raise Wrong("The entry is not in the ledger that the checkpoint was signed for.")
    compare((size, root), opened(old, keys) if old is not None else None)
    moved = [
        f"  {line['event']}: {line['amount_minor']} {line['currency']} in minor units,"
        f" from {line['credit']} to {line['debit']}"
        for line in entry["lines"]
    ]
    title = f"Entry {entry['reference']} of {entry['posted_on']} is number {index + 1} of {size}:"
    return "\n".join([title, *moved])


def compare(new, kept):
    if kept is None or kept == new:
        return
    if kept[0] == new[0]:
        raise Wrong("Your checkpoint is of the same size, and of another past.")
    since, size = sorted((kept[0], new[0]))
    raise Senseless(
        f"The entry is in a ledger of {new[0]} entries; your checkpoint is about {kept[0]}."
        " Only the proof between the two can say that they are one ledger (the lender's API:"
        f" /v1/ledger/checkpoints/{size}/consistency?since={since}): check that one with --old,"
        " and this receipt without."
    )


def check_consistency(proof, path, keys, old):
    if old is not None and opened(old, keys) != opened(proof["old"], keys):
        raise Wrong("The proof begins with another checkpoint than yours.")
    (before, old_root), (after, new_root) = opened(proof["old"], keys), opened(proof["new"], keys)
    if not is_consistent(before, old_root, after, new_root, path):
        raise Wrong("The newer checkpoint does not go on from the older one: the past was changed.")
    return f"The ledger of {after} entries begins with the one of {before}."


def complain(sentence, status):
    sys.stderr.write(f"{sentence}\n")
    raise SystemExit(status)


def main():
    asked = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    asked.add_argument("--key", action="append", required=True, help="again for an older key")
    asked.add_argument("--old", type=Path, help="a checkpoint that you kept")
    asked.add_argument("file", type=Path)
    given = asked.parse_args()
    try:
        named = [Path(key).read_text() if "+" not in key else key for key in given.key]
        old = given.old.read_text(encoding="utf-8") if given.old else None
        if old is not None and not old.strip():
            raise Senseless("The checkpoint that you kept is empty.")
        keys = [key_of(text) for text in named]
        with given.file.open("rb") as file:
            begins = file.read(len(FORMAT))
            file.seek(0)
            if begins == FORMAT:
                said = check_export(file, keys, old)
            else:
                said = check_proof(file.read(MOST).decode().strip(), keys, old)
    except OSError as missing:
        complain(f"{missing.filename} cannot be read", 2)
    except Senseless as senseless:
        complain(str(senseless), 2)
    except Wrong as wrong:
        complain(str(wrong), 1)
    except (ValueError, KeyError, TypeError, AttributeError, zlib.error):
        complain("What was given is not whole: it cannot be read.", 1)
    sys.stdout.write(f"{said}\n")


if __name__ == "__main__":
    main()
