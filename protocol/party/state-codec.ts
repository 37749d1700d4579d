import { GradswarmError } from '../errors.js';
import type { PartyId } from '../method.js';
import { StateReader, StateWriter } from './state-bytes.js';

/**
 * A party's state as bytes, and back with equal bits. A state is plain data: numbers, strings, booleans, null, typed arrays
 * of every kind, arrays, and records of them.
 *
 * - The same state always gives the same bytes: keys are written in ascending order of UTF-16 units, integers in the
 *   shortest form. `decodeState` accepts nothing but what `encodeState` writes.
 * - Numbers keep their bits (also -0); a NaN outside a typed array becomes the one canonical NaN.
 * - A record's member that is `undefined` is left out, so `{ a: undefined }` and `{}` are the same state.
 * - A typed array costs one copy of its bytes, little-endian. A view is written as the numbers it shows; a subclass (Node's
 *   Buffer) as its base. An object that occurs twice is written twice.
 * - Refused with ERR_STATE, naming the path: undefined elsewhere, bigint, symbols, functions, class instances, Map, Set,
 *   ArrayBuffer, cycles, arrays with holes or named members, unpaired surrogates, more than 64 levels.
 *
 * Layout: one tag byte, then null, false, true: nothing; integer: zigzag varint; number: 8 bytes; string: varint byte
 * length, UTF-8; array: varint count, items; record: varint count, then key (as string, without tag) and value; typed
 * array: varint count, bytes.
 */

const TAG = { null: 0, false: 1, true: 2, integer: 3, number: 4, string: 5, array: 6, record: 7 } as const;
/** Tag of the first typed array; the others follow in the order of TYPED_ARRAYS, which is part of the format. */
const FIRST_TYPED_ARRAY_TAG = 16;
const MAX_DEPTH = 64;
/** zigzag of an integer below 2^51 stays exact in float64 arithmetic. */
const MAX_INTEGER = 2 ** 51;

const TYPED_ARRAYS = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
] as const;
type TypedArray = InstanceType<(typeof TYPED_ARRAYS)[number]>;

const TAG_OF_TYPED_ARRAY = new Map<string, number>(
  TYPED_ARRAYS.map(({ name }, index) => [name, FIRST_TYPED_ARRAY_TAG + index]),
);

/** Where in a state the walk is: the keys from the top, made into text only when something is refused. */
type Trail = (string | number)[];

function pathText(name: string, trail: Trail): string {
  return name + trail.map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`)).join('');
}

/** The state's bytes: a new array. Throws ERR_STATE with the path of what is not plain data; `name` starts that path. */
export function encodeState(state: unknown, name = 'state'): Uint8Array {
  const encoding = new Encoding(name);
  encoding.write(state);
  return encoding.writer.finish();
}

class Encoding {
  readonly writer = new StateWriter();
  private readonly name: string;
  private readonly trail: Trail = [];
  private readonly ancestors: object[] = [];

  constructor(name: string) {
    this.name = name;
  }

  write(value: unknown): void {
    if (typeof value === 'number') {
      this.writeNumber(value);
    } else if (typeof value === 'string') {
      this.writer.tag(TAG.string);
      this.writeString(value);
    } else if (typeof value === 'boolean') {
      this.writer.tag(value ? TAG.true : TAG.false);
    } else if (value === null) {
      this.writer.tag(TAG.null);
    } else if (typeof value === 'object') {
      if (ArrayBuffer.isView(value)) this.writeTypedArray(value);
      else this.writeContainer(value);
    } else {
      this.refuse(value === undefined ? 'undefined' : `a ${typeof value}`);
    }
  }

  private refuse(came: string): never {
    throw new GradswarmError(
      'ERR_STATE',
      `${pathText(this.name, this.trail)}: expected plain data (numbers, strings, booleans, null, typed arrays, arrays, records), got ${came}; keep such values out of a method's state`,
    );
  }

  private writeNumber(value: number): void {
    if (isShortInteger(value)) {
      this.writer.tag(TAG.integer);
      this.writer.varint(value < 0 ? -2 * value - 1 : 2 * value);
    } else {
      this.writer.tag(TAG.number);
      this.writer.float64(value);
    }
  }

  private writeString(value: string): void {
    if (this.writer.asciiText(value)) return;
    // UTF-8 has no form for half of a surrogate pair: it would be decoded as another character.
    if (/\p{Surrogate}/u.test(value)) this.refuse('a string with an unpaired surrogate');
    this.writer.text(value);
  }

  private writeTypedArray(value: ArrayBufferView): void {
    const name = (value as Partial<TypedArray>)[Symbol.toStringTag] ?? 'DataView';
    const tag = TAG_OF_TYPED_ARRAY.get(name);
    if (tag === undefined) this.refuse(`a ${name}`);
    const array = value as TypedArray;
    this.writer.tag(tag);
    this.writer.varint(array.length);
    this.writer.elements(array);
  }

  private writeContainer(value: object): void {
    if (this.ancestors.includes(value)) this.refuse('an object that contains itself');
    if (this.ancestors.length >= MAX_DEPTH) this.refuse(`more than ${MAX_DEPTH} levels`);
    const prototype = Object.getPrototypeOf(value);
    this.ancestors.push(value);
    if (Array.isArray(value) && prototype === Array.prototype) this.writeArray(value);
    else if (prototype === Object.prototype || prototype === null) this.writeRecord(value);
    else this.refuse(`an instance of ${prototype.constructor?.name || 'a class'}`);
    this.ancestors.pop();
  }

  private writeArray(value: unknown[]): void {
    // Holes would be decoded as values, and named members (an inbox has `absent`) lost.
    if (Object.keys(value).length !== value.length) this.refuse('an array with holes or named members');
    this.writer.tag(TAG.array);
    this.writer.varint(value.length);
    for (let i = 0; i < value.length; i++) {
      this.trail.push(i);
      this.write(value[i]);
      this.trail.pop();
    }
  }

  private writeRecord(value: object): void {
    if (Object.getOwnPropertySymbols(value).length > 0) this.refuse('a record with a symbol as key');
    const record = value as Record<string, unknown>;
    const keys = Object.keys(record).filter((key) => record[key] !== undefined);
    keys.sort();
    this.writer.tag(TAG.record);
    this.writer.varint(keys.length);
    for (const key of keys) {
      if (key === '__proto__') this.refuse('a record with the key __proto__');
      this.writeString(key);
      this.trail.push(key);
      this.write(record[key]);
      this.trail.pop();
    }
  }
}

function isShortInteger(value: number): boolean {
  return Number.isInteger(value) && Math.abs(value) < MAX_INTEGER && !Object.is(value, -0);
}

/**
 * The state that `encodeState` wrote. The bytes may come from anywhere: nothing is allocated that they do not hold. Throws
 * ERR_STATE with the byte where they stop being a state; `name` names the party.
 */
export function decodeState(bytes: Uint8Array, name = 'state'): unknown {
  const reader = new StateReader(bytes, name);
  const state = read(reader, 0);
  reader.end();
  return state;
}

function read(reader: StateReader, depth: number): unknown {
  const tag = reader.tag();
  switch (tag) {
    case TAG.null:
      return null;
    case TAG.false:
      return false;
    case TAG.true:
      return true;
    case TAG.integer:
      return readInteger(reader);
    case TAG.number:
      return readNumber(reader);
    case TAG.string:
      return reader.text();
    case TAG.array:
      return readArray(reader, depth);
    case TAG.record:
      return readRecord(reader, depth);
    default:
      return readTypedArray(reader, tag);
  }
}

function readInteger(reader: StateReader): number {
  const zigzag = reader.varint();
  const value = zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
  if (Math.abs(value) >= MAX_INTEGER) reader.fail(`an integer below 2^51 in magnitude, got ${value}`);
  return value;
}

function readNumber(reader: StateReader): number {
  const value = reader.float64();
  if (isShortInteger(value)) reader.fail(`the integer ${value} in its short form`);
  return value;
}

function readArray(reader: StateReader, depth: number): unknown[] {
  if (depth >= MAX_DEPTH) reader.fail(`at most ${MAX_DEPTH} levels`);
  const count = reader.count(1);
  const items: unknown[] = [];
  for (let i = 0; i < count; i++) items.push(read(reader, depth + 1));
  return items;
}

function readRecord(reader: StateReader, depth: number): Record<string, unknown> {
  if (depth >= MAX_DEPTH) reader.fail(`at most ${MAX_DEPTH} levels`);
  const count = reader.count(2);
  const record: Record<string, unknown> = {};
  let previous: string | undefined;
  for (let i = 0; i < count; i++) {
    const key = reader.text();
    if (previous !== undefined && key <= previous) reader.fail('keys in ascending order, each once');
    if (key === '__proto__') reader.fail('no key __proto__');
    record[key] = read(reader, depth + 1);
    previous = key;
  }
  return record;
}

function readTypedArray(reader: StateReader, tag: number): TypedArray {
  const TypedArrayKind = TYPED_ARRAYS[tag - FIRST_TYPED_ARRAY_TAG];
  if (TypedArrayKind === undefined) reader.fail(`a known tag, got ${tag}`);
  const count = reader.count(TypedArrayKind.BYTES_PER_ELEMENT);
  const array = new TypedArrayKind(count);
  reader.elements(array);
  return array;
}

/** Throws ERR_NOT_FINITE, naming the party and the path, when a number anywhere in the state is NaN or infinite. */
export function assertFinite(state: unknown, party: PartyId): void {
  checkFinite(state, [], party);
}

function checkFinite(value: unknown, trail: Trail, party: PartyId): void {
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) notFinite(value, trail, party);
  } else if (value instanceof Float32Array || value instanceof Float64Array) {
    const index = firstNotFinite(value);
    if (index >= 0) notFinite(value[index]!, [...trail, index], party);
  } else if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) checkMember(value[i], i, trail, party);
  } else if (value !== null && typeof value === 'object' && !ArrayBuffer.isView(value)) {
    for (const key of Object.keys(value)) checkMember((value as Record<string, unknown>)[key], key, trail, party);
  }
}

function checkMember(value: unknown, key: string | number, trail: Trail, party: PartyId): void {
  trail.push(key);
  checkFinite(value, trail, party);
  trail.pop();
}

function firstNotFinite(numbers: Float32Array | Float64Array): number {
  for (let i = 0; i < numbers.length; i++) {
    // x - x is 0 for every finite x and NaN for the others.
    if (numbers[i]! - numbers[i]! !== 0) return i;
  }
  return -1;
}

function notFinite(value: number, trail: Trail, party: PartyId): never {
  const who = party === 'coordinator' ? 'coordinator' : `client ${party}`;
  throw new GradswarmError(
    'ERR_NOT_FINITE',
    `${who}, ${pathText('state', trail)}: expected a finite number, got ${value}; the run diverged: lower the step size or clip`,
  );
}
