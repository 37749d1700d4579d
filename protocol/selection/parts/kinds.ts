/** Kinds of messages that a selection adds to a method's. */

/** One number of a client. */
export const REPORT = 'selectionReport';
/** The client continues. */
export const CHOICE = 'selectionChoice';
