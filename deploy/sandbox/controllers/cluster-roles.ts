/**
 * Aggregated cluster roles: their rules are those of the roles that they select, written into them as soon as these change.
 */
import { superusers } from '../../../apiserver/auth/user.ts';
import { sameJson } from '../../../openapi/machinery/json.ts';
import { fromStructured, selects } from '../../../openapi/machinery/label-selector.ts';
import type { Log } from '../../../openapi/machinery/log.ts';
import { isNotFound } from '../../../openapi/machinery/status.ts';
import { actingAs } from '../engine/acting.ts';
import { Controller } from '../engine/controller.ts';
import type { Informers } from '../engine/informers.ts';
import type { HostRegistries } from '../kinds/index.ts';
import type { ClusterRole, PolicyRule } from '../rbac/types.ts';

/** It writes rules that others were allowed to write; Kubernetes grants it `escalate` for that. */
const me = actingAs('system:serviceaccount:kube-system:clusterrole-aggregation-controller', superusers);

/** The rules of an aggregated role, by the names of the roles they come from. */
export function aggregatedRules(role: ClusterRole, others: Iterable<ClusterRole>): PolicyRule[] {
  const selectors = (role.aggregationRule?.clusterRoleSelectors ?? []).map(fromStructured);
  const selected = [...others]
    .filter(({ metadata }) => metadata.name !== role.metadata.name)
    .filter(({ metadata }) => selectors.some((selector) => selects(selector, metadata.labels)))
    .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  const rules: PolicyRule[] = [];
  for (const rule of selected.flatMap((other) => other.rules ?? []))
    if (!rules.some((known) => sameJson(known, rule))) rules.push(rule);
  return rules;
}

export class ClusterRoleAggregation {
  readonly controller: Controller;
  readonly #host: HostRegistries;
  readonly #roles = new Map<string, ClusterRole>();

  constructor({ host, informers, log }: { host: HostRegistries; informers: Informers; log: Log }) {
    this.#host = host;
    this.controller = new Controller({
      name: 'clusterroles',
      reconcile: (name, signal) => this.#reconcile(name, signal),
      log,
    });
    informers.of(host.clusterRoles).subscribe({
      changed: (change) => {
        if (change.gone) this.#roles.delete(change.key);
        else this.#roles.set(change.key, change.object);
        // There are few aggregated roles, and roles change seldom.
        for (const { metadata, aggregationRule } of this.#roles.values())
          if (aggregationRule) this.controller.enqueue(metadata.name);
      },
      reset: () => this.#roles.clear(),
    });
  }

  async #reconcile(name: string, signal: AbortSignal): Promise<void> {
    const role = this.#roles.get(name);
    if (!role?.aggregationRule) return;
    const rules = aggregatedRules(role, this.#roles.values());
    if (sameJson(rules, role.rules ?? [])) return;
    try {
      await this.#host.clusterRoles.writes.modify(name, (old) => ({ ...old, rules }), me.itself, signal);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}
