// What this server says of itself: FHIR 4.0.1 and only R4 types.
import { resourceTypes, searchParametersOf } from './definitions.mjs';

const INTERACTIONS = ['read', 'vread', 'update', 'patch', 'delete', 'history-instance', 'create', 'search-type'];

const resourceEntry = (type) => ({
  type,
  interaction: INTERACTIONS.map((code) => ({ code })),
  versioning: 'versioned-update',
  readHistory: true,
  updateCreate: true,
  conditionalCreate: true,
  conditionalUpdate: true,
  conditionalDelete: 'single',
  searchParam: searchParametersOf(type)
    .filter((one) => ['reference', 'string', 'uri', 'token', 'date'].includes(one.type) && !['_compartment', '_project'].includes(one.code))
    .map((one) => ({ name: one.code, type: one.type })),
});

export const capabilityStatement = (url) => ({
  resourceType: 'CapabilityStatement',
  status: 'active',
  date: '2026-11-01',
  kind: 'instance',
  software: { name: 'Hospital hub demonstration FHIR server' },
  implementation: { description: 'Demonstration hospital, synthetic patients only', url },
  fhirVersion: '4.0.1',
  format: ['json'],
  patchFormat: ['application/json-patch+json'],
  rest: [{ mode: 'server', resource: [...resourceTypes].sort().map(resourceEntry), interaction: [{ code: 'transaction' }, { code: 'batch' }] }],
});
