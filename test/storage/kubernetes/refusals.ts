/** What a client is told when it is refused: `409 AlreadyExists`. */
import { StatusError } from '../../../openapi/machinery/status.ts';

export const refusal = async (asked: Promise<unknown>): Promise<string> => {
  try {
    await asked;
    return 'none';
  } catch (error) {
    if (error instanceof StatusError) return `${error.code} ${error.reason}`;
    throw error;
  }
};
