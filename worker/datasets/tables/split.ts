import type { Rng } from '../../../protocol/method.js';
import { wrong } from './table.js';

/** Seeded split without replacement; both parts keep the order of the file. Throws ERR_DATA_FORMAT where one would be empty. */
export function splitRows(
  table: { readonly path: string; readonly rowCount: number },
  testShare: number,
  rng: Rng,
): { readonly train: Uint32Array; readonly test: Uint32Array } {
  const count = table.rowCount;
  if (count < 2) throw wrong(table.path, `expected at least 2 rows, some to train and some to test, got ${count}`);
  const testCount = Math.floor(testShare * count + 0.5);
  if (testCount === 0 || testCount === count)
    throw wrong(
      table.path,
      `testShare: expected a share that leaves rows to train and to test, got ${testShare} of ${count} rows, which is ${testCount} to test; with ${count} rows it lies between ${rounded(0.5 / count)} and ${rounded(1 - 0.5 / count)}`,
    );
  const order = rng.permutation(count);
  return { test: order.slice(0, testCount).sort(), train: order.slice(testCount).sort() };
}

const rounded = (share: number): string => String(Number(share.toPrecision(2)));
