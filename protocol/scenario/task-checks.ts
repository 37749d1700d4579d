import { aggregators as robustSums } from '../aggregators/parts/chain.js';
import type { Problems } from '../settings/problems.js';
import type { MethodEntry } from './catalogue.js';
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
  const { participation, codecs, faults, clock, workers } = scenario;
  const { name } = scenario.method;
  const why = `, since '${name}' is asynchronous`;
  const refuse = (wrong: boolean, path: string, expected: string, got: unknown): void => {
    if (wrong) problems.add(path, `${expected}${why}`, got);
  };
  refuse(participation.sampling === 'poisson', 'participation.sampling', "'fixed'", participation.sampling);
  refuse(participation.quorum !== null, 'participation.quorum', 'null', participation.quorum);
  refuse(participation.deadlineMs !== null, 'participation.deadlineMs', 'null', participation.deadlineMs);
  refuse((participation.first ?? null) !== null, 'participation.first', 'null', participation.first);
  refuse(clock === 'wall', 'clock', "'virtual'", clock);
  refuse(workers.onLoss === 'absent', 'workers.onLoss', "'fail' or 'replay'", workers.onLoss);
  refuse(
    scenario.energy?.some(({ battery }) => battery) ?? false,
    'energy',
    'entries without a battery',
    scenario.energy,
  );
  for (const [kind, { codec, memory }] of Object.entries(codecs)) {
    const { name: codecName, ...settings } = codec;
    const entry = found[kind]?.entry;
    refuse(
      entry !== undefined && hasLevels(entry, settings),
      `codecs.${kind}.codec`,
      'a codec of one level',
      codecName,
    );
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
  checkFolds(scenario, method, problems);
  faults.forEach((rule, index) => {
    const path = `faults.${index}`;
    if (rule.fault === 'byzantine' && typeof method.folds === 'string')
      problems.add(`${path}.fault`, `a rule other than 'byzantine', since of '${name}' ${method.folds}`, rule.fault);
    refuse(rules[index]!.losesState?.(rule) ?? false, `${path}.memory`, "'kept'", 'lost');
  });
}

/** A robust sum stands before a fold: of several answers, or of one, which a rule can bound and neither rank nor choose. */
function checkFolds(
  { aggregators, clients, method: spec }: Scenario,
  { folds }: MethodEntry,
  problems: Problems,
): void {
  const { name, ...hyperparameters } = spec;
  for (const [kind, rules] of Object.entries(aggregators ?? {})) {
    const path = `aggregators.${kind}`;
    if (typeof folds !== 'function') {
      const why = folds ?? 'no fold of answers is declared';
      problems.add(path, `no rule, since of '${name}' ${why}`, rules);
    } else if (folds(hyperparameters, { clients }) === 1) {
      const wrong = rules.find((rule) => !robustSums.find(rule.name)?.single);
      if (!wrong) continue;
      problems.add(
        path,
        `a rule that bounds single vectors, as 'norm-bounding' and 'centered-clipping' do, since '${name}' folds one answer at a time, among which '${wrong.name}' can neither rank nor choose`,
        wrong.name,
      );
    }
  }
}
