import { selections } from '../../protocol/selection/parts/load-selection.js';
import { claimsOf } from '../../scenarios/check/claims-of.js';
import { builtInNames } from '../../scenarios/plug-ins/extension-points.js';

/** The folder is the list: a selection is under contract as soon as its file is there. */
await selections.loadAll(builtInNames(selections));
for (const name of selections.names()) {
  const selection = selections.get(name);
  // The two plain ones are drawn by the host unless they give weights.
  const unbiased = 'unbiased' in selection.settings.shape ? [{}, { settings: { unbiased: true } }] : [{}];
  for (const needs of unbiased) {
    const claims = await claimsOf(selection, needs);
    describe(`the contract of the selection ${name}${'settings' in needs ? ', unbiased' : ''}`, () => {
      for (const { title, run } of claims) it(title, run);
    });
  }
}
