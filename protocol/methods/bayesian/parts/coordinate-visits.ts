import type { ClientIndex, CoordinatorRound, ReadonlyVector, Vector } from '../../../method.js';
import { copy } from '../../../numerics/vector.js';
import { measureHandOver } from './hand-over.js';
import { requireExamples } from './shard-sizes.js';
import { drawSchedule, visitPlan } from './visit-plan.js';
import type { TravellingChains, VisitMessages, VisitSettings } from './visits.js';

/** Without `undelivered`, so that rounds of methods with further kinds fit too. */
type CoordinatorVisits = Omit<CoordinatorRound<VisitSettings, VisitMessages>, 'undelivered'>;

/** One round of the coordinator: `visitsPerRound` hand-overs of every chain. A chain whose host is absent stays. */
export async function coordinateVisits(
  before: Readonly<TravellingChains>,
  at: CoordinatorVisits,
): Promise<TravellingChains> {
  const settings = at.hyperparameters;
  const exampleCounts = before.exampleCounts ?? (await collectSizes(at));
  const plan = visitPlan(settings, exampleCounts);
  const schedule = drawSchedule(settings, plan, at.shared);
  const { chains } = settings;
  const states: ReadonlyVector[] = [...before.states];
  const steps = before.steps.slice();
  const shardSteps = before.shardSteps.slice();
  const done = new Uint8Array(schedule.length);
  for (let visit = 0; visit < settings.visitsPerRound; visit++) {
    const first = visit * chains;
    const deliveries = states.map((state, chain) => {
      const client = schedule[first + chain]!;
      const payload = {
        state,
        chain,
        step: steps[chain]!,
        steps: plan.steps[client]!,
        frequency: plan.frequencies[client]!,
      };
      return { to: client, payload, stream: chain };
    });
    measureHandOver(at, deliveries, at.postEach('visit', deliveries));
    for (const { from, chain, state } of await at.take('position')) {
      if (schedule[first + chain] !== from || state.length !== states[chain]!.length) continue;
      states[chain] = state;
      steps[chain] = steps[chain]! + plan.steps[from]!;
      shardSteps[from] = shardSteps[from]! + plan.steps[from]!;
      done[first + chain] = 1;
    }
  }
  const draws = await collectDraws(at, schedule, done);
  report(at, plan.frequencies, shardSteps, done);
  return { states: states.map(copy), steps, exampleCounts, shardSteps, draws };
}

async function collectSizes(at: CoordinatorVisits): Promise<Float64Array> {
  const sizes = new Float64Array(at.clientCount);
  let received = 0;
  for (const { from, examples } of await at.take('size')) {
    sizes[from as ClientIndex] = examples;
    received++;
  }
  if (received < at.clientCount) at.measure('shardsMissing', at.clientCount - received);
  requireExamples(
    received,
    at.clientCount,
    sizes.reduce((sum, size) => sum + size, 0),
  );
  return sizes;
}

/** The kept draws of each chain, visit after visit; of visits whose end did not arrive none count. */
async function collectDraws(at: CoordinatorVisits, schedule: Uint32Array, done: Uint8Array): Promise<Vector[]> {
  const { chains, visitsPerRound } = at.hyperparameters;
  const parts: (ReadonlyVector | undefined)[] = new Array(schedule.length);
  for (const { from, chain, visit, draws } of await at.take('draws')) {
    const entry = visit * chains + chain;
    if (done[entry] === 1 && schedule[entry] === from) parts[entry] = draws;
  }
  return Array.from({ length: chains }, (_, chain) => {
    let length = 0;
    for (let visit = 0; visit < visitsPerRound; visit++) length += parts[visit * chains + chain]?.length ?? 0;
    const all = at.zeros(length);
    for (let visit = 0, offset = 0; visit < visitsPerRound; visit++) {
      const part = parts[visit * chains + chain];
      if (!part) continue;
      all.set(part as Vector, offset);
      offset += part.length;
    }
    return all;
  });
}

function report(at: CoordinatorVisits, frequencies: Float64Array, shardSteps: Float64Array, done: Uint8Array): void {
  let total = 0;
  for (const steps of shardSteps) total += steps;
  let largest = 0;
  for (let s = 0; s < shardSteps.length && total > 0; s++)
    largest = Math.max(largest, Math.abs(shardSteps[s]! / total - frequencies[s]!));
  at.measure('frequencyError', largest);
  const lost = done.reduce((count, one) => count + (one === 0 ? 1 : 0), 0);
  if (lost > 0) at.measure('visitsLost', lost);
}
