/**
 * Values in a query as Kubernetes reads them.
 */

/** Only `false` and `0`, in any case, are a no; a name without a value is a yes. @param value null when the name is absent */
export const isYes = (value: string | null): boolean =>
  value !== null && value !== '0' && value.toLowerCase() !== 'false';
