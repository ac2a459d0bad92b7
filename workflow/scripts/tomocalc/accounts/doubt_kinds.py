"""What each doubt about a volume means in words, and what to do about it."""

from __future__ import annotations

from tomocalc.accounts.base import Kind

KINDS: dict[str, Kind] = {
    "side_differs": Kind(
        "the image shows another side than the sheet says",
        "the image shows the other side than the sheet says, and it is read as stored",
        "look at the picture; correct laterality in the sheet, or set image.side_mismatch to "
        "repair where the images are stored turned by 180°",
    ),
    "side_unclear": Kind(
        "header and sheet differ in the side, and the image shows none",
        "the header names the other side than the sheet, which is used; the image shows neither",
        "look at the picture; correct laterality in the sheet if it is a slip of the pen",
    ),
    "side_turned": Kind(
        "the image was turned to the side that the sheet says",
        "the image showed the other side than the sheet says: both axes are reversed",
        "see in the picture that the annotations lie right in the turned image",
        settled=True,
    ),
    "detector_spacing": Kind(
        "the spacing is that of the detector",
        "the spacing is the detector's (ImagerPixelSpacing): lengths are those of the shadow, "
        "larger than in the breast",
        "divide areas by the square of the magnification, or store PixelSpacing in the images",
    ),
    "pixel_spacing_differs": Kind(
        "header and sheet differ in pixel spacing",
        "pixel spacing is {header:g} mm in the header, which is used, and {sheet:g} mm in the "
        "sheet",
        "correct pixel_spacing_mm in the sheet or leave it empty; mend the header if it is wrong",
    ),
    "slice_spacing_differs": Kind(
        "header and sheet differ in slice spacing",
        "slice spacing is {header:g} mm in the header, which is used, and {sheet:g} mm in the "
        "sheet",
        "correct slice_spacing_mm in the sheet or leave it empty; mend the header if it is wrong",
    ),
    "file_spacing_differs": Kind(
        "resolution of the file and sheet differ in spacing",
        "the file says {file:g} mm by its resolution, and the sheet {sheet:g} mm, which is used",
        "see which is right; many programs write a resolution without knowing it",
    ),
    "imager_spacing_differs": Kind(
        "PixelSpacing and ImagerPixelSpacing do not fit",
        "PixelSpacing, {pixel:g} mm, is used; no magnification makes ImagerPixelSpacing {imager:g}",
        "measure an object of known size in the picture; correct the header",
    ),
    "positions_differ": Kind(
        "positions and SpacingBetweenSlices differ",
        "slices are {positions:g} mm apart by their positions, which are used, and {header:g} mm "
        "by SpacingBetweenSlices",
        "export the volume again; see that no slices are missing",
    ),
    "slices_apart": Kind(
        "slices are thinner than their distance",
        "slices are {step:g} mm apart and {thickness:g} mm thick: tissue between them is in none",
        "see that no slices are missing; calcifications between them are not seen",
    ),
    "header_contradicts": Kind(
        "the header contradicts itself",
        "the header describes {described:g} frames and {stored:g} are stored: spacing is the "
        "sheet's, slices are in stored order",
        "export the volume again; until then check that its slices are in order",
    ),
    "angle_differs": Kind(
        "the tube's angle is not what the slices show",
        "half the tube's angle is taken as {used:g} degrees, and the slices show {shown:g}",
        "correct the angle of the header, which goes first, or insertion.half_angle_deg",
    ),
    "geometry_misfit": Kind(
        "the slices do not look like filtered back-projections",
        "neighbouring slices are alike in another way than at any tube angle (misfit {misfit:g})",
        "see in the pictures whether what is put in looks right above and below its focus",
    ),
    "magnified": Kind(
        "the spacing is the detector's, divided by the magnification",
        "the spacing is the detector's, divided by the magnification of {factor:g} that the header "
        "estimates (EstimatedRadiographicMagnificationFactor)",
        "check it on an object of known size where lengths matter",
        settled=True,
    ),
    "spacings_differ": Kind(
        "slices differ in pixel spacing",
        "the header gives slices different pixel spacings, and that of the sheet is used for all",
        "see that pixel_spacing_mm in the sheet is right for the slices that matter",
        settled=True,
    ),
    "frames_reordered": Kind(
        "frames are stored in another order than they lie",
        "frames are stored in another order than their positions: slices here follow the "
        "positions, and the annotation sheet names frames as they are stored",
        "look at the marks slice by slice if another program shows the frames as stored",
        settled=True,
    ),
    "axes_turned": Kind(
        "the file stores its axes in another order or direction",
        "the file stores its axes in another order or direction than the patient's: pictures show "
        "columns to the left, rows to the back and slices to the head (LPS)",
        "count x, y and slice of annotations in that picture; masks of such files follow by "
        "themselves",
        settled=True,
    ),
    "affine_contradicts": Kind(
        "the file gives two geometries",
        "the header gives two geometries that differ (sform, qform and pixel sizes of NIfTI; "
        "ElementSpacing and ElementSize of MetaImage), and SimpleITK's choice is used",
        "see in the picture that side and spacing are right; write the file again with one",
    ),
    "order_reversed": Kind(
        "positions and numbers order the slices oppositely",
        "positions run against the Instance Numbers, and slices follow the positions",
        "see that the annotated slices are counted in the order of positions; a viewer may show "
        "the numbers' order",
    ),
    "order_differs": Kind(
        "positions and numbers order the slices differently",
        "positions, or SliceLocation, and Instance Numbers order the slices differently",
        "look at the picture: do neighbouring slices look alike? Export the volume again if not",
    ),
    "names_vary": Kind(
        "file names vary in several places",
        "the slices follow number {used:g} of their file names, and {others:g} other parts of the "
        "names vary too",
        "see that the files are one view of one breast; name them by a pattern if they are not",
    ),
    "numbers_skip": Kind(
        "numbers of slices skip some",
        "the numbers of the slices, in file names or InstanceNumber, skip some: slices may be "
        "missing",
        "copy the missing slices from the source; the annotation sheet counts those that are there",
    ),
    "numbers_repeat": Kind(
        "slices share numbers",
        "several slices have the same Instance Number: two volumes may lie in one place",
        "see that the images are one reconstruction; name its slices by a pattern if they are not",
    ),
    "slices_repeat": Kind(
        "slices are copies of others",
        "slices hold the very same pixels as another slice of the volume",
        "copy the volume again from its source: a slice may be missing",
    ),
    "neighbours_unlike": Kind(
        "neighbouring slices are not the most alike ones",
        "neighbouring slices are {times:.2g} times as far from each other as the most alike ones: "
        "their order may be wrong, or two volumes interleave",
        "look through the pictures in order: what jumps? Mend numbers or positions at the source",
    ),
    "depth_unlikely": Kind(
        "no breast is that thick",
        "the slices lie {mm:.3g} mm deep in all, {step:.3g} mm apart, as in no compressed breast",
        "see that the slice spacing is in mm and right",
    ),
    "more_than_rows": Kind(
        "more slices than rows or columns",
        "the volume has {slices:g} slices, and these have a side of {side:g} pixels: another axis "
        "of the file may be the depth",
        "look at the picture: is it a slice of the breast? Store slices along the third axis",
    ),
    "names_without_numbers": Kind(
        "file names hold no numbers",
        "the file names hold no numbers: slices are in the order of the alphabet",
        "look at the picture: do neighbouring slices look alike? Number the files if not",
    ),
    "one_position": Kind(
        "all frames have one position",
        "the header gives every frame the same position: slices are in stored order",
        "look at the picture: do neighbouring slices look alike?",
    ),
    "left_out": Kind(
        "images beside the slices are left out",
        "not all images in the volume's place are slices of it by their headers: projections, "
        "synthetic or two-dimensional images, slabs and localisers are left out, {count:g} in all",
        "the log of extract_features lists them; take them away, or name the slices by a pattern",
    ),
    "slab": Kind(
        "the volume is made of slabs",
        "its images are slabs of several slices by their headers",
        "give the thin slices if there are any: calcifications are fainter in slabs",
    ),
    "synthetic_2d": Kind(
        "a synthetic two-dimensional image",
        "by its header it is a synthetic two-dimensional image, not a slice",
        "give the reconstructed slices if there are any",
    ),
    "bits_exceeded": Kind(
        "values exceed the bits of the header",
        "values take {needed:g} bits and the header says {stored:g}: all are kept",
        "look at the picture; export the volume again if it looks wrong",
    ),
    "bytes_swapped": Kind(
        "the bytes of values look exchanged",
        "values are noise as they are stored, and smooth with their two bytes exchanged",
        "correct the byte order that the header says, or convert the file again",
    ),
    "bright_outside": Kind(
        "the outside is brighter than the breast",
        "{share:.0%} of the image around the breast is one bright tone, which no header calls "
        "padding: it is taken for air",
        "look at the picture: are calcifications bright? If they are dark, correct the photometric "
        "interpretation in the source, or invert the images",
    ),
    "framed": Kind(
        "a frame is drawn around the slices",
        "a frame of one tone is drawn around the slices, {width:g} pixels wide: the values beside "
        "it are taken instead",
        "give the slices without the frame if there are any: what lies below it is not seen",
    ),
    "coloured": Kind(
        "slices of colours",
        "slices hold colours, on up to {share:.1%} of their pixels: their luma is used",
        "look at the picture: text and marks are seen as bright spots, and three slices stored as "
        "red, green and blue, or false colours, must be saved as grey slices",
    ),
    "no_class": Kind(
        "the file does not say what object it is",
        "the header has no SOP Class UID: it is read as an image of the breast",
        "export the volume again, or see in the picture that it is what it should be",
    ),
    "gap": Kind(
        "slices are missing or too many",
        "slices lie unevenly, with a step of up to {mm:.3g} mm: some are missing, or belong to "
        "another volume",
        "copy the missing slices from the source; calcifications there are not seen",
    ),
    "burned_in": Kind(
        "text is burned into the pixels",
        "the header says that text is burned into the pixels, which may show a name",
        "blank the text in the source before pictures are shown to others",
    ),
    "quarantined": Kind(
        "slices could not be read",
        "slices could not be read and are left out",
        "qc/quarantine.tsv says why and how to mend each",
    ),
    "constant": Kind(
        "slices without any contrast",
        "slices hold a single grey value, so nothing can be found on them",
        "look at the source: was the export cut short?",
    ),
    "capped": Kind(
        "more objects than are kept",
        "slices hold more objects than candidates.max_per_slice: the faintest are left out",
        "look at the picture for noise or text; raise the limit if the objects are genuine",
    ),
    "two_regions": Kind(
        "two regions as large as a breast",
        "of two bright regions, one {share:.0%} as large as the other, only the larger is searched",
        "look at the picture: cut an image of both breasts apart, or take away what is no breast",
    ),
    "straight_line": Kind(
        "a straight line runs through the breast",
        "a straight line along rows or columns runs through the breast, or cuts it: of the "
        "detector, a frame, padding or collimation",
        "look at the picture: marks beside it may be its own, and calcifications may be missed; "
        "take out slices with a faulty line, and padding",
    ),
    "clipped": Kind(
        "values are cut off at the top",
        "the brightest value of the breast fills areas, as where a display window was saved",
        "save the slices in their full range: calcifications at the top lose their contrast",
    ),
    "blank_area": Kind(
        "an area of one exact value in the breast",
        "an area of one exact value lies in the breast, as where text was blanked, values were cut "
        "off, or metal shows",
        "look at the picture: nothing can be found there; where text was blanked, take the slices "
        "without that text from the source",
    ),
    "slice_unlike": Kind(
        "slices unlike their neighbours",
        "slices are far from both neighbours: projections, inverted, cut short, or out of place; "
        "or they are the mean or the largest of all others",
        "look at the picture of these slices; take out or mend those that are none of the volume",
    ),
    "no_air": Kind(
        "hardly any air is seen",
        "nearly all of the slices is taken for breast: air is not told from tissue",
        "look at the picture: where air is seen, make it the darkest of all in the source",
    ),
    "no_candidate": Kind(
        "not a single candidate",
        "nothing was found in the volume, not a single candidate",
        "look at the picture: is the breast seen, is the background dark, is the spacing right?",
    ),
    "same_pixels": Kind(
        "the same images as another patient's",
        "the very same was found in {others:g} other volumes, which the sheet gives to another "
        "patient",
        "one breast under two ids can stand on both sides of a split: give both one patient_id, "
        "or take the copy out",
    ),
    "many_studies": Kind(
        "a patient with many studies",
        "its patient has {studies:g} studies by the headers",
        "see that the id is one woman's and no stand-in such as 0000 for many",
    ),
    "study_shared": Kind(
        "an examination with several patients",
        "its study has volumes of {patients:g} patients",
        "give the volumes of one woman one patient_id",
    ),
}
"""Every code: its meaning and what to do; the guide shows this table."""
