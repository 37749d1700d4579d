/** Each by its share of all faults. */
const KINDS = {
  kill: 4,
  power: 1,
  'kill in a write': 2,
  freeze: 3,
  stop: 1,
  cut: 5,
  silence: 2,
  hold: 2,
  part: 2,
  'no control': 2,
  surplus: 1,
  'full disk': 1,
  'another folder': 1,
} as const;

export type FaultKind = keyof typeof KINDS | 'duplicate';

export interface Fault {
  readonly id: number;
  readonly kind: FaultKind;
  readonly atMs: number;
  /** Null: the coordinator. */
  readonly worker: number | null;
  /** How long it lasts. */
  readonly ms: number;
  /** In [0, 1): which connection, how far. */
  readonly share: number;
}

const MOST_FAULTS = 7;

/** Of all histories: in so many a process sends its frames again for a while, beside the other faults. */
const DUPLICATES = 0.4;

/** Faults of the first seconds; the numbers of each are drawn whether it happens or not. */
export function drawnFaults(random: () => number, workers: number): readonly Fault[] {
  const count = 1 + Math.floor(random() * MOST_FAULTS);
  const faults = Array.from({ length: count }, (_, id) => {
    const kind = drawn(random());
    const atMs = 1500 * random();
    const who = random();
    const worker =
      ['kill in a write', 'full disk', 'another folder'].includes(kind) || who < 0.3
        ? null
        : Math.floor(random() * workers);
    const ms = 2200 * random();
    return { id, kind, atMs, worker, ms, share: random() };
  });
  const [happens, who, atMs, ms] = [random(), random(), 1500 * random(), 1000 + 2200 * random()];
  if (happens >= DUPLICATES) return faults;
  const worker = who < 0.3 ? null : Math.floor(random() * workers);
  return [...faults, { id: count, kind: 'duplicate', atMs, worker, ms, share: 0 }];
}

function drawn(at: number): FaultKind {
  const kinds = Object.entries(KINDS);
  let left = at * kinds.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [kind, weight] of kinds) {
    left -= weight;
    if (left < 0) return kind as FaultKind;
  }
  return 'kill';
}
