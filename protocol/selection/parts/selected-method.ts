import type { AnyMethod, ClientIndex, MessageKind, MessageKinds, RunConstants } from '../../method.js';
import type { Chosen, Selection, SelectionFamily } from '../selection.js';
import { CHOICE, REPORT } from './kinds.js';
import { selectedClientHalf } from './selected-client.js';
import { type SelectedState, selectedCoordinatorHalf } from './selected-coordinator.js';

/**
 * The method under a rule that selects its clients: the same halves, which see the cohort that the rule invited, with the rule's
 * state beside the method's at the coordinator and two kinds of messages more where clients report.
 */
export function selectedMethod(
  method: AnyMethod,
  family: SelectionFamily,
  settings: object,
  cohort: 'all' | number,
): AnyMethod {
  const { client, coordinator } = method;
  if (!coordinator) throw new RangeError(`'${method.name}' has no coordinator, which would select`);
  const ruleOf = (run: RunConstants<unknown>): Selection => family.create(settings, selectionRun(run, method, cohort));
  const vectorKinds = kindsWithVectors(method.messages);
  return {
    ...method,
    messages: { ...method.messages, ...(family.reports && { [REPORT]: report, [CHOICE]: choice }) },
    cohort: (state) => (state as SelectedState).invited.map(({ client }: Chosen): ClientIndex => client),
    client: (run: RunConstants<unknown>) => {
      const half = typeof client === 'function' ? client(run) : client;
      if (!family.reports) return half;
      return selectedClientHalf(half, {
        reports: family.reports,
        chooses: ruleOf(run).choose !== undefined,
        modelKinds: vectorKinds('coordinator'),
        weigh: weighing(method, run),
      });
    },
    coordinator: (run: RunConstants<unknown>) =>
      selectedCoordinatorHalf(typeof coordinator === 'function' ? coordinator(run) : coordinator, {
        rule: ruleOf(run),
        reports: family.reports !== undefined,
        shares: sharesOf(run, method),
        weighed: vectorKinds('clients'),
        weigh: weighing(method, run),
      }),
  };
}

const report: MessageKind = {
  from: 'clients',
  to: 'coordinator',
  scalars: ['value', 'weight'],
  most: 1,
  fits: ({ value, weight }) => value >= 0 && weight > 0,
};
/** To those that continue. */
const choice: MessageKind = { from: 'coordinator', to: 'cohort', most: 1 };

/** First vectors of the kinds that one side sends. */
function kindsWithVectors(messages: MessageKinds) {
  return (from: MessageKind['from']): ReadonlyMap<string, readonly string[]> =>
    new Map(
      Object.entries(messages)
        .filter(([, kind]) => kind.from === from && kind.to !== 'peers' && (kind.vectors?.length ?? 0) > 0)
        .map(([name, kind]) => [name, kind.vectors!]),
    );
}

/** By what the method weighs a message's vectors. */
function weighing(method: AnyMethod, run: RunConstants<unknown>): (message: object) => number {
  if (method.weighsBy?.(run.hyperparameters) !== 'examples') return () => 1;
  return (message) => (message as { readonly examples: number }).examples;
}

function sharesOf(run: RunConstants<unknown>, method: AnyMethod): readonly number[] {
  const counts = exampleCountsOf(run);
  const weights = method.weighsBy?.(run.hyperparameters) === 'examples' ? counts : counts.map((n) => (n > 0 ? 1 : 0));
  const total = weights.reduce((sum: number, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

function exampleCountsOf({ clientCount, exampleCounts }: RunConstants<unknown>): readonly number[] {
  return exampleCounts?.() ?? Array.from({ length: clientCount }, () => 1);
}

function selectionRun(run: RunConstants<unknown>, method: AnyMethod, cohort: 'all' | number) {
  return {
    clientCount: run.clientCount,
    cohort: cohort === 'all' ? run.clientCount : cohort,
    exampleCounts: exampleCountsOf(run),
    shares: sharesOf(run, method),
  };
}
