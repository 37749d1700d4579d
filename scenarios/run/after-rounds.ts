/** What a session reads after its last round: its first row does not wait for it. */
export { concludePosterior } from '../posterior/posterior.js';
export { judgeClaims } from '../report/claims.js';
export { endLines } from './end-lines.js';
export { growthText } from './growth.js';
export { writeModels } from './model-files.js';
export { verdictOf } from './run-verdict.js';
export { finalDigest, summaryOf } from './session-figures.js';
