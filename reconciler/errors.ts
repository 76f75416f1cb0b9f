/**
 * What a controller has to tell apart in the answers of an API server, beyond the reasons that have a name of their own.
 */
import { StatusError } from '../openapi/machinery/status.ts';

/** Nothing can be created any more, since the namespace is going (K-456). Changing and deleting still work. */
export const isNamespaceTerminating = (error: unknown): error is StatusError =>
  error instanceof StatusError &&
  error.status.details?.causes?.some(({ reason }) => reason === 'NamespaceTerminating') === true;
