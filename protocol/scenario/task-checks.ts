import type { Problems } from '../settings/problems.js';
import { type Found, hasLevels } from './codec-checks.js';
import type { Scenario } from './scenario.js';

/** What has no meaning, or no bookkeeping, where tasks span server steps or two clients meet: refused by name. */
export function checkTasks(
  scenario: Scenario,
  { method, codecs: found, faults: rules }: Found,
  problems: Problems,
): void {
  if (!method.schedule) return;
  const isTasks = method.schedule === 'tasks';
  const { participation, aggregators, codecs, faults, clock, workers } = scenario;
  const why = `, since '${scenario.method.name}' is asynchronous`;
  const refuse = (wrong: boolean, path: string, expected: string, got: unknown): void => {
    if (wrong) problems.add(path, `${expected}${why}`, got);
  };
  refuse(participation.sampling === 'poisson', 'participation.sampling', "'fixed'", participation.sampling);
  refuse(participation.quorum !== null, 'participation.quorum', 'null', participation.quorum);
  refuse(participation.deadlineMs !== null, 'participation.deadlineMs', 'null', participation.deadlineMs);
  refuse((participation.first ?? null) !== null, 'participation.first', 'null', participation.first);
  refuse(clock === 'wall', 'clock', "'virtual'", clock);
  refuse(workers.onLoss === 'absent', 'workers.onLoss', "'fail' or 'replay'", workers.onLoss);
  refuse(isTasks && Object.keys(aggregators ?? {}).length > 0, 'aggregators', '{}', Object.keys(aggregators ?? {}));
  refuse(
    scenario.energy?.some(({ battery }) => battery) ?? false,
    'energy',
    'entries without a battery',
    scenario.energy,
  );
  for (const [kind, { codec, memory }] of Object.entries(codecs)) {
    const { name, ...settings } = codec;
    const entry = found[kind]?.entry;
    refuse(entry !== undefined && hasLevels(entry, settings), `codecs.${kind}.codec`, 'a codec of one level', name);
    // Clients skip versions of the model, so what they keep of the one before is of no use.
    const keeps = memory !== null && memory.name !== 'error-feedback';
    refuse(
      method.messages[kind]?.to === 'cohort' && keeps,
      `codecs.${kind}.memory`,
      "null or 'error-feedback'",
      memory,
    );
  }
  if (!isTasks) return;
  faults.forEach((rule, index) => {
    const path = `faults.${index}`;
    refuse(rule.fault === 'byzantine', `${path}.fault`, "a rule other than 'byzantine'", rule.fault);
    refuse(rules[index]!.losesState?.(rule) ?? false, `${path}.memory`, "'kept'", 'lost');
  });
}
