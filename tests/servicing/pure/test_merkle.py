"""The tree against vectors of the reference implementation, another library, and the verifier."""

from collections.abc import Sequence

import pymerkle
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from servicing.ledger import merkle
from servicing.ledger.merkle import Node, Span
from tests.servicing import outsider

# Leaves, roots and proofs of github.com/transparency-dev/merkle, testonly/ (Apache-2.0, Google).
LEAVES = ("", "00", "10", "2021", "3031", "40414243", "5051525354555657",
          "606162636465666768696a6b6c6d6e6f")  # fmt: skip
ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
INCLUSIONS = {
    (0, 1): (),
    (1, 5): (
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ),
    (2, 3): ("fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",),
    (5, 8): (
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ),
}
CONSISTENCIES = {
    (1, 1): (),
    (1, 8): (
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ),
    (2, 5): (
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ),
    (6, 8): (
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ),
}
SIZES = range(1, 40)
VERIFIER = outsider.program()


class Grown:
    """A tree of these leaves, kept as the database keeps it: by its finished nodes."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self.nodes: dict[Node, bytes] = {}
        self.peaks: list[bytes] = []
        for size, data in enumerate(leaves):
            for height, hashed in enumerate(merkle.add(self.peaks, size, merkle.leaf(data))):
                node = (height, size >> height)
                assert merkle.finisher(node) == size + 1
                self.nodes[node] = hashed

    def root(self, span: Span) -> bytes:
        return merkle.root([self.nodes[node] for node in merkle.nodes(span)])

    def path(self, spans: Sequence[Span]) -> list[bytes]:
        return [self.root(span) for span in spans]


def numbered(size: int) -> list[bytes]:
    return [f"entry {n}".encode() for n in range(size)]


class TestTheReference:
    grown = Grown([bytes.fromhex(leaf) for leaf in LEAVES])

    def test_has_the_same_roots(self) -> None:
        assert tuple(self.grown.root((0, size)).hex() for size in range(9)) == ROOTS

    def test_has_the_same_proofs(self) -> None:
        for (index, size), path in INCLUSIONS.items():
            found = self.grown.path(merkle.inclusion(index, size))
            assert tuple(each.hex() for each in found) == path
        for (old, new), path in CONSISTENCIES.items():
            found = self.grown.path(merkle.consistency(old, new))
            assert tuple(each.hex() for each in found) == path


class TestAnotherLibrary:
    @pytest.mark.parametrize("size", SIZES)
    def test_has_the_same_roots_and_paths(self, size: int) -> None:
        grown, theirs = Grown(numbered(size)), pymerkle.InmemoryTree(algorithm="sha256")
        theirs.append_entries(numbered(size))

        assert merkle.root(grown.peaks) == grown.root((0, size)) == theirs.get_root()
        for index in range(size):  # Theirs begins with the leaf itself.
            path = theirs.prove_inclusion(index + 1, size).path[1:]
            assert grown.path(merkle.inclusion(index, size)) == path


class TestTheVerifier:
    @pytest.mark.parametrize("size", SIZES)
    def test_accepts_every_leaf_where_it_is(self, size: int) -> None:
        grown = Grown(numbered(size))
        root = grown.root((0, size))
        for index in range(size):
            leaf, path = grown.nodes[0, index], grown.path(merkle.inclusion(index, size))
            assert VERIFIER.is_included(leaf, index, size, path, root)
            assert not VERIFIER.is_included(leaf, index + 1, size, path, root)
            assert not VERIFIER.is_included(leaf, index, size, [*path, root], root)
            assert not VERIFIER.is_included(root, index, size, path, root) or size == 1

    @pytest.mark.parametrize("new", SIZES)
    def test_accepts_every_past(self, new: int) -> None:
        grown = Grown(numbered(new))
        for old in range(1, new + 1):
            roots = grown.root((0, old)), grown.root((0, new))
            path = grown.path(merkle.consistency(old, new))
            assert VERIFIER.is_consistent(old, roots[0], new, roots[1], path)
            assert not VERIFIER.is_consistent(old, bytes(32), new, roots[1], path)
            assert not VERIFIER.is_consistent(old, roots[0], new, bytes(32), path)
            for at in range(len(path)):
                broken = [*path[:at], bytes(32), *path[at + 1 :]]
                assert not VERIFIER.is_consistent(old, roots[0], new, roots[1], broken)

    @settings(deadline=None, max_examples=40)
    @given(st.binary(min_size=32, max_size=32), st.binary(max_size=60), st.integers(0, 511))
    def test_knows_signatures(self, seed: bytes, text: bytes, bit: int) -> None:
        key = Ed25519PrivateKey.from_private_bytes(seed)
        public, signature = key.public_key().public_bytes_raw(), key.sign(text)
        changed = bytearray(signature)
        changed[bit // 8] ^= 1 << bit % 8

        assert VERIFIER.has_signed(public, text, signature)
        assert not VERIFIER.has_signed(public, text + b"!", signature)
        assert not VERIFIER.has_signed(public, text, bytes(changed))

    def test_refuses_a_signature_that_was_made_longer(self) -> None:
        """RFC 8032, 5.1.7: the scalar must be below the order, or a signature has two spellings."""
        key = Ed25519PrivateKey.from_private_bytes(bytes(32))
        public, signature = key.public_key().public_bytes_raw(), key.sign(b"")
        scalar = int.from_bytes(signature[32:], "little") + VERIFIER.ORDER

        assert not VERIFIER.has_signed(public, b"", signature[:32] + scalar.to_bytes(32, "little"))
