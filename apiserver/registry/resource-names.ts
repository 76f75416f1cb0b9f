/**
 * Names of compute resources, as Kubernetes judges those of containers: pods that ask for others can never be made.
 */
import { qualifiedNameFaults } from '../../openapi/machinery/names.ts';

const standard: ReadonlySet<string> = new Set(['cpu', 'memory', 'ephemeral-storage']);

/** The sentences that are true of a name, none when it is fine. */
export function resourceNameFaults(name: string): string[] {
  const faults = qualifiedNameFaults(name);
  if (faults.length || name.includes('/') || standard.has(name) || isHugePages(name)) return faults;
  return [
    'must be a standard resource for containers: cpu, memory or ephemeral-storage, or have a domain, such as nvidia.com/gpu',
  ];
}

/** Whole things, such as GPUs: there are no halves of them, and whoever gets one has it alone. */
export const isWhole = (name: string): boolean =>
  isHugePages(name) || (name.includes('/') && !name.includes('kubernetes.io/'));

const isHugePages = (name: string): boolean => name.startsWith('hugepages-');
