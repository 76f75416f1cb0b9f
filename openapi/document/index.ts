/**
 * The documents of a server: an OpenAPI 3 document for each group version with their index, and one OpenAPI 2 document over all.
 *
 * They are computed from what is served when somebody asks first, and kept; starting a server does not pay for them. How they travel
 * (media types, conditional requests, caching) is apiserver/http's knowledge.
 */
import type { Schema } from '../schema/schema.ts';
import type { ServedGroup, ServedResource, ServedVersion } from '../served.ts';
import { coreVersionsRoute, groupRoute, groupsRoute, resourcesRoute } from './discovery-routes.ts';
import { swaggerBytes } from './protobuf/encode.ts';
import { once, type PublishedDocument, published } from './published.ts';
import { resourceRoutes } from './resource-routes.ts';
import { type Route, rootOf } from './routes.ts';
import { openApiV2 } from './v2.ts';
import { type Info, openApiV3 } from './v3.ts';

export interface OpenApiDocuments {
  /** `GET /openapi/v3`: where each document is, and its hash (K-057). */
  readonly index: () => PublishedDocument;
  /** `GET /openapi/v3/PATH`, by path: `apis/G/V`, `api/v1`; undefined for what is not served (K-058). */
  readonly v3: (path: string) => PublishedDocument | undefined;
  /** `GET /openapi/v2` (K-068). */
  readonly v2: () => PublishedDocument;
  /** The same for clients that ask for protobuf; its entity tag is that of `v2` (K-069). */
  readonly v2AsProtobuf: () => Buffer;
}

/** Without a version of its own, so that a release that changes no field changes no hash (K-061). */
const info: Info = { title: 'KubeDirector', version: 'unversioned' };

export function openApiDocuments(groups: readonly ServedGroup[]): OpenApiDocuments {
  const v3 = new Map(
    [...routesByPath(groups)].map(([path, routes]) => [path, once(() => published(openApiV3(info, routes())))]),
  );
  const swagger = once(() => openApiV2(info, allRoutes(groups)));
  return {
    index: once(() => published(indexOf(v3))),
    v3: (path) => v3.get(path)?.(),
    v2: once(() => published(swagger())),
    v2AsProtobuf: once(() => swaggerBytes(swagger())),
  };
}

const indexOf = (documents: ReadonlyMap<string, () => PublishedDocument>): unknown => ({
  paths: Object.fromEntries(
    [...documents].map(([path, document]) => [
      path,
      { serverRelativeURL: `/openapi/v3/${path}?hash=${document().hash}` },
    ]),
  ),
});

/** What stands in which document of OpenAPI 3: the routes of each version, each group, and above all groups. */
function routesByPath(groups: readonly ServedGroup[]): Map<string, () => Route[]> {
  const documents = new Map<string, () => Route[]>();
  for (const { group, versions } of groups) {
    if (group) documents.set('apis', () => [groupsRoute]).set(`apis/${group}`, () => [groupRoute(group)]);
    else documents.set('api', () => [coreVersionsRoute]);
    for (const served of versions)
      documents.set(rootOf(group, served.version).slice(1), () => routesOf(group, served, ({ schema }) => schema));
  }
  return documents;
}

/** Clients validate with OpenAPI 2 themselves, so it shows all that they may send. */
const allRoutes = (groups: readonly ServedGroup[]): Route[] => [
  ...(groups.some(({ group }) => group === '') ? [coreVersionsRoute] : []),
  ...(groups.some(({ group }) => group !== '') ? [groupsRoute] : []),
  ...groups.flatMap(({ group, versions }) => [
    ...(group ? [groupRoute(group)] : []),
    ...versions.flatMap((served) => routesOf(group, served, ({ inputSchema, schema }) => inputSchema ?? schema)),
  ]),
];

/** Everything below the root of one version. */
const routesOf = (group: string, served: ServedVersion, shown: (resource: ServedResource) => Schema): Route[] => [
  resourcesRoute(group, served.version),
  ...served.resources.flatMap((resource) => resourceRoutes(group, served, resource, shown(resource))),
];
