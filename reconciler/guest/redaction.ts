/**
 * Redaction: what a member reports may repeat what it was told in confidence, and reports are shown to everybody who may read a
 * cluster. Only values that are long enough to be secrets are looked for; a secret of three letters hides nothing anyway.
 *
 * A script that knows a value can write it in ways that nobody looks for. This is for those that mean no harm: they trace what they do,
 * or print what they were given.
 */

const shortestSecret = 4;

/** Shorter lines of a longer text, such as `}` and `else`, are words that anybody uses. */
const shortestLine = 8;

export function redact(text: string, secrets: readonly string[]): string {
  // The longest first: one secret may contain another.
  const forms = [...new Set(secrets.flatMap(formsOf))].sort((a, b) => b.length - a.length);
  let redacted = withoutRest(text, forms);
  for (const form of forms) redacted = redacted.replaceAll(form, '[redacted]');
  return redacted;
}

/** How a value is printed: as it is, as it stands in configmeta, and without the ends of its lines, which shells drop. */
function formsOf(secret: string): string[] {
  if (secret.length < shortestSecret) return [];
  const lines = secret.split(/[\r\n]+/).map((line) => line.trim());
  const said = lines.filter(Boolean);
  const alone = said.length > 1 ? said.filter((line) => line.length >= shortestLine) : said;
  return [secret, JSON.stringify(secret).slice(1, -1), ...alone].filter((form) => form.length >= shortestSecret);
}

/** Of a line that is too long only the end is reported: it may begin in the midst of a value. */
function withoutRest(text: string, forms: readonly string[]): string {
  // A character that was cut, too, has become another.
  const start = text.search(/[^\ufffd]/);
  if (start < 0) return text;
  let longest = 0;
  for (const form of forms)
    for (let length = Math.min(form.length - 1, text.length - start); length > longest; length -= 1) {
      if (length < shortestSecret) break;
      if (text.startsWith(form.slice(-length), start)) longest = length;
    }
  return longest > 0 ? `[redacted]${text.slice(start + longest)}` : text;
}
