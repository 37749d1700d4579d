import { loadAllRules } from '../../scenarios/run/catalogue.js';

/** Imported for its effect: every optimizer and schedule is loaded, so that a test may build one without waiting. */
await loadAllRules();
