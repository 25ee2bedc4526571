// The contract as the gateway tells it at /openapi.json: the ranges of fields, and requests made of values. Pure.

/** The schema of the field at `pointer` of a job of `kind`, as it is where it is not null; undefined: there is none. */
export function fieldAt(contract, kind, pointer) {
  return parts(pointer).reduce((schema, part) => present(schema?.properties?.[part]), schemaOf(contract, kind));
}

/** Whether a job of `kind` must have the field at `pointer`. */
export function isRequired(contract, kind, pointer) {
  return schemaOf(contract, kind).required.includes(parts(pointer)[0]);
}

/**
 * A job of `kind`, by `values` (pointer -> value); what the contract takes for granted is left out.
 *
 * Fields that the kind does not have are left out, too: modes with two kinds share their values.
 */
function requestOf(contract, kind, values) {
  const request = { kind };
  for (const [pointer, value] of Object.entries(values)) {
    if (isSaid(contract, kind, pointer, value)) put(request, parts(pointer), value);
  }
  return request;
}

/** The jobs that `mode` asks for by `values`, of a picture that is named like `image`; null: there is none. */
export function requestsOf(contract, mode, values, image) {
  const picture = mode.takesPicture && image ? { image } : {};
  return mode.kinds.map((kind) => ({ kind, ...picture, ...requestOf(contract, kind, values) }));
}

function isSaid(contract, kind, pointer, value) {
  const field = fieldAt(contract, kind, pointer);
  if (field === undefined || value === null || value === undefined) return false;
  if (value === "" && !isRequired(contract, kind, pointer)) return false;
  return value !== field.default;
}

function put(request, [first, ...rest], value) {
  if (rest.length === 0) request[first] = value;
  else put((request[first] ??= {}), rest, value);
}

function schemaOf(contract, kind) {
  const { schemas } = contract.components;
  return schemas[schemas.JobRequest.discriminator.mapping[kind].split("/").pop()];
}

function present(schema) {
  const something = schema?.anyOf?.find((choice) => choice.type !== "null");
  return something ? { ...schema, ...something } : schema;
}

function parts(pointer) {
  return pointer.slice(1).split("/");
}
