import { convertIndexedToRgb, decode as decodePng } from 'fast-png';
import { decode as decodeJpeg } from 'jpeg-js';
import { GradswarmError } from '../../../protocol/errors.js';

/** An image as numbers in [0, 1], [height, width, channels] in C order. */
export interface Pixels {
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
  readonly values: Float32Array;
}

export const IMAGE_FILE = /\.(png|jpe?g)$/i;

/** Of the samples of an image and the numbers made of them: a file of a few kilobytes may hold any number of pixels. */
const MOST_BYTES = 750e6;

const PNG_BEGINS = Uint8Array.of(0x89, 0x50, 0x4e, 0x47);
const JPEG_BEGINS = Uint8Array.of(0xff, 0xd8, 0xff);

const beginsWith = (bytes: Uint8Array, beginning: Uint8Array) => beginning.every((byte, i) => bytes[i] === byte);

/**
 * A PNG of any depth or a JPEG, by what it begins with: names are often wrong. Transparency is left out, and pixels stay as they are
 * stored: a camera's note on how to turn them is not followed. `channels` 1: luminance (ITU-R BT.601). Throws ERR_DATA_FORMAT, also
 * where its samples and numbers need more than 750 MB (50 million pixels of 8 bits in three channels).
 */
export function decodeImage(bytes: Uint8Array, path: string, channels: 1 | 3): Pixels {
  try {
    const { width, height, data, given, largest } = samplesOf(bytes, channels);
    const values = new Float32Array(height * width * channels);
    for (let i = 0; i < height * width; i++) {
      const at = (c: number) => data[i * given + (given < 3 ? 0 : c)]! / largest;
      if (channels === 3) for (let c = 0; c < 3; c++) values[3 * i + c] = at(c);
      else values[i] = given < 3 ? at(0) : 0.299 * at(0) + 0.587 * at(1) + 0.114 * at(2);
    }
    return { height, width, channels, values };
  } catch (cause) {
    throw new GradswarmError('ERR_DATA_FORMAT', `${path}: expected a PNG or JPEG image: ${(cause as Error).message}`, {
      cause,
    });
  }
}

/** Samples interleaved, `given` a pixel. */
interface Samples {
  readonly width: number;
  readonly height: number;
  readonly data: ArrayLike<number>;
  readonly given: number;
  readonly largest: number;
}

function samplesOf(bytes: Uint8Array, channels: number): Samples {
  if (bytes.length === 0) throw new Error('it is empty');
  const isPng = beginsWith(bytes, PNG_BEGINS);
  if (!isPng && !beginsWith(bytes, JPEG_BEGINS)) throw new Error('it begins as neither');
  requireFewBytes(isPng ? headOfPng(bytes) : headOfJpeg(bytes), channels);
  return isPng ? fromPng(bytes) : fromJpeg(bytes);
}

/** What a file states before its pixels. */
interface Head {
  readonly width: number;
  readonly height: number;
  /** Bytes of the samples of one pixel, unpacked. */
  readonly sampleBytes: number;
}

/** `head`: null where the file ends before it states it, which its decoder says better. */
function requireFewBytes(head: Head | null, channels: number): void {
  if (!head) return;
  const { width, height, sampleBytes } = head;
  const bytes = width * height * (sampleBytes + channels * Float32Array.BYTES_PER_ELEMENT);
  if (bytes <= MOST_BYTES) return;
  throw new Error(
    `it has ${width} x ${height} pixels, which need ${Math.round(bytes / 1e6)} MB, more than ${MOST_BYTES / 1e6}`,
  );
}

/** Samples of a pixel by the kind of PNG: grey, colours, a palette's index and its colour, grey or colours with transparency. */
const SAMPLES_OF_PNG: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 5, 4: 2, 6: 4 };

/** It stands in the first chunk. */
function headOfPng(bytes: Uint8Array): Head | null {
  if (bytes.length < 26) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const [depth, kind] = [bytes[24]!, bytes[25]!];
  const sampleBytes = Math.max(1, depth / 8) * (SAMPLES_OF_PNG[kind] ?? 4);
  return { width: view.getUint32(16), height: view.getUint32(20), sampleBytes };
}

/** It stands in the segment that begins the frame, after any number of others, each with its length. */
function headOfJpeg(bytes: Uint8Array): Head | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 2; at + 9 <= bytes.length; at += 2 + view.getUint16(at + 2)) {
    const marker = view.getUint16(at);
    // Of these sixteen, three begin tables.
    if (marker >= 0xffc0 && marker <= 0xffcf && ![0xffc4, 0xffc8, 0xffcc].includes(marker))
      return { width: view.getUint16(at + 7), height: view.getUint16(at + 5), sampleBytes: 4 };
  }
  return null;
}

/** Checksums are looked at: damaged bytes may well decode, to other pixels. */
function fromPng(bytes: Uint8Array): Samples {
  const image = decodePng(bytes, { checkCrc: true });
  const { width, height, depth, channels, palette } = image;
  if (palette) {
    const given = palette[0]?.length ?? 3;
    return { width, height, data: convertIndexedToRgb(image), given, largest: 255 };
  }
  return { width, height, data: unpacked(image), given: channels, largest: 2 ** depth - 1 };
}

/** Grey values of fewer than 8 bits stand several in a byte; each row begins with a byte of its own. */
function unpacked({ width, height, depth, data }: ReturnType<typeof decodePng>): ArrayLike<number> {
  if (depth >= 8) return data;
  const rowBytes = Math.ceil((width * depth) / 8);
  return Uint8Array.from({ length: width * height }, (_, i) => {
    const bit = (i % width) * depth;
    const byte = data[Math.floor(i / width) * rowBytes + (bit >> 3)]!;
    return (byte >> (8 - depth - (bit & 7))) & (2 ** depth - 1);
  });
}

function fromJpeg(bytes: Uint8Array): Samples {
  const { width, height, data } = decodeJpeg(bytes, { useTArray: true });
  return { width, height, data, given: 4, largest: 255 };
}

/** The image with other sides: each pixel is the mean over the area that it covers. */
export function resized({ height, width, channels, values }: Pixels, rows: number, columns: number): Pixels {
  const down = areaMeans(values, height, width * channels, rows, 1, 1);
  const across = areaMeans(down, width, channels, columns, rows, rows);
  return { height: rows, width: columns, channels, values: across };
}

/** Along one axis: `outer` blocks of `length` entries of `inner` numbers become blocks of `wanted` entries. */
function areaMeans(
  values: Float32Array,
  length: number,
  inner: number,
  wanted: number,
  outer: number,
  blocks: number,
): Float32Array {
  const result = new Float32Array(outer * wanted * inner);
  const step = length / wanted;
  for (let block = 0; block < blocks; block++)
    for (let to = 0; to < wanted; to++) {
      const [from, end] = [to * step, (to + 1) * step];
      for (let entry = Math.floor(from); entry < Math.min(length, Math.ceil(end)); entry++) {
        const share = (Math.min(end, entry + 1) - Math.max(from, entry)) / step;
        for (let k = 0; k < inner; k++)
          result[(block * wanted + to) * inner + k]! += share * values[(block * length + entry) * inner + k]!;
      }
    }
  return result;
}
