import { Packr } from 'msgpackr';

const packr = new Packr({ useRecords: false, variableMapSize: true });

export const packed = (value: unknown): Uint8Array<ArrayBuffer> => Uint8Array.from(packr.pack(value));

/** Throws for what is not msgpack. */
export const unpacked = (bytes: Uint8Array): unknown => packr.unpack(bytes);
