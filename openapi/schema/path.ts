/**
 * The place where a walk over an object stands just now. It moves with the walk and makes text only when there is a fault to tell.
 *
 * For rules written by hand, which name their few fields, there is the immutable FieldPath (machinery/field.ts).
 */
export class Path {
  readonly #steps: (string | number)[] = [];

  push(step: string | number): void {
    this.#steps.push(step);
  }

  pop(): void {
    this.#steps.pop();
  }

  /** The text of a place one step further. */
  with(step: string | number): string {
    this.push(step);
    const text = this.toString();
    this.pop();
    return text;
  }

  toString(): string {
    let text = '';
    for (const step of this.#steps) {
      if (typeof step === 'number') text += `[${step}]`;
      else text += text ? `.${step}` : step;
    }
    return text;
  }
}
