/** HTML that is safe to put into a page: everything interpolated into `html` is escaped unless it is Markup itself. */
export class Markup {
  readonly text: string;
  /** `text` is trusted: it must not hold anything from outside. */
  constructor(text: string) {
    this.text = text;
  }
}

export type MarkupPart = string | number | boolean | null | undefined | Markup | readonly MarkupPart[];

/** Template tag. Lists are joined; null, undefined and false give nothing. */
export function html(strings: TemplateStringsArray, ...parts: readonly MarkupPart[]): Markup {
  let text = strings[0]!;
  for (let i = 0; i < parts.length; i++) text += textOf(parts[i]) + strings[i + 1]!;
  return new Markup(text);
}

function textOf(part: MarkupPart): string {
  if (part === null || part === undefined || part === false) return '';
  if (part instanceof Markup) return part.text;
  if (Array.isArray(part)) return part.map(textOf).join('');
  return escaped(String(part));
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

/** A link for http(s) addresses, else text (an address may come from a scenario file). */
export function link(address: string, words: string): Markup {
  return /^https?:\/\//i.test(address) ? html`<a href="${address}">${words}</a>` : html`${words}`;
}
