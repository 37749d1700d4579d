import { createNetwork } from '../../protocol/links/network.js';
import {
  type AnyMethod,
  type ClientIndex,
  makeHalves,
  type Objective,
  type PartyId,
  type ReadonlyVector,
} from '../../protocol/method.js';
import { loadMethod } from '../../protocol/method-loader.js';
import type { ScenarioInput } from '../../protocol/scenario/input.js';
import { resolveScenario } from '../../protocol/scenario/resolve.js';
import { runTiny } from '../../scenarios/check/parts/tiny-run.js';
import { loadCatalogue } from '../../scenarios/run/catalogue.js';
import { localFleet } from '../../scenarios/run/local-fleet.js';
import { openProblem, type Problem } from '../../worker/problem.js';

const catalogue = await loadCatalogue();

/** One gradient that a method asked for, in the order of asking. */
export interface Asked {
  readonly round: number;
  readonly client: ClientIndex;
  readonly point: readonly number[];
  readonly gradient: readonly number[];
}

/** One message as it was posted, or as it was taken. */
export interface Passed {
  readonly round: number;
  readonly kind: string;
  readonly from: PartyId;
  readonly to: PartyId | readonly PartyId[];
  readonly fields: Readonly<Record<string, readonly number[] | number>>;
}

/** All that a run shows without looking into its method: gradients asked for, messages, estimates. */
export interface RecordedRun {
  readonly problem: Problem;
  readonly asked: readonly Asked[];
  readonly posted: readonly Passed[];
  readonly taken: readonly Passed[];
  /** After each round; the start first. Empty for methods without a coordinator. */
  readonly params: readonly (readonly number[])[];
  /** States of the clients after each round; the start first. */
  readonly clients: readonly (readonly unknown[])[];
  /** draws[chain]: of all rounds, one after the other. */
  readonly draws: readonly (readonly number[])[];
}

const plain = (value: unknown): readonly number[] | number =>
  typeof value === 'number' ? value : Array.from(value as ArrayLike<number>);
const fieldsOf = (payload: object) =>
  Object.fromEntries(
    Object.entries(payload)
      .filter(([name]) => name !== 'from')
      .map(([name, value]) => [name, plain(value)]),
  );

interface PeerMessages {
  index: number;
  self?: ClientIndex;
  // biome-ignore lint/suspicious/noExplicitAny: the mailbox of any method
  [name: string]: any;
}

export async function recordedRun(input: ScenarioInput): Promise<RecordedRun> {
  const scenario = await resolveScenario(
    { precision: 'float64', checkpoints: { everyRounds: null }, ...input },
    catalogue,
  );
  const method = await loadMethod(scenario.method.name);
  const opened = await openProblem(scenario);
  const asked: Asked[] = [];
  const posted: Passed[] = [];
  const taken: Passed[] = [];
  const params: (readonly number[])[] = [];
  const clients: unknown[][] = [];
  const draws: number[][] = [];
  let round = 0;

  const objectives = new Map<ClientIndex, Objective>();
  const problem: Problem = {
    ...opened,
    objectiveOf(client) {
      const known = objectives.get(client);
      if (known) return known;
      const objective = opened.objectiveOf(client);
      const note = (point: ReadonlyVector, gradient: ReadonlyVector) =>
        asked.push({ round, client, point: plain(point) as number[], gradient: plain(gradient) as number[] });
      const watched = new Proxy(objective, {
        get(target, name) {
          const member = Reflect.get(target, name, target);
          if (typeof member !== 'function') return member;
          if (name !== 'gradient') return member.bind(target);
          return (point: ReadonlyVector, ...rest: [Uint32Array]) => {
            const before = Array.from({ length: point.length }, (_, i) => point[i]!);
            const result = target.gradient(point, ...rest);
            if (!(result instanceof Promise)) note(Float64Array.from(before), result);
            else void result.then((gradient) => note(Float64Array.from(before), gradient));
            return result;
          };
        },
      });
      objectives.set(client, watched);
      return watched;
    },
  };

  const watchedRound =
    (half: { round(state: never, at: never): Promise<unknown> }) =>
    (state: never, at: PeerMessages): Promise<unknown> => {
      const from: PartyId = at.self ?? 'coordinator';
      const spied = Object.create(at) as PeerMessages;
      spied.post = (kind: string, to: PartyId, payload: object) => {
        posted.push({ round: at.index, kind, from, to, fields: fieldsOf(payload) });
        return at.post(kind, to, payload);
      };
      spied.take = async (kind: string) => {
        const inbox = await at.take(kind);
        for (const message of inbox)
          taken.push({ round: at.index, kind, from: message.from, to: from, fields: fieldsOf(message) });
        return inbox;
      };
      return half.round(state, spied as never);
    };
  const watchedMethod: AnyMethod = {
    ...method,
    client: (run) => {
      const half = makeHalves(method, run).client;
      return { ...half, round: watchedRound(half as never) as never };
    },
    ...(method.coordinator && {
      coordinator: (run) => {
        const half = makeHalves(method, run).coordinator!;
        return {
          ...half,
          round: watchedRound(half as never) as never,
          ...(half.draws && {
            draws: (state) => {
              const kept = half.draws!(state);
              kept.forEach((numbers, chain) => {
                draws[chain] ??= [];
                for (let i = 0; i < numbers.length; i++) draws[chain].push(numbers[i]!);
              });
              return kept;
            },
          }),
          estimates: (state) => half.estimates!(state),
        };
      },
    }),
  };

  let estimatesNow: () => readonly ReadonlyVector[] = () => [];
  const note = (fleet: { site: { party(party: PartyId): { record: { state: unknown } } } }) => {
    const all = Array.from({ length: scenario.clients }, (_, client) => fleet.site.party(client).record.state);
    clients.push(structuredClone(all));
    if (method.coordinator) params.push(plain(estimatesNow()[0]!) as number[]);
  };
  await runTiny(scenario, watchedMethod, {
    problem,
    placement: {
      name: 'recorded',
      inProcess: true,
      open: (...run) => localFleet(...run, undefined, createNetwork(scenario)),
    },
    tamper(fleet) {
      if (method.coordinator) {
        const { segments, parameterCount } = opened.model;
        const constants = {
          hyperparameters: scenario.method as never,
          segments,
          parameterCount,
          clientCount: scenario.clients,
        };
        const half = makeHalves(method, constants).coordinator!;
        estimatesNow = () => half.estimates!(fleet.site.party('coordinator').record.state as never);
      }
      note(fleet);
    },
    watch(_, fleet) {
      note(fleet);
      round++;
    },
  });
  return { problem: opened, asked, posted, taken, params, clients, draws };
}
