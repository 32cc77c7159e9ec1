// Loads the R4 definitions that the build shortened, and checks resources against them.
// It knows no profiles and no terminology beyond the required code lists of R4 itself.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import {
  OperationOutcomeError,
  globalSchema,
  indexSearchParameter,
  indexStructureDefinitionBundle,
  validateResource,
} from '@medplum/core';

const requiredCodes = new Map();
export const resourceTypes = new Set();

export function loadDefinitions(file) {
  const { structures, searchParameters } = JSON.parse(gunzipSync(readFileSync(file)).toString('utf8'));
  indexStructureDefinitionBundle(structures);
  for (const parameter of searchParameters) indexSearchParameter(parameter);
  for (const structure of structures) {
    if (structure.kind === 'resource' && !structure.abstract) resourceTypes.add(structure.type);
    for (const element of structure.snapshot.element) {
      if (element.codes) requiredCodes.set(element.path, new Set(element.codes));
    }
  }
}

export function searchParameter(type, code) {
  const own = globalSchema.types[type]?.searchParams?.[code];
  return own ?? globalSchema.types.DomainResource?.searchParams?.[code] ?? globalSchema.types.Resource?.searchParams?.[code];
}

export const searchParametersOf = (type) => Object.values(globalSchema.types[type]?.searchParams ?? {});

const issue = (path, text) => ({ severity: 'error', code: 'code-invalid', details: { text }, expression: [path] });

function* codeIssues(value, path) {
  for (const [key, child] of Object.entries(value)) {
    const place = `${path}.${key}`;
    const allowed = requiredCodes.get(place);
    for (const one of Array.isArray(child) ? child : [child]) {
      if (allowed && typeof one === 'string' && !allowed.has(one)) yield issue(place, `"${one}" is not a code that R4 allows here`);
      else if (one && typeof one === 'object' && !one.resourceType) yield* codeIssues(one, place);
    }
  }
}

// Throws an OperationOutcomeError that names the place of each fault.
export function check(resource) {
  // Medplum only warns of references to a wrong type and of two values for one choice; here both are faults.
  const faults = validateResource(resource).map((one) => ({ ...one, severity: 'error' }));
  const issues = [...faults, ...codeIssues(resource, resource.resourceType)];
  if (issues.length > 0) throw new OperationOutcomeError({ resourceType: 'OperationOutcome', issue: issues });
}
