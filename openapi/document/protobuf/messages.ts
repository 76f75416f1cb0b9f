/**
 * The messages of `openapi.v2.Document` that our documents need, with the field numbers of gnostic's OpenAPIv2.proto. kubectl up to 1.26
 * asks for this form (K-069).
 *
 * Data in the form that protobufjs loads; nothing here knows what is put into the messages.
 */

type Fields = Readonly<Record<string, readonly [number: number, type: string]>>;

/** `[]T` is repeated. */
const messages: Readonly<Record<string, Fields>> = {
  Document: {
    swagger: [1, 'string'],
    info: [2, 'Info'],
    paths: [8, 'Paths'],
    definitions: [9, 'Definitions'],
  },
  Info: { title: [1, 'string'], version: [2, 'string'], description: [3, 'string'] },
  Paths: { path: [2, '[]NamedPathItem'] },
  NamedPathItem: { name: [1, 'string'], value: [2, 'PathItem'] },
  PathItem: {
    get: [2, 'Operation'],
    put: [3, 'Operation'],
    post: [4, 'Operation'],
    delete: [5, 'Operation'],
    patch: [8, 'Operation'],
    parameters: [9, '[]ParametersItem'],
  },
  Operation: {
    tags: [1, '[]string'],
    description: [3, 'string'],
    operationId: [5, 'string'],
    produces: [6, '[]string'],
    consumes: [7, '[]string'],
    parameters: [8, '[]ParametersItem'],
    responses: [9, 'Responses'],
    vendorExtension: [13, '[]NamedAny'],
  },
  ParametersItem: { parameter: [1, 'Parameter'] },
  Parameter: { bodyParameter: [1, 'BodyParameter'], nonBodyParameter: [2, 'NonBodyParameter'] },
  BodyParameter: {
    description: [1, 'string'],
    name: [2, 'string'],
    in: [3, 'string'],
    required: [4, 'bool'],
    schema: [5, 'Schema'],
  },
  NonBodyParameter: { queryParameterSubSchema: [3, 'SimpleParameter'], pathParameterSubSchema: [4, 'PathParameter'] },
  SimpleParameter: {
    required: [1, 'bool'],
    in: [2, 'string'],
    description: [3, 'string'],
    name: [4, 'string'],
    type: [6, 'string'],
  },
  PathParameter: {
    required: [1, 'bool'],
    in: [2, 'string'],
    description: [3, 'string'],
    name: [4, 'string'],
    type: [5, 'string'],
  },
  Responses: { responseCode: [1, '[]NamedResponseValue'] },
  NamedResponseValue: { name: [1, 'string'], value: [2, 'ResponseValue'] },
  ResponseValue: { response: [1, 'Response'] },
  Response: { description: [1, 'string'], schema: [2, 'SchemaItem'] },
  SchemaItem: { schema: [1, 'Schema'] },
  Definitions: { additionalProperties: [1, '[]NamedSchema'] },
  NamedSchema: { name: [1, 'string'], value: [2, 'Schema'] },
  Schema: {
    ref: [1, 'string'],
    format: [2, 'string'],
    description: [4, 'string'],
    default: [5, 'Any'],
    maximum: [7, 'double'],
    minimum: [9, 'double'],
    maxLength: [11, 'int64'],
    minLength: [12, 'int64'],
    pattern: [13, 'string'],
    maxItems: [14, 'int64'],
    minItems: [15, 'int64'],
    required: [19, '[]string'],
    enum: [20, '[]Any'],
    additionalProperties: [21, 'AdditionalPropertiesItem'],
    type: [22, 'TypeItem'],
    items: [23, 'ItemsItem'],
    properties: [25, 'Properties'],
    example: [30, 'Any'],
    vendorExtension: [31, '[]NamedAny'],
  },
  Properties: { additionalProperties: [1, '[]NamedSchema'] },
  AdditionalPropertiesItem: { schema: [1, 'Schema'], boolean: [2, 'bool'] },
  TypeItem: { value: [1, '[]string'] },
  ItemsItem: { schema: [1, '[]Schema'] },
  NamedAny: { name: [1, 'string'], value: [2, 'Any'] },
  Any: { yaml: [2, 'string'] },
};

/** As `protobuf.Root.fromJSON` takes them. */
export const descriptor = {
  nested: Object.fromEntries(
    Object.entries(messages).map(([message, fields]) => [
      message,
      { fields: Object.fromEntries(Object.entries(fields).map(([name, [id, type]]) => [name, fieldOf(id, type)])) },
    ]),
  ),
};

function fieldOf(id: number, type: string) {
  return type.startsWith('[]') ? { id, type: type.slice(2), rule: 'repeated' } : { id, type };
}
