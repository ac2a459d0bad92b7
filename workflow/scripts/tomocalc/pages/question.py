"""The question of a run in its own words, put into a finished page.

Pages are written for candidates of which some are calcifications. Where something else is asked,
a table's lesions or the clusters of a breast, both nouns are exchanged here, once for every page.
"""

import re
from collections.abc import Mapping
from typing import Any

CALCIFICATIONS = {"row": "candidate", "positive": "calcification"}
"""The words that pages are written in."""
TABLE = {"row": "row", "positive": "positive row"}
TABLE_CLUSTERS = {"row": "cluster", "positive": "positive cluster"}
CLUSTERS = {"row": "cluster", "positive": "malignant cluster"}
LESIONS = {"row": "lesion", "positive": "malignant lesion"}
MARKUP = re.compile(
    r"(<!--as-is-->.*?<!--/as-is-->|<style.*?</style>|<code.*?</code>"
    r"|<script(?! type=\"application/json\").*?</script>|<[^>]*>)",
    re.DOTALL,
)
"""What is no text: tags, styles, code, scripts other than data; and what stays as it is."""
NOUN = re.compile(
    r"(?:(?<![\w./])|(?<=\\u003e))(?:(?P<article>an?) )?"
    r"(?P<noun>(?:micro)?calcification|candidate)(?P<many>s?)\b"
    r"(?![_=]|\.\w| classification in digital)",  # the program's own title stays
    re.IGNORECASE,
)


def words_of(config: Mapping[str, Any]) -> dict[str, str]:
    """Return what pages call a row and one of the positive class."""
    by_target = {"calcification": (CALCIFICATIONS, TABLE), "malignancy": (CLUSTERS, LESIONS)}
    known = by_target[config["target"]][config["source"] == "table"]
    if config["source"] == "table" and config["table"]["cluster"]:
        known = CLUSTERS if config["target"] == "malignancy" else TABLE_CLUSTERS
    return {name: config["words"][name] or word for name, word in known.items()}


def words_of_model(*, clusters: bool) -> dict[str, str]:
    """Return what pages call what a released model scores."""
    return CLUSTERS if clusters else CALCIFICATIONS


def reworded(text: str, words: Mapping[str, str] | None) -> str:
    """Return a page, or plain text, in the words of its question.

    Parameters
    ----------
    words
        ``row`` and ``positive``, in the singular; None: as it is written.

    >>> words = {"row": "lesion", "positive": "abnormal lesion"}
    >>> reworded('<p id="candidate">A candidate, no calcifications</p>', words)
    '<p id="candidate">A lesion, no abnormal lesions</p>'
    """
    if words is None or words == CALCIFICATIONS:
        return text

    def exchanged(found: re.Match[str]) -> str:
        kind = "row" if found["noun"].lower() == "candidate" else "positive"
        word = _plural(words[kind]) if found["many"] else words[kind]
        if found["noun"][0].isupper():
            word = word[0].upper() + word[1:]
        if not found["article"]:
            return word
        article = "an" if words[kind][0].lower() in "aeiou" else "a"
        return f"{article.capitalize() if found['article'][0] == 'A' else article} {word}"

    parts = MARKUP.split(text)  # text and mark-up take turns
    return "".join(
        part if place % 2 else NOUN.sub(exchanged, part) for place, part in enumerate(parts)
    )


def _plural(noun: str) -> str:
    if re.search(r"(s|x|z|ch|sh)$", noun):
        return f"{noun}es"
    return f"{noun[:-1]}ies" if re.search(r"[^aeiou]y$", noun) else f"{noun}s"
