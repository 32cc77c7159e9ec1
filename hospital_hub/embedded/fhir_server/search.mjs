// Makes searches mean what R4 says before Medplum sees them, and refuses what the server would silently ignore.
import { OperationOutcomeError, badRequest } from '@medplum/core';
import { resourceTypes, searchParameter } from './definitions.mjs';

const RESULT_PARAMETERS = new Set(['_sort', '_count', '_offset', '_total', '_summary', '_include', '_revinclude', '_format', '_pretty', '_elements']);
const SEARCHABLE = new Set(['reference', 'string', 'uri', 'token', 'date']);
export const DEFAULT_COUNT = 200;
export const MAX_COUNT = 1000;

const refuse = (text, place) => {
  throw new OperationOutcomeError(badRequest(text, place));
};

const lastTwo = (reference) => reference.split('/').slice(-2).join('/');

// `patient=1`, `patient=Patient/1`, `subject:Patient=1` and an absolute URL name the same patient.
function reference(value, target) {
  if (value.includes('/')) return lastTwo(value);
  return target ? `${target}/${value}` : value;
}

function filter(type, name, value) {
  const [code, modifier] = name.split(':');
  if (code.includes('.') || code === '_has') return [name, value];
  const parameter = searchParameter(type, code);
  if (!parameter) refuse(`${type} has no search parameter "${code}"`, code);
  if (!SEARCHABLE.has(parameter.type)) refuse(`This server does not search ${parameter.type} parameters ("${code}")`, code);
  if (parameter.type !== 'reference') return [name, value];
  const target = resourceTypes.has(modifier) ? modifier : code === 'patient' ? 'Patient' : undefined;
  const values = value.split(',').map((one) => reference(one, target));
  return [target ? code : name, values.join(',')];
}

function count(value) {
  const wanted = Number(value);
  if (!Number.isInteger(wanted) || wanted < 0) refuse('_count must be a whole number from 0 on', '_count');
  return String(Math.min(wanted, MAX_COUNT));
}

export function normalise(type, query) {
  const result = new URLSearchParams();
  for (const [name, value] of query) {
    if (name === '_count') result.append(name, count(value));
    else if (RESULT_PARAMETERS.has(name.split(':')[0])) result.append(name, value);
    else result.append(...filter(type, name, value));
  }
  if (!result.has('_count') && result.get('_summary') !== 'count') result.set('_count', String(DEFAULT_COUNT));
  return result;
}

// A search that selects what a write acts on (If-None-Exist, conditional update and deletion).
export function normaliseSelector(type, text) {
  const result = new URLSearchParams();
  for (const [name, value] of new URLSearchParams(text.replace(/^\?/, ''))) result.append(...filter(type, name, value));
  if (result.size === 0) refuse('A conditional write needs at least one search parameter');
  return result.toString();
}
