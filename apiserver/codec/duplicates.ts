/**
 * Finds the keys that stand twice in one object of a JSON document. Slow and exact; the text is known to be JSON.
 */

/** Kubernetes tells so many, too; each path is as long as the place is deep. */
const maxFound = 100;

export class DuplicateScanner {
  readonly #text: string;
  readonly #found = new Set<string>();
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** @returns the first paths in document order; a key that stands three times is named once */
  paths(): string[] {
    this.#value('');
    return [...this.#found];
  }

  #value(path: string): void {
    this.#blank();
    const first = this.#text[this.#at];
    if (first === '{') this.#object(path);
    else if (first === '[') this.#array(path);
    else if (first === '"') this.#string();
    else while (this.#at < this.#text.length && !',]}'.includes(this.#text[this.#at]!)) this.#at += 1;
  }

  #object(path: string): void {
    const keys = new Set<string>();
    this.#each('}', () => {
      const key = this.#string();
      const place = path ? `${path}.${key}` : key;
      if (keys.has(key) && this.#found.size < maxFound) this.#found.add(place);
      keys.add(key);
      this.#blank();
      this.#at += 1;
      this.#value(place);
    });
  }

  #array(path: string): void {
    let index = 0;
    this.#each(']', () => {
      this.#value(`${path}[${index}]`);
      index += 1;
    });
  }

  /** Steps over an opening bracket, then over members and commas up to the closing one. */
  #each(close: string, member: () => void): void {
    this.#at += 1;
    for (;;) {
      this.#blank();
      if (this.#at >= this.#text.length) return;
      if (this.#text[this.#at] === close) {
        this.#at += 1;
        return;
      }
      if (this.#text[this.#at] === ',') this.#at += 1;
      else member();
    }
  }

  #string(): string {
    const start = this.#at;
    this.#at += 1;
    while (this.#text[this.#at] !== '"') this.#at += this.#text[this.#at] === '\\' ? 2 : 1;
    this.#at += 1;
    return JSON.parse(this.#text.slice(start, this.#at)) as string;
  }

  #blank(): void {
    while (' \t\r\n'.includes(this.#text[this.#at] ?? 'x')) this.#at += 1;
  }
}
