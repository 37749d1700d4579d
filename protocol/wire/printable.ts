/** Control characters, line and paragraph separators, and what changes the direction of a line. */
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/** A text from outside as it may be shown to a person: on one line, in its own direction, and without power over the terminal. */
export function printable(text: string): string {
  return text.replace(CONTROL, '\ufffd');
}
