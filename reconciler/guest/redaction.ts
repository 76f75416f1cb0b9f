/**
 * Redaction: what a member reports may repeat what it was told in confidence, and reports are shown to everybody who may read a
 * cluster. Only values that are long enough to be secrets are looked for; a secret of three letters hides nothing anyway.
 */

const shortestSecret = 4;

export function redact(text: string, secrets: readonly string[]): string {
  let redacted = text;
  // The longest first: one secret may contain another.
  for (const secret of [...secrets].sort((a, b) => b.length - a.length))
    if (secret.length >= shortestSecret) redacted = redacted.replaceAll(secret, '[redacted]');
  return redacted;
}
