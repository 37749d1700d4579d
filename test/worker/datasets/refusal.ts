import { expect } from 'chai';
import { type ErrorCode, GradswarmError } from '../../../protocol/errors.js';

/** The call must throw a GradswarmError of this code whose message matches every pattern. */
export function refuses(call: () => unknown, code: ErrorCode, ...patterns: readonly RegExp[]): void {
  let thrown: unknown;
  try {
    call();
  } catch (error) {
    thrown = error;
  }
  expect(thrown, 'expected a GradswarmError').to.be.instanceOf(GradswarmError);
  const error = thrown as GradswarmError;
  expect(error.code, error.message).to.equal(code);
  for (const pattern of patterns) expect(error.message).to.match(pattern);
}
