import { GradswarmError } from '../errors.js';
import type { AnyClientHalf, Halves, PartyId } from '../method.js';
import { decodeState, encodeState } from './state-codec.js';
import { partyName } from './state-digest.js';

/** All that a party carries from one round to the next: plain data, and everything a checkpoint needs of it. */
export interface PartyRecord {
  readonly state: unknown;
  /** Codec memories by (kind, field, stream). */
  readonly memories: Readonly<Record<string, unknown>>;
  /** Simulated clock, milliseconds. */
  readonly clockMs: number;
  /** The coordinator's, in a run with probes: their states, in the scenario's order. */
  readonly probes?: readonly unknown[];
  readonly undelivered: readonly { readonly kind: string; readonly step: number; readonly to: PartyId }[];
}

/** Of a party that keeps its clock and nothing else. */
export function restingRecord(clockMs: number): PartyRecord {
  return { state: null, memories: {}, clockMs, undelivered: [] };
}

/** Is it such a record? */
export function isResting({ state, memories, undelivered, probes }: PartyRecord): boolean {
  return state === null && undelivered.length === 0 && !probes && Object.keys(memories).length === 0;
}

export function encodeRecord(party: PartyId, record: PartyRecord): Uint8Array {
  return encodeState(record, partyName(party));
}

/** Throws ERR_STATE when the bytes are not a record: they may come from another process. */
export function decodeRecord(party: PartyId, bytes: Uint8Array): PartyRecord {
  const record = decodeState(bytes, partyName(party));
  if (isRecord(record)) return record;
  throw new GradswarmError('ERR_STATE', `${partyName(party)}: expected a party's record, got other data`);
}

/** More than such a record takes. */
const MOST_RESTING_BYTES = 64;

/** The clock of an encoded record that holds nothing else, simulated ms; null: another record, or other data. */
export function restingClockMs(bytes: Uint8Array): number | null {
  if (bytes.length > MOST_RESTING_BYTES) return null;
  const record = decodeState(bytes);
  return isRecord(record) && isResting(record) ? record.clockMs : null;
}

function isRecord(value: unknown): value is PartyRecord {
  if (!isPlain(value)) return false;
  const { state, memories, clockMs, probes, undelivered, ...more } = value;
  return (
    'state' in value &&
    isPlain(memories) &&
    typeof clockMs === 'number' &&
    clockMs >= 0 &&
    clockMs < Number.POSITIVE_INFINITY &&
    (probes === undefined || Array.isArray(probes)) &&
    Array.isArray(undelivered) &&
    undelivered.every(isPost) &&
    Object.keys(more).length === 0
  );
}

function isPost(value: unknown): boolean {
  if (!isPlain(value)) return false;
  const { kind, step, to } = value;
  return typeof kind === 'string' && isIndex(step) && (to === 'coordinator' || isIndex(to));
}

const isIndex = (value: unknown): boolean => Number.isInteger(value) && (value as number) >= 0;

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === 'object' && !Array.isArray(value) && !ArrayBuffer.isView(value);
}

/**
 * What of a record the run's digest covers: state, as its half shows it, and codec memories. The clock stays out: time that an
 * abandoned attempt took, or of the real clock, must not make two runs with the same numbers differ.
 */
export function digestedRecord(party: PartyId, bytes: Uint8Array, { client, coordinator }: Halves): Uint8Array {
  const { state, memories } = decodeRecord(party, bytes);
  const half = party === 'coordinator' ? coordinator : client;
  const covered = half?.digested?.(state as object) ?? state;
  return encodeState({ state: renamed(covered, half?.formerNames ?? {}), memories }, partyName(party));
}

/** A record with its state under the half's present names: one from a checkpoint may hold the former. */
export function presentRecord(record: PartyRecord, { formerNames }: Pick<AnyClientHalf, 'formerNames'>): PartyRecord {
  if (!formerNames) return record;
  const presentNames = Object.fromEntries(Object.entries(formerNames).map(([present, former]) => [former, present]));
  return { ...record, state: renamed(record.state, presentNames) };
}

function renamed(state: unknown, names: Readonly<Record<string, string>>): unknown {
  if (Object.keys(names).length === 0) return state;
  if (Array.isArray(state)) return state.map((item) => renamed(item, names));
  if (!isPlain(state)) return state;
  return Object.fromEntries(
    Object.entries(state).map(([name, value]) => [
      Object.hasOwn(names, name) ? names[name] : name,
      renamed(value, names),
    ]),
  );
}
