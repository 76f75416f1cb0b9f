/**
 * The routes that tell what is served: `/api/`, `/apis/`, `/apis/G/` and `/apis/G/V/` (K-040 to K-042).
 */
import { apiGroup, apiGroupList, apiResourceList, apiVersions } from './meta.ts';
import { capitalised, type Operation, type Route, rootOf, tagOf, wordOf } from './routes.ts';

const discoveryRoute = (path: string, id: string, rest: Pick<Operation, 'answer' | 'description' | 'tag'>): Route => ({
  path,
  parameters: [],
  operations: [{ method: 'get', id, parameters: [], codes: { 200: 'OK' }, ...rest }],
});

/** `/apis/G/`; the core group has none, its versions are told by `/api/`. */
export const groupRoute = (group: string): Route =>
  discoveryRoute(`/apis/${group}/`, `get${wordOf(group)}APIGroup`, {
    tag: tagOf(group),
    description: 'tell the versions of this group',
    answer: apiGroup,
  });

export const groupsRoute: Route = discoveryRoute('/apis/', 'getAPIVersions', {
  tag: 'apis',
  description: 'list the groups',
  answer: apiGroupList,
});

export const coreVersionsRoute: Route = discoveryRoute('/api/', 'getCoreAPIVersions', {
  tag: 'core',
  description: 'list the versions of the core group',
  answer: apiVersions,
});

export const resourcesRoute = (group: string, version: string): Route =>
  discoveryRoute(`${rootOf(group, version)}/`, `get${wordOf(group)}${capitalised(version)}APIResources`, {
    tag: tagOf(group, version),
    description: 'list the resources of this version',
    answer: apiResourceList,
  });
