/** Updates, of the object and of its status. */
import { group } from '../court.ts';
import { each, get, merge, object, one, post, put, remove, sent, usual } from './story.ts';

export const updates = each('an update', {
  'of nothing': [one, put('one', {}), get('one')],
  'of spec': [one, put('one', { spec: { app: 'b' } }), get('one')],
  'of labels': [one, put('one', { metadata: { name: 'one', labels: { a: 'b' } } }), get('one')],
  'of status': [one, put('one', { status: { state: 'x' } }), get('one')],
  'of status through status': [
    one,
    put(
      'one',
      {
        status: { state: 'x', replicas: 2 },
        spec: { app: 'z' },
        metadata: { name: 'one', labels: { y: '2' }, finalizers: ['a.b/c'] },
      },
      { subresource: 'status' },
    ),
    get('one'),
  ],
  'of a wrong status through status': [one, put('one', { status: { state: 1 } }, { subresource: 'status' })],
  'of no status through status': [
    one,
    put('one', { status: { state: 'x' } }, { subresource: 'status' }),
    put('one', { status: undefined }, { subresource: 'status' }),
  ],
  'of a wrong spec through status': [
    one,
    put('one', { spec: { app: '' }, status: { state: 'x' } }, { subresource: 'status' }),
  ],
  'without resourceVersion': [one, put('one', {}, { revision: 'none' })],
  'of resourceVersion 0': [
    one,
    sent('one', { metadata: { name: 'one', resourceVersion: '0' } }, { onTopOfLive: true }),
  ],
  'of an old resourceVersion': [one, merge('one', { spec: { app: 'b' } }), put('one', {}, { revision: 'first' })],
  'of a resourceVersion to come': [one, put('one', {}, { revision: 'future' })],
  'of a resourceVersion that is none': [one, put('one', {}, { revision: 'nonsense' })],
  'of another uid': [one, put('one', {}, { uid: 'another' })],
  'of its own uid': [one, put('one', {}, { uid: 'its own' })],
  'of another name': [one, put('one', { metadata: { name: 'two' } })],
  'of no name': [one, put('one', { metadata: { name: '' } })],
  'of another namespace': [one, put('one', { metadata: { name: 'one', namespace: 'elsewhere' } })],
  'of no namespace': [one, put('one', { metadata: { name: 'one', namespace: undefined } })],
  'of what is not there': sent('one', object('one', usual, { resourceVersion: '1' }), {
    onTopOfLive: false,
  }),
  'of what is not there, without a resourceVersion': put('one', object('one'), {
    revision: 'none',
    onTopOfLive: false,
  }),
  'of what is not there, by uid': sent('one', object('one', usual, { uid: 'u', resourceVersion: '1' }), {
    onTopOfLive: false,
  }),
  'of status of what is not there': sent('one', object('one', usual, { resourceVersion: '1' }), {
    subresource: 'status',
    onTopOfLive: false,
  }),
  'of another kind': [one, put('one', { kind: 'Nope' })],
  'of another kind through status': [
    one,
    put('one', { kind: 'Nope', status: { state: 'x' } }, { subresource: 'status' }),
  ],
  'of another name and kind': [one, put('one', { kind: 'Nope', metadata: { name: 'two' } })],
  'of another version': [one, put('one', { apiVersion: `${group}/v9` })],
  'of no kind': [one, put('one', { kind: undefined })],
  'of generation and creation': [
    one,
    put('one', { metadata: { name: 'one', generation: 55, creationTimestamp: '2001-01-01T00:00:00Z' } }),
  ],
  'of a deletion': [
    one,
    put('one', { metadata: { name: 'one', deletionTimestamp: '2001-01-01T00:00:00Z', deletionGracePeriodSeconds: 3 } }),
  ],
  'of generateName': [one, put('one', { metadata: { name: 'one', generateName: 'x-' } })],
  'with a dry run': [one, put('one', { spec: { app: 'b' } }, { query: { dryRun: 'All' } }), get('one')],
  'with an unknown dry run': [one, put('one', {}, { query: { dryRun: 'Some' } })],
  'as text': [one, put('one', {}, { type: 'text/plain' })],
  'as no type': [one, put('one', {}, { type: '' })],
  'of a list': [one, { method: 'PUT', name: 'one', body: '[]' }],
  'of nothing at all': [one, { method: 'PUT', name: 'one', body: '' }],
  'to a new finalizer while it goes': [
    post(object('one', usual, { finalizers: ['a.b/c'] })),
    remove('one'),
    put('one', { metadata: { name: 'one', finalizers: ['a.b/c', 'a.b/d'] } }),
  ],
  'without its last finalizer': [
    post(object('one', usual, { finalizers: ['a.b/c'] })),
    remove('one'),
    put('one', { metadata: { name: 'one', finalizers: undefined } }),
    get('one'),
  ],
  'of spec while it goes': [
    post(object('one', usual, { finalizers: ['a.b/c'] })),
    remove('one'),
    put('one', { spec: { app: 'z' } }),
    get('one'),
  ],
  'without deletionTimestamp while it goes': [
    post(object('one', usual, { finalizers: ['a.b/c'] })),
    remove('one'),
    put('one', { metadata: { name: 'one', deletionTimestamp: undefined, deletionGracePeriodSeconds: undefined } }),
    get('one'),
  ],
});
