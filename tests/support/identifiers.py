"""DICOM headers that name a patient wherever they can."""

from pathlib import Path

import pydicom
from pydicom._dicom_dict import DicomDictionary
from pydicom.datadict import keyword_for_tag
from pydicom.dataset import Dataset
from pydicom.tag import Tag
from pydicom.uid import UID

from tomocalc.files import stable_number

CANARY = "PHI-CANARY"
DAY, TIME, IDENTIFIER = "19660606", "060606.666666", "1.2.826.0.1.3680043.8.498.666.666"
TEXT = {"LO", "SH", "PN", "LT", "ST", "UC", "UT", "AE"}
VALUES = {"DA": DAY, "TM": TIME, "DT": DAY + TIME, "UI": IDENTIFIER}
KEPT = {"SOPClassUID", "DimensionOrganizationUID", "FrameOfReferenceUID"}


def identify(path: Path, target: Path) -> None:
    """Write a volume whose header names a patient wherever a header can."""
    image = pydicom.dcmread(path)
    for tag, (kind, _, _, retired, _) in DicomDictionary.items():
        word = keyword_for_tag(tag)
        if not word or retired or Tag(tag).group in (0x0000, 0x0002, 0x0004) or word in KEPT:
            continue
        if kind in TEXT:
            image.add_new(tag, kind, CANARY if kind != "AE" else CANARY[:16])
        elif kind in VALUES and "UIDs" not in word:
            image.add_new(tag, kind, VALUES[kind])
    # One study per volume, or the sheet's patients would seem to be one.
    image.StudyInstanceUID = UID(f"{IDENTIFIER}.{stable_number(path.name) % 10**9}")
    block = image.private_block(0x0099, CANARY, create=True)
    block.add_new(1, "LO", CANARY)
    block.add_new(2, "UN", CANARY.encode() + b" ")
    image.add_new((0x6000, 0x4000), "LT", CANARY)  # overlay comments
    image.preamble = CANARY.encode().ljust(128, b"\0")
    image.file_meta.SourceApplicationEntityTitle = CANARY
    image.file_meta.PrivateInformationCreatorUID = UID(IDENTIFIER)
    image.file_meta.PrivateInformation = CANARY.encode() + b" "
    for item in image.get("PerFrameFunctionalGroupsSequence", []):
        comment = Dataset()
        comment.FrameComments = CANARY
        item.FrameContentSequence = [*item.get("FrameContentSequence", []), comment][:1]
        item.add_new((0x0020, 0x9158), "LT", CANARY)
    image.save_as(target)
