/**
 * What children carry besides labels: a name for people, and what a restored cluster has to remember. Published, so that releases
 * understand each other's children.
 */
import { domain } from '../../openapi/labels.ts';

/** What people call the app. */
export const prettyNameAnnotation = `${domain}/kdapp-prettyName`;

/** On a StatefulSet: node ids of its members by ordinal, such as `1-3,7`. */
export const nodeIDsAnnotation = `${domain}/nodeIDs`;

/** On the headless Service: the highest node id ever given. */
export const lastNodeIDAnnotation = `${domain}/lastNodeID`;
