// Mocha's dots, then the summary.
const { reporters, Runner } = require('mocha');
const { summary } = require('./summary.cjs');

const { EVENT_RUN_END, EVENT_TEST_END, EVENT_TEST_PENDING } = Runner.constants;

module.exports = class extends reporters.Dot {
  constructor(runner, options) {
    super(runner, options);
    const skipped = [];
    const timed = [];
    runner.on(EVENT_TEST_PENDING, (test) => skipped.push(test.fullTitle()));
    runner.on(EVENT_TEST_END, (test) => timed.push({ title: test.fullTitle(), ms: test.duration ?? 0 }));
    runner.once(EVENT_RUN_END, () => {
      const { passes, failures } = runner.stats;
      const { lines, last } = summary({ passed: passes, failed: failures, timed, skipped });
      for (const line of lines) console.log(line);
      process.once('exit', () => console.log(last));
    });
  }
};
