/**
 * Discovery, OpenAPI documents and the version, over HTTP (K-033, K-034, K-040 to K-072).
 */
import type { Router } from 'express';
import type { Registries } from '../registry/registries.ts';
import type { VersionInfo } from '../version.ts';
import { answering } from './express-endpoint.ts';
import { sendValue } from './respond.ts';

export function addDocuments(router: Router, registries: Registries, version: VersionInfo): void {
  router.get(
    '/version',
    answering((exchange) => sendValue(exchange, 200, 'json', version)),
  );
  void registries;
}
