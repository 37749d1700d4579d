// Mocha's dots, the skipped tests by name, the slowest tests, and a last line that scripts can read: N passed, N failed.
const { reporters, Runner } = require('mocha');

const SLOWEST = 10;
const { EVENT_RUN_END, EVENT_TEST_END, EVENT_TEST_PENDING } = Runner.constants;

module.exports = class extends reporters.Dot {
  constructor(runner, options) {
    super(runner, options);
    const skipped = [];
    const timed = [];
    runner.on(EVENT_TEST_PENDING, (test) => skipped.push(test.fullTitle()));
    runner.on(EVENT_TEST_END, (test) => timed.push({ title: test.fullTitle(), ms: test.duration ?? 0 }));
    runner.once(EVENT_RUN_END, () => {
      const { passes, failures, pending } = runner.stats;
      const slowest = timed.sort((a, b) => b.ms - a.ms).slice(0, SLOWEST);
      if (slowest.length > 0) console.log(`slowest of ${timed.length} tests:`);
      for (const { title, ms } of slowest) console.log(`${(ms / 1000).toFixed(1).padStart(7)} s  ${title}`);
      for (const title of skipped) console.log(`skipped: ${title}`);
      const tail = pending > 0 ? `, ${pending} skipped` : '';
      process.once('exit', () => console.log(`${passes} passed, ${failures} failed${tail}`));
    });
  }
};
