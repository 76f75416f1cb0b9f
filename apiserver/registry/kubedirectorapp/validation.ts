/**
 * What an app must keep to beyond its schema: ids are unique and refer to each other rightly (A2 to A12 of the original's rules).
 */
import { maxMembers, parseCardinality } from '../../../openapi/cardinality.ts';
import {
  type FieldError,
  type FieldPath,
  invalid,
  notSupported,
  required,
  spec,
} from '../../../openapi/machinery/field.ts';
import { parseQuantity } from '../../../openapi/machinery/quantity.ts';
import type { AppRole, AppSpec, KubeDirectorApp } from '../../../openapi/v1beta1/kubedirectorapp.ts';
import { resourceNameFaults } from '../resource-names.ts';
import { strangerWarnings } from './strangers.ts';

/** What the author of an app ought to know although it is allowed. */
export const appWarnings = ({ spec: app }: KubeDirectorApp): string[] => [
  ...strangerWarnings(app),
  ...app.roles.flatMap(({ cardinality }, i) => {
    const { least, open } = parseCardinality(cardinality);
    if (least > 0 || open) return [];
    return [`${spec.child('roles').index(i).child('cardinality')}: the role can never have members`];
  }),
];

export function validateApp({ spec: app }: KubeDirectorApp): FieldError[] {
  const roles = app.roles.map(({ id }) => id);
  const services = (app.services ?? []).map(({ id }) => id);
  const config = spec.child('config');
  return [
    ...app.roles.flatMap((role, i) => roleFaults(role, app, spec.child('roles').index(i))),
    ...dashboardFaults(app, spec.child('services')),
    ...unknownIn(app.config.selectedRoles, roles, config.child('selectedRoles')),
    ...app.config.roleServices.flatMap(({ roleID, serviceIDs }, i) => {
      const at = config.child('roleServices').index(i);
      return [
        ...(roles.includes(roleID) ? [] : [notSupported(at.child('roleID'), roleID, roles)]),
        ...unknownIn(serviceIDs, services, at.child('serviceIDs')),
      ];
    }),
    ...(app.scaleRole === undefined || roles.includes(app.scaleRole)
      ? []
      : [notSupported(spec.child('scaleRole'), app.scaleRole, roles)]),
    ...portFaults(app),
  ];
}

function roleFaults(
  { imageRepoTag, containerSpec, cardinality, minResources, minStorage }: AppRole,
  { defaultImageRepoTag }: AppSpec,
  at: FieldPath,
): FieldError[] {
  const faults: FieldError[] = [];
  if (!imageRepoTag && !defaultImageRepoTag)
    faults.push(required(at.child('imageRepoTag'), 'the app has no defaultImageRepoTag'));
  const { least } = parseCardinality(cardinality);
  if (least > maxMembers)
    faults.push(invalid(at.child('cardinality'), cardinality, `a cluster has at most ${maxMembers} members`));
  for (const [name, amount] of Object.entries(minResources ?? {})) {
    const place = at.child('minResources').key(name);
    faults.push(...resourceNameFaults(name).map((text) => invalid(place, name, text)));
    if (isNegative(amount)) faults.push(invalid(place, amount, negative));
  }
  if (minStorage && isNegative(minStorage.size))
    faults.push(invalid(at.child('minStorage').child('size'), minStorage.size, negative));
  if (containerSpec?.tty && !containerSpec.stdin)
    faults.push(invalid(at.child('containerSpec').child('tty'), true, 'a terminal needs stdin'));
  return faults;
}

const negative = 'must be greater than or equal to 0';
const isNegative = (amount: string | number): boolean => (parseQuantity(amount) ?? 0n) < 0n;

const dashboardFaults = ({ services = [] }: AppSpec, at: FieldPath): FieldError[] =>
  services.flatMap(({ endpoint }, i) =>
    endpoint?.isDashboard && !endpoint.urlScheme
      ? [required(at.index(i).child('endpoint').child('urlScheme'), 'a dashboard is opened by its URL')]
      : [],
  );

const unknownIn = (ids: readonly string[], known: readonly string[], at: FieldPath): FieldError[] =>
  ids.flatMap((id, i) => (known.includes(id) ? [] : [notSupported(at.index(i), id, [...new Set(known)])]));

/** Two services of one role cannot listen on one port: its Service object could not be made. */
function portFaults({ services = [], config }: AppSpec): FieldError[] {
  return config.roleServices.flatMap(({ serviceIDs }, i) => {
    const seen = new Map<number, string>();
    const at = spec.child('config').child('roleServices').index(i).child('serviceIDs');
    return serviceIDs.flatMap((id, j) => {
      const port = services.find((service) => service.id === id)?.endpoint?.port;
      if (!port) return [];
      const other = seen.get(port);
      if (other !== undefined && other !== id)
        return [invalid(at.index(j), id, `listens on port ${port}, as ${JSON.stringify(other)} does`)];
      seen.set(port, id);
      return [];
    });
  });
}
