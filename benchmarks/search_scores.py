"""How well searches rank the places of spots above all else: recall at so many other objects."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from measuring import head, row
from numpy.typing import NDArray

AT = (1, 5, 10, 20, 50, 100)
NOWHERE = np.zeros((0, 4))
Places = NDArray[np.float64]  # (place, [row, column, radius along rows, radius along columns])


@dataclass
class Scores:
    """What one method says of all images.

    Attributes
    ----------
    found
        Best score of every place, −∞ where nothing is found.
    others
        Scores of the objects that are none, of images in which they count.
    images
        How many those are.
    seconds
        Of the processor, per image.
    """

    found: list[float] = field(default_factory=list)
    others: list[float] = field(default_factory=list)
    images: int = 0
    seconds: list[float] = field(default_factory=list)

    def add(
        self,
        at: NDArray[np.float64],
        score: NDArray[np.float64],
        *,
        places: Places,
        ignored: Places,
        whole: bool,
        slack: float,
    ) -> None:
        """Count objects at *at* (object, [row, column]) of an image."""
        inside = within(at, places, slack)  # (object, place)
        best = np.where(inside, score[:, None], -np.inf).max(axis=0, initial=-np.inf)
        self.found += best.tolist()
        if whole:
            none = ~inside.any(axis=1) & ~within(at, ignored, slack).any(axis=1)
            self.others += score[none].tolist()
            self.images += 1

    def among(self, chosen: NDArray[np.bool_]) -> Scores:
        """Return the same of some places alone; at the others nothing counts."""
        return replace(self, found=np.asarray(self.found)[chosen].tolist())

    def recall(self, others: float) -> float:
        """Return the share of places found at so many other objects per image."""
        ranked = np.sort(self.others)[::-1]
        allowed = int(others * self.images)
        limit = ranked[allowed] if allowed < len(ranked) else -np.inf
        return float(np.mean(np.asarray(self.found) > limit))

    def needed(self, recall: float) -> float:
        """Return how many other objects per image that recall costs; infinite if out of reach."""
        wanted = int(np.ceil(recall * len(self.found) - 1e-9))
        limit = np.sort(self.found)[::-1][max(wanted - 1, 0)]
        return float((np.asarray(self.others) >= limit).sum() / self.images)


def within(at: NDArray[np.float64], places: Places, slack: float) -> NDArray[np.bool_]:
    """Say which objects lie in which ellipses, widened by *slack* pixels: (object, place)."""
    away = at[:, None] - places[None, :, :2]
    return np.square(away / (places[None, :, 2:] + slack)).sum(axis=2) <= 1


def show(what: str, accounts: dict[str, Scores]) -> None:
    first = next(iter(accounts.values()))
    print(f"\n{len(first.found)} {what}; others count in {first.images} images\n")
    names = [f"at {n}" for n in AT]
    print(head(what, *names, "others for the recall of local at 50", "CPU s"))
    wanted = accounts["local"].recall(50)
    for name, scores in accounts.items():
        shares = [f"{scores.recall(n):.2f}" for n in AT]
        cost = f"{np.mean(scores.seconds):.2f}"
        print(row(name, *shares, f"{scores.needed(wanted):.1f}", cost), flush=True)
