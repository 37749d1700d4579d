import type { Problems } from '../settings/problems.js';
import type { Found } from './codec-checks.js';
import type { Scenario } from './scenario.js';

/** What a run that computes nothing cannot say: refused by name. */
export async function checkTiming(scenario: Scenario, found: Found, problems: Problems): Promise<void> {
  if (!scenario.timingOnly) return;
  const { method, expect, changed, stopWhen, keepBest, saveModel, study } = scenario;
  const refuse = (wrong: boolean, path: string, expected: string, got: unknown): void => {
    if (wrong) problems.add(path, `${expected} with timingOnly, which computes no model`, got);
  };
  refuse(found.method.isPrivate === true, 'method.name', 'a method without privacy', method.name);
  refuse(found.method.needsPosterior === true, 'method.name', 'a method that is no sampler', method.name);
  refuse(stopWhen !== undefined, 'stopWhen', 'null', stopWhen);
  refuse(keepBest !== undefined, 'keepBest', 'null', keepBest);
  refuse(saveModel !== undefined, 'saveModel', 'null', saveModel);
  refuse(study != null, 'study', 'null', study);
  refuse(scenario.evaluation.average != null, 'evaluation.average', 'null', scenario.evaluation.average);
  refuse(scenario.evaluation.perClient != null, 'evaluation.perClient', 'null', scenario.evaluation.perClient);
  // What every run is expected to be holds of this one too; under `changed` no other applies.
  const own = expect.filter(({ name }) => !['finite', 'every-fault-happened'].includes(name));
  refuse(own.length > 0 && changed === undefined, 'expect', '[]', own);
  for (const [kind, { codec, entry }] of Object.entries(found.codecs)) {
    const { name, ...settings } = codec.codec;
    if (await entry.hasFixedSize?.(settings)) continue;
    problems.add(
      `codecs.${kind}.codec`,
      'a codec whose bytes do not depend on the values with timingOnly, which computes none',
      name,
    );
  }
}
