"""What NIfTI, NRRD and MetaImage files claim, read from their headers before any library does.

A text header could name any file of the machine as its data: only a file beside it is taken.
"""

import math
import re
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

from tomocalc.errors import fault
from tomocalc.readers.geometry import alike, two_affines
from tomocalc.readers.plane import damaged, left_over, unsupported
from tomocalc.readers.sniff import Kind

MAX_BYTES = 1 << 32
"""Decoded size of a file, all of which is in memory while its slices are read."""
MAX_RATIO = 1040
"""Deflate cannot make data smaller than 1/1032."""
HEADER_BYTES = 1 << 16
MAX_LINES = 1000
"""Lines of text before the data of an NRRD."""
BYTE = 8
NIFTI_FLOATS = {16, 64}
NOT_NUMBERS = "its values are neither integers nor floats"
NIFTI_BITS = {2: 8, 4: 16, 8: 32, 16: 32, 64: 64, 256: 8, 512: 16, 768: 32, 1024: 64, 1280: 64}
NRRD_END = re.compile(rb"\r?\n\r?\n")
META_END = re.compile(rb"(?m)^ElementDataFile *= *([^\r\n]*)\r?\n?")
TYPE_BITS = (
    (r"u?int8(_t)?|(un)?signed char|u?char", 8),
    (r"u?int16(_t)?|u?short( int)?|(un)?signed short( int)?", 16),
    (r"u?int32(_t)?|u?int|(un)?signed int|float", 32),
    (r"u?int64(_t)?|u?longlong|u?long( long)?|((un)?signed )?long long( int)?|double", 64),
)
"""Names of types in NRRD, and those of MetaImage without MET_."""


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What a header says before any library has looked at it."""

    sizes: tuple[int, ...]
    bits: int
    packed: bool
    """The data are compressed."""
    data: Path
    """File that holds them."""
    offset: int
    """Where they, or what they are packed in, start in it."""
    skipped: int = 0
    """How much of what is unpacked comes before them."""
    alone: bool = False
    """Nothing says where in a file of their own they start."""
    floats: str | None = None
    """Type of floats in which nothing tells NaN once the library has read them."""
    stored: int | None = None
    """Size of compressed data, where the library must be told it."""
    contradiction: bool = False
    """The header gives two geometries."""
    steps: tuple[float, ...] = ()
    """Distances of samples along the first axes, as told; NaN is how a format says unknown."""

    @property
    def one_slice(self) -> int:
        """Size of what varies along the first two axes."""
        return math.prod(self.sizes[:2]) * self.bits // 8

    @property
    def bytes(self) -> int:
        """Size of the unpacked data."""
        return math.prod(self.sizes) * self.bits // 8


def check_claim(claim: Claim, where: str) -> None:
    """Refuse, before any library reads it, what is larger than memory or than its file."""
    if not all(0 < size < 1 << 31 for size in claim.sizes) or not claim.sizes:
        raise damaged(where, "its header holds impossible sizes")
    for step in claim.steps:
        if not (math.isnan(step) or 0 < step < math.inf):
            fix = "correct it, or delete it and give spacing in the sheet"
            raise unsupported(where, f"its header gives a spacing of {step:g}", fix)
    needed = claim.bytes
    sizes = " × ".join(map(str, claim.sizes))
    if needed > MAX_BYTES:
        why = f"{sizes} values take {needed >> 20} MB, more than {MAX_BYTES >> 20}"
        raise fault("image_exceeds_memory", where, why)
    if not claim.data.is_file():
        raise damaged(where, "the file with its data is missing")
    stored = claim.data.stat().st_size - claim.offset
    if needed > stored * (MAX_RATIO if claim.packed else 1):
        raise damaged(where, f"{sizes} values take {needed} bytes, and {stored} are stored")
    if not claim.packed and stored >= needed + (1 if claim.alone else claim.one_slice):
        raise left_over(where, needed, stored)
    if claim.stored is not None and claim.stored > stored:
        raise damaged(where, f"{claim.stored} bytes are to be there, and {stored} are stored")
    if claim.stored is not None and claim.stored != stored:
        raise unsupported(
            where,
            f"its CompressedDataSize is {claim.stored}, and {stored} bytes are stored",
            "save it again with SimpleITK or ITK, which need that number",
        )


def read_claim(path: Path, kind: Kind) -> Claim:
    """Read sizes and types from a header."""
    with path.open("rb") as handle:
        head = handle.read(HEADER_BYTES)
    if kind is Kind.NIFTI:
        return _nifti_claim(path, head)
    last = NRRD_END if kind is Kind.NRRD else META_END
    end = last.search(head)
    text = head[: end.start() if end else len(head)].decode("latin-1").replace("\r\n", "\n")
    offset = end.end() if end else len(head)
    if kind is Kind.NRRD:
        return _nrrd_claim(path, text, offset)
    return _meta_claim(path, text, end[1].decode("latin-1") if end else "", offset)


def _nifti_claim(path: Path, head: bytes) -> Claim:
    packed = head[:2] == b"\x1f\x8b"
    if packed:
        head = zlib.decompressobj(wbits=31).decompress(head, 1024)
    second = struct.unpack_from("<i", head)[0] in (540, 0x1C020000)
    little = head[:4] in (b"\x5c\x01\0\0", b"\x1c\x02\0\0")
    order = "<" if little else ">"
    if second:
        count, *sizes = struct.unpack_from(f"{order}8q", head, 16)
        (code,) = struct.unpack_from(f"{order}h", head, 12)
        single = head[4:6] == b"n+"
    else:
        count, *sizes = struct.unpack_from(f"{order}8h", head, 40)
        (code,) = struct.unpack_from(f"{order}h", head, 70)
        single = head[344:346] == b"n+"
    steps = struct.unpack_from(f"{order}3{'d' if second else 'f'}", head, 112 if second else 80)
    where = str(path)
    if not 1 <= count <= 7:
        raise damaged(where, "its header holds impossible sizes")
    if code not in NIFTI_BITS:
        raise unsupported(where, NOT_NUMBERS, "save it as grey")
    (offset,) = struct.unpack_from(
        f"{order}q" if second else f"{order}f", head, 168 if second else 108
    )
    if not (540 if second else 348) * single <= offset < MAX_BYTES:
        raise damaged(where, "its data start nowhere, or in its header (vox_offset)")
    if packed and path.suffix.lower() != ".gz":
        why = "it is packed by gzip, which its name does not say"
        raise unsupported(where, why, "rename it to end with .nii.gz")
    return Claim(
        sizes=tuple(sizes[:count]),
        bits=NIFTI_BITS[code],
        packed=packed,
        data=path if single else path.with_suffix(".img"),
        offset=0 if packed else int(offset),
        skipped=int(offset) if packed else 0,
        floats=f"{order}f{NIFTI_BITS[code] // 8}" if code in NIFTI_FLOATS else None,
        contradiction=two_affines(head, order, second=second),
        steps=tuple(step or math.nan for step in steps[:count]),
    )


def _nrrd_claim(path: Path, text: str, offset: int) -> Claim:
    fields = dict(re.findall(r"(?m)^([a-z ]+): *(.*?) *$", text.lower()))
    files = re.search(r"(?mi)^data ?file: *(.*?) *$", text)
    bits = _bits_of(fields.get("type", ""), path)
    sizes = tuple(int(size) for size in fields.get("sizes", "").split())
    encoding = fields.get("encoding", "raw")
    if encoding not in ("raw", "gzip", "gz"):
        raise unsupported(str(path), f"its data are encoded as {encoding[:8]}", "save it as gzip")
    if bits > BYTE and "endian" not in fields:
        fix = "add `endian: little` to its header, or `endian: big`, as its writer stores numbers"
        raise unsupported(str(path), "its header does not say the order of bytes", fix)
    packed = encoding != "raw"
    data = _beside(path, files[1]) if files else path
    offset = 0 if files else offset
    lines, skipped = (
        int(fields.get(f"{unit} skip") or fields.get(f"{unit}skip") or 0)
        for unit in ("line", "byte")
    )
    if lines > 0 and data.is_file():
        with data.open("rb") as handle:
            handle.seek(offset)
            offset += sum(len(handle.readline(HEADER_BYTES)) for _ in range(min(lines, MAX_LINES)))
    if not packed:
        offset = (
            _from_end(data, math.prod(sizes) * bits // 8, offset)
            if skipped == -1
            else offset + skipped
        )
    return Claim(
        sizes=sizes,
        bits=bits,
        packed=packed,
        data=data,
        offset=offset,
        skipped=max(skipped, 0) if packed else 0,
        alone=bool(files) and not (lines or skipped),
        steps=tuple(float(step) for step in fields.get("spacings", "").split()),
    )


def _bits_of(kind: str, path: Path) -> int:
    for names, bits in TYPE_BITS:
        if re.fullmatch(names, kind):
            return bits
    raise unsupported(str(path), NOT_NUMBERS, "save it as grey")


def _from_end(data: Path, size: int, least: int) -> int:
    """Return where the last *size* bytes of a file begin, from *least* on."""
    return max(least, data.stat().st_size - size) if data.is_file() else least


def _meta_claim(path: Path, text: str, data: str, offset: int) -> Claim:
    fields = dict(re.findall(r"(?m)^\s*(\w+)\s*=\s*(.*?)\s*$", text))
    kind = fields.get("ElementType", "").removeprefix("MET_").replace("_", " ").lower()
    bits = _bits_of(kind, path) * int(fields.get("ElementNumberOfChannels", "1"))
    plain = {name.lower(): value.lower() for name, value in fields.items()}
    if plain.get("binarydata", "true") in ("false", "0"):
        raise unsupported(str(path), "its data are text", "save it with binary data")
    factor = float(plain.get("elementtointensityfunctionslope", "1"))
    if factor != 1:
        why = f"its values are to be multiplied by {factor:g}, which SimpleITK does not do"
        raise unsupported(str(path), why, "apply ElementToIntensityFunction and save it again")
    told = plain.get("elementspacing") or plain.get("elementsize") or ""
    if "nan" in told:
        raise damaged(str(path), "a spacing in its header is no number")
    local = data.upper() in ("LOCAL", "")
    packed = plain.get("compresseddata", "false") in ("true", "1")
    sizes = tuple(int(size) for size in fields.get("DimSize", "").split())
    first = int(plain.get("headersize", "0"))
    if local and first > 0:
        why = (
            f"it gives HeaderSize {first} beside data of its own, which SimpleITK takes for a place"
        )
        raise unsupported(str(path), why, "delete HeaderSize, or save it again")
    file = path if local else _beside(path, data)
    if first == -1 and not packed:
        offset = _from_end(file, math.prod(sizes) * bits // 8, offset if local else 0)
    elif not local:
        offset = first
    return Claim(
        sizes=sizes,
        bits=bits,
        packed=packed,
        data=file,
        offset=offset,
        alone=not local and first == 0,
        stored=int(plain.get("compresseddatasize", "0")) if packed else None,
        contradiction=not alike(plain.get("elementspacing"), plain.get("elementsize")),
        steps=tuple(float(step) for step in told.split()),
    )


def _beside(path: Path, name: str) -> Path:
    """Return the data file of a header: a bare name in the header's own folder."""
    name = name.removeprefix("./")
    if not re.fullmatch(r"[^/\\%\s][^/\\%]*", name) or name.upper().startswith("LIST"):
        raise unsupported(
            str(path),
            "its data lie in several files or in another folder",
            "save header and data in one file (.nrrd, .mha)",
        )
    return path.parent / name


def type_of(text: str, where: str) -> str:
    """Return NumPy's name of a pixel type that SimpleITK tells as text."""
    match = re.fullmatch(r"(\d+)-bit (unsigned integer|signed integer|float)", text)
    if match is None:
        why = "it is a list of values per pixel" if "vector" in text else NOT_NUMBERS
        raise unsupported(where, why, "save it as grey, with three axes")
    kind = {"unsigned integer": "uint", "signed integer": "int", "float": "float"}[match[2]]
    return f"{kind}{match[1]}"
