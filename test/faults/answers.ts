/** Which answers Kubernetes' clients can live with while storage is in trouble, and what they say about what was asked. */

export interface Answer {
  readonly code: number;
  readonly retryAfter: string | undefined;
  readonly text: string;
}

export interface StatusBody {
  readonly kind?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly code?: number;
}

export const statusIn = ({ text }: Answer): StatusBody => {
  try {
    return JSON.parse(text) as StatusBody;
  } catch {
    return {};
  }
};

/** @returns what is wrong with an answer that is no success, in the terms of Kubernetes (K-545); undefined when it is as it should be */
export function wrongWith(answer: Answer): string | undefined {
  const { code, retryAfter } = answer;
  const { reason, code: told } = statusIn(answer);
  const seconds = Number(retryAfter);
  const about = `${code} ${answer.text.trim().slice(0, 300)} (Retry-After: ${retryAfter ?? 'none'})`;
  if (told !== code) return `no Status with its code: ${about}`;
  switch (code) {
    case 404:
      return reason === 'NotFound' ? undefined : `a strange 404: ${about}`;
    case 409:
      return reason === 'Conflict' || reason === 'AlreadyExists' ? undefined : `a strange 409: ${about}`;
    case 410:
      return reason === 'Expired' ? undefined : `a strange 410: ${about}`;
    case 429:
      return reason === 'TooManyRequests' && seconds >= 1 ? undefined : `a strange 429: ${about}`;
    case 503:
      return reason === 'ServiceUnavailable' && seconds >= 1 ? undefined : `a strange 503: ${about}`;
    case 504:
      return reason === 'Timeout' ? undefined : `a strange 504: ${about}`;
    default:
      return `an answer that storage in trouble does not explain: ${about}`;
  }
}
