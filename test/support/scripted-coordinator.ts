import { type AnyMethod, makeHalves, type Segment, type Vector } from '../../protocol/method.js';
import { loadNamedBy } from '../../protocol/method-loader.js';
import { rootStream } from '../../protocol/numerics/random.js';

type Message = { readonly from: number } & Readonly<Record<string, unknown>>;

export interface ScriptedRound {
  /** What the coordinator receives, by kind. */
  readonly received: Readonly<Record<string, readonly Message[]>>;
}

export interface CoordinatorStep {
  readonly params: Vector;
  readonly state: Readonly<Record<string, unknown>>;
  readonly measures: ReadonlyMap<string, number>;
}

/** The coordinator half alone, fed with what clients would have sent. One step a round. */
export async function scriptedCoordinator(
  method: AnyMethod,
  given: object,
  segments: readonly Segment[],
  start: Vector,
  rounds: readonly ScriptedRound[],
  clientCount = 64,
): Promise<CoordinatorStep[]> {
  const hyperparameters = { ...method.settings.defaults, ...given };
  await loadNamedBy(method, hyperparameters);
  const rng = rootStream(5, 'float64');
  const run = { hyperparameters, segments, parameterCount: start.length, clientCount };
  const coordinator = makeHalves(method, run).coordinator!;
  const setup = { hyperparameters, initialParams: start, segments, clientCount, rng, shared: rng };
  let state = coordinator.init(setup);
  const steps: CoordinatorStep[] = [];
  for (const [index, { received }] of rounds.entries()) {
    const measures = new Map<string, number>();
    const senders = new Set(Object.values(received).flatMap((messages) => messages.map(({ from }) => from)));
    const at = {
      index,
      hyperparameters,
      segments,
      cohort: [...senders].sort((a, b) => a - b),
      rng: rng.derive(index),
      post: () => {},
      postEach: () => {},
      stream: (kind: string) => asynchronous(received[kind] ?? []),
      measure: (name: string, value: number) => measures.set(name, value),
    };
    state = await coordinator.round(state, at as never);
    steps.push({ params: state.params, state, measures });
  }
  return steps;
}

async function* asynchronous<T>(items: readonly T[]): AsyncGenerator<T> {
  for (const item of items) yield item;
}
