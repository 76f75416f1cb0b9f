import { expect } from 'chai';
import fc from 'fast-check';
import { Envelope } from '../../apiserver/cache/envelope.ts';
import { jsonText } from '../../openapi/machinery/json.ts';

const envelope = new Envelope('example.com/v1', 'Example');

/** Texts with what means something to whoever looks for the end of an object. */
const text = fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom('"', '\\', '{', '}', 'é', '🐘', 'x') }));

const metadataIn = (bytes: Buffer): string =>
  bytes.subarray(envelope.metadataStart, envelope.metadataEnd(bytes)).toString();

describe('metadata', () => {
  it('as clients get it stands in the bytes of the object', () =>
    fc.assert(
      fc.property(fc.dictionary(text, text), text, fc.jsonValue(), (annotations, name, spec) => {
        const metadata = { name, annotations, managedFields: [{ fieldsV1: { 'f:spec': {} } }] };
        const object = { apiVersion: 'example.com/v1', kind: 'Example', metadata, spec };
        const served = envelope.served(envelope.stored(object), 7);
        const expected = jsonText({ resourceVersion: '7', ...metadata });
        expect(metadataIn(served)).to.equal(expected);
        // What a dry run answers has no version.
        expect(metadataIn(envelope.stored(object))).to.equal(jsonText(metadata));
      }),
    ));
});
