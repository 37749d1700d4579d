import type { ClientIndex, ReadonlyVector } from '../../../method.js';
import { squaredDistance } from '../../../numerics/vector.js';

type Parcel = { readonly payload: { readonly state: ReadonlyVector } };

/** Mean squared error per coordinate of the states that a lossy codec handed over; nothing where they arrived as they were. */
export function measureHandOver(
  at: { measure(name: string, value: number): void; readonly cohort: readonly ClientIndex[] },
  sent: readonly Parcel[],
  arrived: readonly { readonly state: ReadonlyVector }[],
  name = 'handOverVariance',
): void {
  let sum = 0;
  let lossy = false;
  for (const [i, { payload }] of sent.entries()) {
    const { state } = arrived[i]!;
    if (state === payload.state) continue;
    lossy = true;
    sum += squaredDistance(state, payload.state) / state.length;
  }
  if (lossy) at.measure(name, sum / sent.length);
}
