/**
 * How writing an app differs from writing anything else: while clusters are instances of it, it stays what they were made from.
 */
import { type FieldError, forbidden, spec as specPath } from '../../../openapi/machinery/field.ts';
import { sameJson } from '../../../openapi/machinery/json.ts';
import { keyText, type ObjectKey, type ObjectMeta } from '../../../openapi/machinery/meta.ts';
import { StatusError } from '../../../openapi/machinery/status.ts';
import type { KubeDirectorApp } from '../../../openapi/v1beta1/kubedirectorapp.ts';
import type { Strategy } from '../strategy.ts';
import { effectiveApp } from './effective.ts';
import type { AppLookups, AppUse } from './lookups.ts';
import { appWarnings, validateApp } from './validation.ts';

/** Undefined when the write changes nothing for clusters. */
type AppRelated = AppUse | undefined;

export const appStrategy = (lookups: AppLookups): Strategy<KubeDirectorApp, AppRelated> => ({
  async related(app, old, _context, signal) {
    const changes = old && !(app && sameJson(effectiveApp(app.spec), effectiveApp(old.spec)));
    return changes ? lookups.usesOf(keyOf(old.metadata), signal) : undefined;
  },

  validate: (app) => validateApp(app),

  validateUpdate: (app, _old, use) => [...validateApp(app), ...useFaults(use)],

  warnings: (app, old) => (old && sameJson(app.spec, old.spec) ? [] : appWarnings(app)),

  checkDelete: ({ metadata: { name } }, use) => {
    if (!use?.clusters.length) return;
    throw StatusError.conflict(
      { group: 'kubedirector.bluedata.io', resource: 'kubedirectorapps' },
      name,
      `the app is used by ${named(use.clusters)}; delete them first`,
    );
  },

  alongside: (app, _old, use) => (app ? use?.unchanged : use?.ended),
});

const keyOf = ({ namespace = '', name }: ObjectMeta): ObjectKey => ({ namespace, name });

const useFaults = (use: AppRelated): FieldError[] =>
  use?.clusters.length
    ? [
        forbidden(
          specPath,
          `the app is used by ${named(use.clusters)}, which would change with it; make an app of another name`,
        ),
      ]
    : [];

/** So many clusters are named before the rest is only hinted at. */
export const mostNamed = 10;

function named(clusters: readonly ObjectKey[]): string {
  const names = clusters.slice(0, mostNamed).map((key) => keyText(key));
  const rest = clusters.length > mostNamed ? ' and others' : '';
  return `${clusters.length === 1 ? 'the cluster' : 'the clusters'} ${names.join(', ')}${rest}`;
}
