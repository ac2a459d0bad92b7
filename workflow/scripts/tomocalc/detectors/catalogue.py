"""The detectors that a run can set beside its own chain."""

from __future__ import annotations

from typing import Literal

DetectorName = Literal["faster_rcnn", "retinanet", "unet", "blob_dog", "hdogreg"]
TITLES: dict[str, str] = {
    "faster_rcnn": "Faster R-CNN, slim FPN",
    "retinanet": "RetinaNet, slim FPN",
    "unet": "Heat map, UNet 3+",
    "blob_dog": "blob_dog, tuned",
    "hdogreg": "DoG and Hessian (HDoGReg)",
}
"""As pages call them; the first three learn, the others are tuned."""
LEARN = ("faster_rcnn", "retinanet", "unet")
