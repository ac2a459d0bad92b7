"""A sealed test part: what was frozen, and every time that it was looked at."""

from tomocalc.accounts.base import Account, Record


class FrozenPart(Account, frozen=True, kw_only=True):
    """What a test part holds: counts, and digests that tell whether it is still the same.

    Attributes
    ----------
    cases, positives, patients
        Rows of a table, or volumes, and those of them with a finding; patients where they are
        known.
    digests
        SHA-256 by what it is of: ``patients``, ``volumes``, ``findings``, or columns of a table.
    """

    cases: int
    positives: int
    patients: int
    digests: dict[str, str]


class Opening(Record, frozen=True, kw_only=True):
    """One look at the labels of a sealed test part.

    Attributes
    ----------
    by
        Who looked: ``evaluation``, ``comparison``, or a word of the user's.
    key
        Digest of the scores, and thresholds, that were measured: equal ones are one opening.
    chain
        Digest of this opening and of everything before it.
    """

    by: str
    key: str
    chain: str


class Seal(Account, frozen=True, kw_only=True):
    """A seal: the file that lies beside a study and is never deleted.

    Attributes
    ----------
    test_part
        What was frozen, before anybody looked.
    openings
        Every look since, the first one first.
    """

    test_part: FrozenPart
    openings: tuple[Opening, ...] = ()


class Opened(Record, frozen=True, kw_only=True):
    """Which look at a sealed test part a result comes from.

    Attributes
    ----------
    seal
        First digits of the digest of what was frozen.
    number, total
        Of this opening, and how many there were when it was made, by the same *by*.
    """

    seal: str
    cases: int
    patients: int
    by: str
    number: int
    total: int
