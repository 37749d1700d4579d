// The end of every test run: the slowest tests, the skipped ones by name, and a line that scripts can read: N passed, N failed.
const SLOWEST = 10;

/** `timed`: title and duration in ms of each test; `skipped`: titles. Returns the lines to print before the last one, and that. */
exports.summary = ({ passed, failed, timed, skipped }) => {
  const slowest = timed.toSorted((a, b) => b.ms - a.ms).slice(0, SLOWEST);
  const lines = slowest.length > 0 ? [`slowest of ${timed.length} tests:`] : [];
  for (const { title, ms } of slowest) lines.push(`${(ms / 1000).toFixed(1).padStart(7)} s  ${title}`);
  for (const title of skipped) lines.push(`skipped: ${title}`);
  const tail = skipped.length > 0 ? `, ${skipped.length} skipped` : '';
  return { lines, last: `${passed} passed, ${failed} failed${tail}` };
};
