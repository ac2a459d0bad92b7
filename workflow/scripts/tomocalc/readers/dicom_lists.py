"""What may be read of a DICOM file, as lists: objects, transfer syntaxes, words, attributes."""

SOP_CLASSES = {
    "1.2.840.10008.5.1.4.1.1.13.1.3": "Breast Tomosynthesis",
    "1.2.840.10008.5.1.4.1.1.13.1.4": "Breast Projection for presentation",
    "1.2.840.10008.5.1.4.1.1.13.1.5": "Breast Projection for processing",
    "1.2.840.10008.5.1.4.1.1.2": "CT",
    "1.2.840.10008.5.1.4.1.1.2.1": "Enhanced CT",
    "1.2.840.10008.5.1.4.1.1.7": "Secondary Capture",
    "1.2.840.10008.5.1.4.1.1.7.2": "Multi-frame Grayscale Byte Secondary Capture",
    "1.2.840.10008.5.1.4.1.1.7.3": "Multi-frame Grayscale Word Secondary Capture",
    "1.2.840.10008.5.1.4.1.1.7.4": "Multi-frame True Color Secondary Capture",
    "1.2.840.10008.5.1.4.1.1.1.1": "Digital X-Ray for presentation",
    "1.2.840.10008.5.1.4.1.1.1.1.1": "Digital X-Ray for processing",
    "1.2.840.10008.5.1.4.1.1.1.2": "Digital Mammography for presentation",
    "1.2.840.10008.5.1.4.1.1.1.2.1": "Digital Mammography for processing",
}
"""Objects that are read; tomosynthesis is also stored as CT or Secondary Capture."""
PROJECTIONS = {f"1.2.840.10008.5.1.4.1.1.13.1.{number}" for number in (4, 5)}
FOR_PROCESSING = {f"1.2.840.10008.5.1.4.1.1.1.{number}.1" for number in (1, 2)}
MAMMOGRAPHY = "1.2.840.10008.5.1.4.1.1.1.2"

TRANSFER_SYNTAXES = {
    "1.2.840.10008.1.2": "implicit little endian",
    "1.2.840.10008.1.2.1": "explicit little endian",
    "1.2.840.10008.1.2.2": "explicit big endian",
    "1.2.840.10008.1.2.4.50": "JPEG baseline",
    "1.2.840.10008.1.2.4.51": "JPEG extended",
    "1.2.840.10008.1.2.4.57": "JPEG lossless",
    "1.2.840.10008.1.2.4.70": "JPEG lossless SV1",
    "1.2.840.10008.1.2.4.80": "JPEG-LS lossless",
    "1.2.840.10008.1.2.4.81": "JPEG-LS near-lossless",
    "1.2.840.10008.1.2.4.90": "JPEG 2000 lossless",
    "1.2.840.10008.1.2.4.91": "JPEG 2000",
    "1.2.840.10008.1.2.5": "RLE",
}

IMPLICIT, EXPLICIT = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1"
BIG_ENDIAN = "1.2.840.10008.1.2.2"
RLE = "1.2.840.10008.1.2.5"
DEFLATED = "1.2.840.10008.1.2.1.99"
UNCOMPRESSED = {IMPLICIT, EXPLICIT, BIG_ENDIAN}
LOSSY = {f"1.2.840.10008.1.2.4.{number}" for number in (50, 51, 81, 91)}

PHOTOMETRIC = {
    "MONOCHROME1",
    "MONOCHROME2",
    "RGB",
    "YBR_FULL",
    "YBR_FULL_422",
    "YBR_RCT",
    "YBR_ICT",
}
MAKERS = {
    "HOLOGIC": "Hologic",
    "LORAD": "Hologic",
    "GE": "GE",
    "SIEMENS": "Siemens",
    "FUJIFILM": "Fujifilm",
    "FUJI": "Fujifilm",
    "IMS": "IMS Giotto",
    "GIOTTO": "IMS Giotto",
    "PLANMED": "Planmed",
    "PHILIPS": "Philips",
    "SECTRA": "Philips",
    "METALTRONICA": "Metaltronica",
    "TOMOCALC": "in silico",
}
"""Words of Manufacturer, dots left out, and the maker that each means."""
OTHER_MAKER = "other"
VIEWS = {"CC", "MLO", "ML", "LM", "LMO", "XCC", "XCCL", "XCCM", "FB", "SIO", "ISO", "CV", "AT"}
VIEW_CODES = {
    "R-10242": "CC",
    "399162004": "CC",
    "R-10226": "MLO",
    "399368009": "MLO",
    "R-10224": "ML",
    "399260004": "ML",
    "R-10228": "LM",
    "399352003": "LM",
}
"""SNOMED codes of the usual views, old style and new."""

ALLOWED = (
    "SOPClassUID",
    "SOPInstanceUID",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "ImageType",
    "PresentationIntentType",
    "Manufacturer",
    "ConcatenationUID",
    "InConcatenationNumber",
    "InConcatenationTotalNumber",
    "ConcatenationFrameOffsetNumber",
    "InstanceNumber",
    "SliceLocation",
    "ImageLaterality",
    "Laterality",
    "ViewPosition",
    "ViewCodeSequence",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "PlanarConfiguration",
    "NumberOfFrames",
    "Rows",
    "Columns",
    "PixelSpacing",
    "ImagerPixelSpacing",
    "PixelAspectRatio",
    "EstimatedRadiographicMagnificationFactor",
    "SpacingBetweenSlices",
    "SliceThickness",
    "TomoAngle",
    "XRay3DAcquisitionSequence",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
    "RescaleSlope",
    "RescaleIntercept",
    "ModalityLUTSequence",
    "PixelPaddingValue",
    "PixelPaddingRangeLimit",
    "FloatPixelPaddingValue",
    "FloatPixelPaddingRangeLimit",
    "DoubleFloatPixelPaddingValue",
    "DoubleFloatPixelPaddingRangeLimit",
    "BurnedInAnnotation",
    "Modality",
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
)

OVERLAY_BIT_POSITIONS = tuple(range(0x60000102, 0x60200102, 0x20000))
"""Above zero where a plane of drawings hides in the unused high bits of the pixels."""

OTHER_MODALITIES = {"CT", "MR", "NM", "PT", "US", "XA"}
"""Of images that no breast's side belongs to; of CT, tomosynthesis names one all the same."""

LOCALIZERS = ("LOCALIZER", "SCOUT", "TOPOGRAM")
SLABS = ("MAXIMUM", "MINIMUM", "MEAN", "MEDIAN", "AVERAGE", "MIP", "MINIP", "MAX_IP", "MIN_IP")
SYNTHETIC = (
    "CVIEW",
    "SVIEW",
    "VPREVIEW",
    "SYNTHETIC",
    "SYNTHESIZED",
    "GENERATED2D",
    "SMARTMAPPING",
)
"""Words of Image Type; blanks, hyphens and underlines do not matter."""
