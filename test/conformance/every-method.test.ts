import { loadMethod, methods } from '../../protocol/method-loader.js';
import type { Claim } from '../../scenarios/check/claim.js';
import { faultClaims, methodClaims, sameBitsClaims } from '../../scenarios/check/method-claims.js';
import { builtInNames } from '../../scenarios/plug-ins/extension-points.js';
import { inSystemSuite } from '../support/long-claims.js';
import { probeMethod } from '../support/probe-method.js';
import { TINY_NEEDS } from '../support/tiny-needs.js';

function hold(claims: readonly Claim[]): void {
  for (const { title, run } of claims) it(title, run);
}

/** The folder is the list: a method is under contract as soon as its file is there. */
for (const method of await Promise.all(builtInNames(methods).map((name) => loadMethod(name))))
  describe(`the contract of ${method.name}`, () =>
    hold(methodClaims(method, TINY_NEEDS[method.name]).filter((claim) => !inSystemSuite(claim))));

/** What the probe must not do: it lives in no folder, so only placements of this process can run it. */
describe('the contract of the probe, whose kinds, senders and steps change every round', () => {
  for (const precision of ['float64', 'float32'] as const) hold(sameBitsClaims(probeMethod, precision, false));
  hold(faultClaims(probeMethod));
});
