import { join } from 'node:path';
import type { RunResult } from '../../coordinator/run/run-loop-options.js';
import { replaceFile } from '../../coordinator/run-directory/atomic-file.js';
import type { ReadonlyVector } from '../../protocol/method.js';
import { inDigits } from '../../protocol/scenario/quantity.js';
import type { Scenario } from '../../protocol/scenario/scenario.js';
import { encodeModel, type ModelFormat } from '../../worker/model-file.js';
import type { Problem } from '../../worker/problem.js';

/** Writes what `saveModel` and `keepBest` ask for into the run's folder. Returns a line for each model. */
export function writeModels(
  { saveModel, keepBest }: Scenario,
  { model: { segments }, family }: Problem,
  { model, best }: Pick<RunResult, 'model' | 'best'>,
  folder: string,
): readonly string[] {
  const write = (name: string, estimates: readonly ReadonlyVector[], formats: readonly ModelFormat[]) => {
    const files = formats.map((format) => `${name}.${format}`);
    for (const [index, file] of files.entries())
      replaceFile(join(folder, file), encodeModel(formats[index]!, estimates, segments, family.base ?? null));
    return files.join(' and ');
  };
  const notes: string[] = [];
  if (saveModel && model.length > 0) notes.push(`the final model is in ${write('model', model, saveModel)}`);
  if (keepBest && best && best.model.length > 0)
    notes.push(
      `the model of round ${best.round}, the best ${keepBest.of} (${inDigits(best.value)}), is in ${write('best', best.model, saveModel ?? ['npz'])}`,
    );
  return notes;
}
