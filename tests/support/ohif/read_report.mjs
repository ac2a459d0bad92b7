// Read a structured report as the viewer OHIF does, with its own parser; print its annotations.
import fs from "node:fs";

globalThis.window ??= globalThis;
globalThis.document ??= { createElement: () => ({ getContext: () => null, style: {} }) };
console.info = console.log = console.warn = console.debug = () => {};

const { adaptersSR } = await import("@cornerstonejs/adapters");
const { metaData } = await import("@cornerstonejs/core");
const { data } = (await import("dcmjs")).default;

// Pixels of 1 mm from the origin: places in the world are places in the image.
const plane = {
  rowCosines: [1, 0, 0],
  columnCosines: [0, 1, 0],
  imagePositionPatient: [0, 0, 0],
  rowPixelSpacing: 1,
  columnPixelSpacing: 1,
};
const provider = { get: (kind) => (kind === "imagePlaneModule" ? plane : undefined) };
metaData.addProvider((kind) => provider.get(kind), 1000);

const bytes = fs.readFileSync(process.argv[2]);
const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
const report = data.DicomMetaDictionary.naturalizeDataset(
  data.DicomMessage.readFile(buffer).dict,
);
const images = new Proxy({}, { get: (_, uid) => String(uid) });
const found = adaptersSR.Cornerstone3D.MeasurementReport.generateToolState(report, images, provider);
const annotations = Object.entries(found).flatMap(([tool, measurements]) =>
  measurements.map(({ annotation }) => ({
    tool,
    image: annotation.metadata.referencedImageId,
    points: annotation.data.handles.points,
    label: annotation.data.label,
  })),
);
process.stdout.write(JSON.stringify(annotations));
