/** Msgpack in which every number is a float64, as writers do that know no integers. Texts below 64 KB, lists and maps below 65,536. */
export function floatPacked(value: unknown): Uint8Array<ArrayBuffer> {
  const out: number[] = [];
  write(value, out);
  return Uint8Array.from(out);
}

function write(value: unknown, out: number[]): void {
  const short = (n: number): void => void out.push(n >> 8, n & 255);
  if (value === null) out.push(0xc0);
  else if (typeof value === 'boolean') out.push(value ? 0xc3 : 0xc2);
  else if (typeof value === 'number') {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setFloat64(0, value);
    out.push(0xcb, ...bytes);
  } else if (typeof value === 'string') {
    const bytes = Buffer.from(value);
    out.push(0xda);
    short(bytes.length);
    out.push(...bytes);
  } else if (Array.isArray(value)) {
    out.push(0xdc);
    short(value.length);
    for (const item of value) write(item, out);
  } else {
    const entries = Object.entries(value as object);
    out.push(0xde);
    short(entries.length);
    for (const [key, inner] of entries) {
      write(key, out);
      write(inner, out);
    }
  }
}
