"""Signed notes, held to the example that Go's `note` package prints, and to nothing of our own."""

import pytest

from kit import notes
from kit.notes import BadKey, BadNote, Signer

# The example in the documentation of golang.org/x/mod/sumdb/note.
PUBLIC = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PRIVATE = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
LINE = (
    "\N{EM DASH} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqf"
    "qdngotpRZb6KE6RyyBwJnAM=\n"
)
NOTE = f"{TEXT}\n{LINE}"


class TestASigner:
    def test_signs_as_the_reference_does(self) -> None:
        signer = Signer.parse(PRIVATE)

        assert signer.sign(TEXT) == NOTE
        assert (signer.private, signer.public) == (PRIVATE, PUBLIC)

    def test_of_a_new_name_can_be_kept_as_text(self) -> None:
        made = notes.generate("lender.example/ledger")

        assert Signer.parse(made.private).public == made.public
        assert notes.read(made.sign(TEXT), [made.public]).signed_by == "lender.example/ledger"

    @pytest.mark.parametrize("name", ["", "two words", "a+b", "a\nb"])
    def test_has_a_name_that_a_note_can_carry(self, name: str) -> None:
        with pytest.raises(BadKey):
            notes.generate(name)

    @pytest.mark.parametrize("text", ["", PUBLIC, PRIVATE[:-1], PRIVATE.replace("c74f", "c74e")])
    def test_is_not_made_from_half_a_key(self, text: str) -> None:
        with pytest.raises(BadKey):
            Signer.parse(text)


class TestANote:
    def test_says_who_signed_what(self) -> None:
        assert notes.read(NOTE, [PUBLIC]) == notes.Note("PeterNeumann", TEXT)

    def test_may_be_signed_by_others_too(self) -> None:
        witness = notes.generate("witness.example")
        both = NOTE + witness.sign(TEXT).rpartition("\n\n")[2]

        for key in (PUBLIC, witness.public):
            assert notes.read(both, [notes.generate("unknown").public, key]).text == TEXT

    def test_with_any_changed_bit_is_refused(self) -> None:
        raw = NOTE.encode()
        for at in range(len(raw) * 8):
            changed = bytearray(raw)
            changed[at // 8] ^= 1 << at % 8
            with pytest.raises(BadNote):
                notes.read(changed.decode(errors="replace"), [PUBLIC])

    @pytest.mark.parametrize("note", ["", TEXT, f"{TEXT}\n", NOTE[:-1], LINE])
    def test_without_a_whole_signature_is_refused(self, note: str) -> None:
        with pytest.raises(BadNote):
            notes.read(note, [PUBLIC])

    def test_is_refused_by_a_key_that_does_not_fit_its_id(self) -> None:
        with pytest.raises(BadKey):
            notes.read(NOTE, [PUBLIC.replace("c74f", "c74e")])
