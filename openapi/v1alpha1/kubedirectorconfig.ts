/**
 * KubeDirectorConfig in v1alpha1. Its names have been the same since it came in release 0.2, so the objects need no conversion.
 */
import type { Form } from '../form.ts';
import type { KubeObject } from '../machinery/meta.ts';
import { kubeDirectorConfig } from '../v1beta1/kubedirectorconfig.ts';
import { published } from './renaming.ts';

export const kubeDirectorConfigV1alpha1: Form = {
  version: 'v1alpha1',
  schema: published(kubeDirectorConfig),
  toHub: (object) => object as unknown as KubeObject,
  fromHub: (object) => object as unknown as Record<string, unknown>,
};
