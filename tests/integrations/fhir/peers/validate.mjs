// Two validators of others look at R4 resources: `node validate.mjs DEFINITIONS.json.gz`, one resource a line on stdin.
// Writes one line for each fault: which resource (from 0), how bad, who found it, where, what.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { gunzipSync } from 'node:zlib';
import { indexStructureDefinitionBundle, validateResource } from '@medplum/core';
import fhirPackage from 'fhir';

const { structures } = JSON.parse(gunzipSync(readFileSync(process.argv[2])).toString('utf8'));
indexStructureDefinitionBundle(structures);
const lantana = new fhirPackage.Fhir();

function medplumFaults(resource) {
  try {
    return validateResource(resource);
  } catch (error) {
    if (!error.outcome) throw error;
    return error.outcome.issue;
  }
}

function* faults(resource) {
  for (const one of medplumFaults(resource)) {
    if (one.severity === 'information') continue;
    yield { severity: one.severity, by: '@medplum/core', place: one.expression?.join(' ') ?? '', what: one.details?.text ?? one.code };
  }
  for (const one of lantana.validate(resource, { errorOnUnexpected: true }).messages) {
    if (one.severity === 'error' || one.severity === 'fatal') yield { severity: 'error', by: 'fhir', place: one.location, what: one.message };
  }
}

let number = 0;
for await (const line of createInterface({ input: process.stdin })) {
  for (const fault of faults(JSON.parse(line))) console.log(JSON.stringify({ number, ...fault }));
  number += 1;
}
