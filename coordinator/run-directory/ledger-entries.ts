import type { z as types } from 'zod';
import { GradswarmError } from '../../protocol/errors.js';
import { type LedgerEntry, ledgerEntryShape } from '../../protocol/privacy/accounting/ledger-entry.js';
import { zod } from './zod.js';

const made = (z: typeof types) => z.array(ledgerEntryShape(z));
let shape: ReturnType<typeof made> | undefined;

/** Short names that an entry may use, as the literature and the command line do. */
const SHORT_NAMES = { q: 'sampling', z: 'noiseMultiplier', steps: 'count' } as const;

/**
 * With full names, and a call of its own: entries of a file without their place in a run are different
 * releases, however equal they look.
 */
function completed(entry: unknown, index: number): unknown {
  if (entry === null || typeof entry !== 'object' || Array.isArray(entry)) return entry;
  const named: Record<string, unknown> = { call: index, ...entry };
  for (const [short, full] of Object.entries(SHORT_NAMES)) {
    if (named[short] === undefined || full in named) continue;
    named[full] = named[short];
    delete named[short];
  }
  return named;
}

/**
 * Entries from unknown data (a file, a checkpoint); all but the noise multiplier have defaults, and q, z and steps may stand
 * for sampling, noiseMultiplier and count. ERR_PRIVACY names the place of what is wrong.
 */
export function parseLedgerEntries(from: unknown): readonly LedgerEntry[] {
  const parsed = (shape ??= made(zod())).safeParse(Array.isArray(from) ? from.map(completed) : from);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new GradswarmError(
    'ERR_PRIVACY',
    `ledger${issue!.path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('')}: ${issue!.message}`,
  );
}
