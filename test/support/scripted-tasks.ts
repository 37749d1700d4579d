import { type AnyMethod, makeHalves, type ReadonlyVector, type Secrets, type Vector } from '../../protocol/method.js';
import { loadNamedBy } from '../../protocol/method-loader.js';
import { rootStream } from '../../protocol/numerics/random.js';

type Answer = { readonly from: number; readonly age: number } & Readonly<Record<string, unknown>>;
type Offer = Readonly<Record<string, ReadonlyVector>>;

export interface TaskStep {
  readonly params: Vector;
  readonly state: Readonly<Record<string, unknown>>;
  readonly measures: ReadonlyMap<string, number>;
  /** Who was offered the model; null: all. */
  readonly to: readonly number[] | null;
  /** Answers that the step took before it ended. */
  readonly taken: number;
}

/** The coordinator of an asynchronous method alone: each step is given answers as they would arrive, and then no client is at work. */
export async function scriptedTasks(
  method: AnyMethod,
  given: object,
  {
    start,
    clientCount = 8,
    secrets,
  }: { readonly start: Vector; readonly clientCount?: number; readonly secrets?: Secrets },
  steps: readonly ((offer: Offer, index: number) => readonly Answer[] | Promise<readonly Answer[]>)[],
): Promise<TaskStep[]> {
  const hyperparameters = { ...method.settings.defaults, ...given };
  await loadNamedBy(method, hyperparameters);
  const rng = rootStream(5, 'float64');
  const run = { hyperparameters, segments: [], parameterCount: start.length, clientCount };
  const coordinator = makeHalves(method, run).coordinator!;
  let state = coordinator.init({ hyperparameters, initialParams: start, segments: [], clientCount, rng, shared: rng });
  const done: TaskStep[] = [];
  for (const [index, answersTo] of steps.entries()) {
    const measures = new Map<string, number>();
    let offer: Offer = {};
    let to: readonly number[] | null = null;
    let taken = 0;
    const at = {
      ...{ index, hyperparameters, clientCount, secrets, rng: rng.derive(index) },
      offer: (_: string, payload: Offer, options: { readonly to?: readonly number[] } = {}) => {
        offer = payload;
        to = options.to ?? null;
      },
      async *arrivals() {
        for (const answer of await answersTo(offer, index)) {
          taken++;
          yield answer;
        }
      },
      robustSum: () => null,
      measure: (name: string, value: number) => measures.set(name, value),
    };
    state = await coordinator.round(state, at as never);
    done.push({ params: state.params, state, measures, to, taken });
  }
  return done;
}
