// A process of .ci/test.mjs: runs the test files that are sent to it, one at a time, and sends back what each test does.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import Mocha from 'mocha';

const { EVENT_TEST_BEGIN, EVENT_TEST_FAIL, EVENT_TEST_PASS, EVENT_TEST_PENDING } = Mocha.Runner.constants;

/** No unit test loses power, so none waits for the disk; the system suite does. */
if (process.argv[2] === '--unit') {
  fs.fsyncSync = () => {};
  syncBuiltinESMExports();
}

const printable = (value) => (typeof value === 'string' ? value : Mocha.utils.stringify(value));

/** What Mocha's list of failures prints. */
function failureOf(test, error) {
  const { message = String(error), stack, showDiff } = error ?? {};
  const failure = { path: test.titlePath(), message, stack };
  if (showDiff === false || error?.expected === undefined) return failure;
  return { ...failure, showDiff: true, actual: printable(error.actual), expected: printable(error.expected) };
}

process.on('message', async ({ file, timeout }) => {
  const mocha = new Mocha({ timeout, forbidOnly: true, reporter: class {} });
  mocha.addFile(file);
  await mocha.loadFilesAsync();
  const runner = mocha.run(() => {
    mocha.dispose();
    process.send({ event: 'end' });
  });
  const send = (event, test, more) =>
    process.send({ event, title: test.fullTitle(), ms: test.duration ?? 0, isTest: test.type === 'test', ...more });
  runner.on(EVENT_TEST_BEGIN, (test) => send('begin', test));
  runner.on(EVENT_TEST_PASS, (test) => send('pass', test));
  runner.on(EVENT_TEST_PENDING, (test) => send('skip', test));
  runner.on(EVENT_TEST_FAIL, (test, error) => send('fail', test, { failure: failureOf(test, error) }));
});
process.once('disconnect', () => process.exit(0));
