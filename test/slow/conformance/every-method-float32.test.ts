import { expect } from 'chai';
import { loadMethod, methods } from '../../../protocol/method-loader.js';
import { methodClaims } from '../../../scenarios/check/method-claims.js';
import { builtInNames } from '../../../scenarios/plug-ins/extension-points.js';
import { inSystemSuite } from '../../support/long-claims.js';
import { TINY_NEEDS } from '../../support/tiny-needs.js';

/** The rest of the contract is in test/conformance/. */
for (const method of await Promise.all(builtInNames(methods).map((name) => loadMethod(name))))
  describe(`the contract of ${method.name}, behind sockets`, () => {
    const claims = methodClaims(method, TINY_NEEDS[method.name]).filter(inSystemSuite);

    it('has two claims here', () => {
      expect(claims).to.have.length(2);
    });

    for (const { title, run } of claims) it(title, run);
  });
