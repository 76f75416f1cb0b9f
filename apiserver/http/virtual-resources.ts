/**
 * Creating what is not stored: the document goes in, the answer comes out (virtual.ts).
 */
import { apiVersionOf, isRecord, type KubeObject } from '../../openapi/machinery/meta.ts';
import { StatusError } from '../../openapi/machinery/status.ts';
import { compileValidation, type Validator } from '../../openapi/schema/validate.ts';
import type { VirtualResource } from '../registry/virtual.ts';
import { receiveDocument } from './body.ts';
import type { Exchange } from './exchange.ts';
import { negotiate } from './negotiation.ts';
import { sendValue } from './respond.ts';

const validators = new WeakMap<VirtualResource, Validator>();

function validatorOf(resource: VirtualResource): Validator {
  const known = validators.get(resource) ?? compileValidation(resource.schema);
  validators.set(resource, known);
  return known;
}

/** @throws StatusError 405 for anything but a create */
export async function answerVirtual(exchange: Exchange, resource: VirtualResource): Promise<void> {
  const { attributes, user, signal, request } = exchange;
  const { verb, name, subresource, namespace } = attributes;
  if (subresource) throw StatusError.noSuchResource();
  if (verb !== 'create' || name || resource.namespaced !== (namespace !== '')) throw StatusError.methodNotAllowed();
  const { media } = negotiate(request.headers.accept);
  const { value } = (await receiveDocument(exchange, resource))();
  const { kind, group } = resource;
  if (!isRecord(value)) throw StatusError.badRequest(`the body is not a ${kind}`);
  const document = { metadata: {}, ...value, kind, apiVersion: apiVersionOf(resource) };
  const faults = validatorOf(resource)(document);
  if (faults.length) throw StatusError.invalid({ group, kind }, '', faults);
  const answer = await resource.answer(document as unknown as KubeObject, user, namespace, signal);
  return sendValue(exchange, 201, media, answer);
}
