import type { AnyClientHalf, Objective, ReadonlyVector } from '../../method.js';
import { squaredNorm } from '../../numerics/vector.js';
import type { Reported } from '../selection.js';
import { CHOICE, REPORT } from './kinds.js';

type Content = Readonly<Record<string, unknown>>;

export interface ClientSelection {
  readonly reports: Reported;
  readonly chooses: boolean;
  /** Kinds that carry the model or another vector to the client, with the names of their vectors. */
  readonly modelKinds: ReadonlyMap<string, readonly string[]>;
  weigh(message: object): number;
}

/** The half of a client that reports: at the model that it is sent, or of the update that it would send. */
export function selectedClientHalf(half: AnyClientHalf, selection: ClientSelection): AnyClientHalf {
  const round = selection.reports === 'norm' ? afterwards(half, selection) : before(half, selection);
  return { ...half, round };
}

/** 'loss', 'utility': when the model is there. A client that does not continue is, to its half, one that the model did not reach. */
function before(half: AnyClientHalf, { reports, chooses, modelKinds, weigh }: ClientSelection): AnyClientHalf['round'] {
  return (state, at) => {
    let hasReported = false;
    let isChosen = true;
    const take = async (kind: string) => {
      const inbox = await at.take(kind);
      const [field] = modelKinds.get(kind) ?? [];
      if (field !== undefined && !hasReported) {
        hasReported = true;
        const [message] = inbox;
        const { exampleCount } = at.objective;
        if (message && exampleCount > 0) {
          const value = await reportedValue(at.objective, (message as Content)[field] as ReadonlyVector, reports);
          at.post(REPORT, 'coordinator', { value, weight: weigh({ examples: exampleCount }) } as never);
        }
        if (chooses) isChosen = (await at.take(CHOICE)).length > 0;
      }
      return isChosen ? inbox : Object.assign([], { absent: inbox.absent });
    };
    return half.round(state, inFrontOf(at, { take }));
  };
}

/** 'norm': the half computes, and what it posts is sent when the coordinator says so. Else its state stays as it was. */
function afterwards(half: AnyClientHalf, { weigh }: ClientSelection): AnyClientHalf['round'] {
  return async (state, at) => {
    let held: { readonly kind: string; readonly to: never; readonly payload: Content } | null = null;
    const post = (kind: string, to: never, payload: Content) => {
      held = { kind, to, payload };
      return payload;
    };
    const next = await half.round(state, inFrontOf(at, { post }));
    const update = held as { readonly kind: string; readonly to: never; readonly payload: Content } | null;
    if (update) {
      const weight = weigh(update.payload);
      at.post(REPORT, 'coordinator', { value: weight * normOf(update.payload), weight } as never);
    }
    if ((await at.take(CHOICE)).length === 0 || !update) return state;
    at.post(update.kind, update.to, update.payload as never);
    return next;
  };
}

async function reportedValue(objective: Objective, params: ReadonlyVector, reports: Reported): Promise<number> {
  const { exampleCount } = objective;
  const all = Uint32Array.from({ length: exampleCount }, (_, i) => i);
  if (reports === 'loss') return Math.max(0, await objective.loss(params, all));
  let squares = 0;
  for (let i = 0; i < exampleCount; i++) squares += (await objective.loss(params, all.subarray(i, i + 1))) ** 2;
  return Math.sqrt(exampleCount * squares);
}

function normOf(payload: Content): number {
  let sum = 0;
  for (const value of Object.values(payload))
    if (value instanceof Float32Array || value instanceof Float64Array) sum += squaredNorm(value);
  return Math.sqrt(sum);
}

/** The round, with some of its members replaced. */
export function inFrontOf<R extends object>(round: R, own: object): R {
  return new Proxy(round, {
    get(target, key) {
      if (Object.hasOwn(own, key)) return Reflect.get(own, key);
      const value = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
