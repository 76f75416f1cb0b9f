/**
 * What is said of a ConfigMap or a Secret that a cluster needs and that is not seen.
 */
import { labels } from '../../../openapi/labels.ts';
import type { DataKind } from '../../host-types.ts';
import type { Problem } from '../problems.ts';

/** Objects are followed by these labels, and no others are. */
export const typeLabels: Readonly<Record<DataKind, string>> = {
  ConfigMap: labels.configMapType,
  Secret: labels.secretType,
};

/** The end of a sentence about an object that is not there. */
export const isNotSeen = (kind: DataKind): string =>
  `does not exist, or has no label ${typeLabels[kind]}, without which nobody is told of it`;

/** @param message of the host, which names the right */
export const forbidden = (message: string): Problem => ({
  reason: 'ConnectionForbidden',
  message: `KubeDirector has no right that it needs: ${message}`,
});
