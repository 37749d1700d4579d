import type { AnyClientHalf, AnyMethod, MessageKind } from '../../protocol/method.js';
import { withClientHalf } from '../../scenarios/check/parts/changed-halves.js';

type Payload = Readonly<Record<string, unknown>>;
interface Delivery {
  readonly to: unknown;
  readonly payload: Payload;
  readonly stream?: string | number;
}

/** Changes what one client posts in one round: frames that are in order, with content that no honest half would send. */
export interface Lie {
  readonly name: string;
  /** Whether a kind has what the lie is about. */
  applies(kind: MessageKind): boolean;
  payload?(payload: Payload, kind: MessageKind): Payload;
  deliveries?(deliveries: readonly Delivery[]): readonly Delivery[];
}

type Numbers = Float64Array | Float32Array | Int32Array | Uint32Array | Uint8Array;

/** The same type with another length: cut, or filled up with its first numbers. */
function resized(array: Numbers, length: number): Numbers {
  const result = new (array.constructor as new (length: number) => Numbers)(length);
  for (let i = 0; i < length; i++) result[i] = array.length > 0 ? array[i % array.length]! : 1;
  return result;
}

type FieldType = 'vectors' | 'integers' | 'bytes' | 'scalars';

const fieldsOf = (kind: MessageKind, type: FieldType): readonly string[] => kind[type] ?? [];
const arraysOf = (kind: MessageKind): readonly string[] => [
  ...fieldsOf(kind, 'vectors'),
  ...fieldsOf(kind, 'integers'),
  ...fieldsOf(kind, 'bytes'),
];

function changed(payload: Payload, fields: readonly string[], change: (value: never) => unknown): Payload {
  return { ...payload, ...Object.fromEntries(fields.map((field) => [field, change(payload[field] as never)])) };
}

function lengths(name: string, of: (length: number) => number): Lie {
  return {
    name: `lengths: ${name}`,
    applies: (kind) => arraysOf(kind).length > 0,
    payload: (payload, kind) => changed(payload, arraysOf(kind), (value: Numbers) => resized(value, of(value.length))),
  };
}

function numbers(field: FieldType, name: string, value: number): Lie {
  return {
    name: `${field}: ${name}`,
    applies: (kind) => fieldsOf(kind, field).length > 0,
    payload: (payload, kind) =>
      changed(payload, fieldsOf(kind, field), (old: Numbers | number) =>
        typeof old === 'number' ? value : resized(old, old.length).fill(value as never),
      ),
  };
}

export const LIES: readonly Lie[] = [
  lengths('none', () => 0),
  lengths('one', () => 1),
  lengths('one less', (length) => Math.max(0, length - 1)),
  lengths('one more', (length) => length + 1),
  lengths('twice', (length) => 2 * length),
  lengths('a thousand more', (length) => length + 1000),
  ...[0, -1, 0.5, 3, 1e9, -(2 ** 31), 2 ** 53, 1e308, -1e308, 5e-324, Number.NaN].map((value) =>
    numbers('scalars', String(value), value),
  ),
  ...[0, -1, 7, 2 ** 31 - 1, -(2 ** 31)].map((value) => numbers('integers', String(value), value)),
  ...[0, 1, 255].map((value) => numbers('bytes', String(value), value)),
  ...[0, 1, -1, 1e30, 1e308, -1e308, Number.NaN, Number.POSITIVE_INFINITY].map((value) =>
    numbers('vectors', String(value), value),
  ),
  { name: 'messages: none', applies: () => true, deliveries: () => [] },
  { name: 'messages: twice', applies: () => true, deliveries: (all) => [...all, ...all] },
  {
    name: 'messages: a hundred times',
    applies: () => true,
    deliveries: (all) => Array.from({ length: 100 }, () => all).flat(),
  },
  { name: 'messages: backwards', applies: () => true, deliveries: (all) => [...all].reverse() },
];

/** The method, with client `liar` lying in every message of `kind`. `lied()`: how often it did. */
export function withLie(
  method: AnyMethod,
  lie: Lie,
  kind: string,
  liar: number,
): { readonly method: AnyMethod; readonly lied: () => number } {
  let count = 0;
  const declared = (method.messages as Readonly<Record<string, MessageKind>>)[kind]!;
  const falsified = (deliveries: readonly Delivery[]): readonly Delivery[] => {
    count++;
    const each = deliveries.map((one) => ({ ...one, payload: lie.payload?.(one.payload, declared) ?? one.payload }));
    return lie.deliveries?.(each) ?? each;
  };
  const lying = withClientHalf(method, (half: AnyClientHalf) => ({
    ...half,
    round(state, at) {
      if (at.self !== liar) return half.round(state, at);
      // biome-ignore lint/suspicious/noExplicitAny: a proxy in front of any method's round.
      const own: Record<string, (...args: any[]) => unknown> = {
        post(name: string, to: unknown, payload: Payload) {
          if (name !== kind) return at.post(name, to as never, payload as never);
          const receivers = Array.isArray(to) ? to : [to];
          at.postEach(name, falsified(receivers.map((one) => ({ to: one, payload, stream: 'post' }))) as never);
          return payload;
        },
        postEach(name: string, deliveries: readonly Delivery[]) {
          if (name !== kind) return at.postEach(name, deliveries as never);
          at.postEach(name, falsified(deliveries) as never);
          return deliveries.map(({ payload }) => payload);
        },
      };
      const seen = new Proxy(at, {
        get(target, key) {
          if (typeof key === 'string' && Object.hasOwn(own, key)) return own[key];
          const value = Reflect.get(target, key, target);
          return typeof value === 'function' ? value.bind(target) : value;
        },
      });
      return half.round(state, seen as never);
    },
  }));
  return { method: lying, lied: () => count };
}
