import fc from 'fast-check';

/** Valid bytes and values, changed a little: what a decoder reads far into before it notices. */

/** Numbers at which readers of lengths, counts and indices go wrong. */
const EDGES = [
  0,
  1,
  2,
  7,
  8,
  15,
  16,
  31,
  32,
  127,
  128,
  129,
  255,
  256,
  1023,
  1024,
  65535,
  65536,
  1 << 20,
  1 << 24,
  2 ** 30,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 32 - 2,
] as const;
const DOUBLES = [Number.NaN, Infinity, -Infinity, -0, -1, 5e-324, 1e308, -1e308, 2 ** 53, 1e25] as const;

interface Change {
  readonly how: number;
  /** Where, and how far, in parts of 2^32 of the bytes. */
  readonly at: number;
  readonly far: number;
  readonly value: number;
}

const change: fc.Arbitrary<Change> = fc.record({
  how: fc.nat(11),
  at: fc.nat(0xffffffff),
  far: fc.nat(0xffffffff),
  value: fc.nat(0xffff),
});

function patched(bytes: Uint8Array, at: number, write: (view: DataView) => void, size: number): Uint8Array {
  if (at + size > bytes.length) return bytes;
  const result = bytes.slice();
  write(new DataView(result.buffer, at, size));
  return result;
}

function spliced(bytes: Uint8Array, at: number, removed: number, added: Uint8Array): Uint8Array {
  const result = new Uint8Array(bytes.length - removed + added.length);
  result.set(bytes.subarray(0, at));
  result.set(added, at);
  result.set(bytes.subarray(at + removed), at + added.length);
  return result;
}

/** `other`: what a piece is taken from. */
function changed(bytes: Uint8Array, { how, at: where, far, value }: Change, other: Uint8Array): Uint8Array {
  const at = Math.floor((where / 2 ** 32) * (bytes.length + 1));
  const span = Math.floor((far / 2 ** 32) * (bytes.length - at));
  const short = Math.min(span, far % 9);
  const edge = EDGES[value % EDGES.length]!;
  const double = DOUBLES[value % DOUBLES.length]!;
  const little = (value & 0x100) === 0;
  switch (how) {
    case 0:
      return patched(bytes, at, (view) => view.setUint8(0, view.getUint8(0) ^ (1 << (value & 7))), 1);
    case 1:
      return patched(bytes, at, (view) => view.setUint8(0, value), 1);
    case 2:
      return patched(bytes, at & ~3, (view) => view.setUint32(0, edge, little), 4);
    case 3:
      return patched(bytes, at, (view) => view.setUint32(0, edge, little), 4);
    case 4:
      return patched(bytes, at & ~7, (view) => view.setFloat64(0, double, little), 8);
    case 5:
      return patched(bytes, at & ~3, (view) => view.setFloat32(0, double, little), 4);
    case 6:
      return spliced(bytes, at, short, new Uint8Array(0));
    case 7:
      return bytes.slice(0, at);
    case 8:
      return spliced(bytes, at, 0, new Uint8Array(value & 15).fill(value >> 8));
    case 9:
      return spliced(bytes, at, 0, bytes.subarray(at, at + span));
    case 10: {
      const from = Math.floor((far / 2 ** 32) * (other.length + 1));
      return spliced(bytes, at, short, other.subarray(from, from + (value & 63)));
    }
    default:
      // The same few bytes many times over: nesting.
      return spliced(bytes, at, 0, new Uint8Array(64 + (value & 1023)).fill(bytes[at] ?? value));
  }
}

/** One of the valid inputs with up to six changes. Shrinks to fewer of them. */
export function mutatedBytes(corpus: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  const index = fc.nat(corpus.length - 1);
  return fc
    .tuple(index, index, fc.array(change, { maxLength: 6 }))
    .map(([first, second, changes]) =>
      changes.reduce<Uint8Array>((bytes, each) => changed(bytes, each, corpus[second]!), corpus[first]!.slice()),
    );
}

/** What stands in a message where something else is expected. A function, so that nothing changes it for the next one. */
const ODD_VALUES: readonly (() => unknown)[] = [
  () => null,
  () => undefined,
  () => true,
  () => -1,
  () => 0.5,
  () => Number.NaN,
  () => Infinity,
  () => 2 ** 53,
  () => 2 ** 31,
  () => 4294967295,
  () => '',
  () => 'coordinator',
  () => '__proto__',
  () => 'x'.repeat(70_000),
  () => '\u0000',
  () => [],
  () => ({}),
  () => [[[[[[[[]]]]]]]],
  () => new Uint8Array(3),
  () => JSON.parse('{"__proto__":{"polluted":1}}') as unknown,
  () => ({ constructor: { prototype: { polluted: 1 } } }),
  () => ({ toString: 1, length: 1e9 }),
  () => Array.from({ length: 300 }, (_, i) => i),
  () => nested(40),
];

function nested(levels: number): unknown {
  return levels === 0 ? 1 : [nested(levels - 1)];
}

type Container = Record<string | number, unknown>;

/** Every place in a value: its container and key. */
function placesOf(value: unknown, found: [Container, string | number][] = []): [Container, string | number][] {
  if (value === null || typeof value !== 'object' || ArrayBuffer.isView(value)) return found;
  const keys = Array.isArray(value) ? value.map((_, i) => i) : Object.keys(value);
  for (const key of keys) {
    found.push([value as Container, key]);
    placesOf((value as Container)[key], found);
  }
  return found;
}

const edit = fc.record({ how: fc.nat(4), at: fc.nat(0xffffffff), odd: fc.nat(ODD_VALUES.length - 1) });

function edited(root: { value: unknown }, { how, at, odd }: { how: number; at: number; odd: number }): void {
  const places = placesOf(root);
  if (places.length === 0) return;
  const [container, key] = places[at % places.length]!;
  const strange = ODD_VALUES[odd]!();
  if (how <= 1) container[key] = strange;
  else if (how === 2) {
    if (Array.isArray(container)) container.splice(Number(key), 1);
    else delete container[key];
  } else if (how === 3) {
    if (Array.isArray(container)) container.push(...(container.length < 5000 ? container : []));
    else
      Object.defineProperty(container, at % 2 ? '__proto__' : 'more', {
        value: strange,
        enumerable: true,
        configurable: true,
        writable: true,
      });
  } else {
    const [other, otherKey] = places[(at >>> 7) % places.length]!;
    container[key] = structuredClone(other[otherKey]);
  }
}

/** One of the valid values with up to four of its members replaced, removed, doubled or moved. */
export function mutatedValue(corpus: readonly unknown[]): fc.Arbitrary<unknown> {
  return fc.tuple(fc.nat(corpus.length - 1), fc.array(edit, { maxLength: 4 })).map(([index, edits]) => {
    const root = { value: structuredClone(corpus[index]) };
    for (const each of edits) edited(root, each);
    return root.value;
  });
}
